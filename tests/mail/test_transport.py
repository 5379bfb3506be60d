"""How letters leave: over a real SMTP dialogue with a server that misbehaves, and into a maildir."""

import mailbox
from pathlib import Path

import pytest

from scheduler.mail import transport
from scheduler.mail.transport import Blame, Trouble
from tests.support.scripted_smtp import serving

LETTER = b"Subject: a\r\n\r\n.one dot\r\nend\r\n"
pytestmark = pytest.mark.usefixtures("smtp_allowed")


def _send(script: dict[str, str | list[str]], times: int = 1) -> tuple[list[str], list[bytes], int]:
    answers = []
    with serving(script) as server:
        way = transport.to(server.url)
        for _ in range(times):
            try:
                answers.append(way.send("bounce@x.example.org", "sam@example.org", LETTER))
            except Trouble as trouble:
                answers.append(trouble.blame.value)
        way.close()
        return answers, server.taken, server.connections


def test_a_letter_arrives_byte_for_byte_dots_and_all() -> None:
    answers, taken, _ = _send({})
    assert answers == ["250 kept"]
    assert taken == [LETTER]


def test_one_connection_serves_many_letters() -> None:
    answers, taken, connections = _send({}, times=5)
    assert (len(answers), len(taken), connections) == (5, 5, 1)


@pytest.mark.parametrize(
    ("script", "blame"),
    [
        ({"connect": "554 go away"}, Blame.OURS),
        ({"connect": "421 busy"}, Blame.OURS),
        ({"EHLO": "hang up"}, Blame.OURS),
        ({"MAIL": "550 who are you"}, Blame.OURS),
        ({"MAIL": "550 5.1.8 no such sender"}, Blame.OURS),
        ({"MAIL": "451 later"}, Blame.LATER),
        ({"MAIL": "hang up"}, Blame.LINE),
        ({"RCPT": "550 5.1.1 no such user"}, Blame.RECIPIENT),
        ({"RCPT": "550 mailbox unavailable"}, Blame.RECIPIENT),
        ({"RCPT": "552 5.2.2 seen to at 5.7.1 Main St"}, Blame.RECIPIENT),
        ({"RCPT": "554 5.7.1 relay denied"}, Blame.LATER),
        ({"RCPT": "550 #5.7.1 relay denied"}, Blame.LATER),
        ({"RCPT": "550 5.1.8 Sender address rejected"}, Blame.LATER),
        ({"RCPT": "550 5.1.7 Sender address rejected"}, Blame.LATER),
        ({"RCPT": "450 4.2.0 greylisted"}, Blame.LATER),
        ({"RCPT": "421 slow down"}, Blame.DOMAIN),
        ({"RCPT": "hang up"}, Blame.LINE),
        ({"DATA": "554 no"}, Blame.LATER),
        ({"DATA": "550 5.1.1 no such user"}, Blame.RECIPIENT),
        ({"DATA": "421 slow down"}, Blame.OURS),
        ({"DATA": "hang up"}, Blame.LINE),
        ({"dot": "451 try again"}, Blame.LATER),
        ({"dot": "554 content refused"}, Blame.LATER),
        ({"dot": "550 5.7.1 looks like spam"}, Blame.LATER),
        ({"dot": "550 5.1.10 no such user"}, Blame.RECIPIENT),
        ({"dot": "550 5.4.4 no route"}, Blame.RECIPIENT),
        ({"dot": "421 closing"}, Blame.OURS),
        ({"dot": "hang up"}, Blame.UNCERTAIN),
    ],
)
def test_every_refusal_is_put_where_it_belongs(script: dict[str, str | list[str]], blame: Blame) -> None:
    assert _send(script)[0] == [blame.value]


def test_after_a_refused_recipient_the_connection_goes_on() -> None:
    answers, taken, connections = _send({"RCPT": ["550 5.1.1 no", "250 ok"]}, times=2)
    assert (answers, len(taken), connections) == (["recipient", "250 kept"], 1, 1)


def test_a_server_that_hangs_up_on_a_refused_letter_is_called_anew_for_the_next() -> None:
    script: dict[str, str | list[str]] = {"dot": ["554 no", "250 kept"], "RSET": "hang up"}
    answers, taken, connections = _send(script, times=2)
    assert (answers, len(taken), connections) == (["later", "250 kept"], 2, 2)


def test_after_a_broken_line_a_new_connection_is_opened() -> None:
    answers, taken, connections = _send({"dot": ["hang up", "250 kept"]}, times=2)
    assert (answers, len(taken), connections) == (["uncertain", "250 kept"], 2, 2)


def test_a_server_that_is_not_there_is_our_trouble() -> None:
    with pytest.raises(Trouble, match="cannot be reached") as caught:
        transport.to("smtp://127.0.0.1:1").send("a@x.example.org", "b@example.org", LETTER)
    assert caught.value.blame is Blame.OURS


def test_a_maildir_keeps_each_letter_as_a_file(tmp_path: Path) -> None:
    way = transport.to(f"maildir://{tmp_path}/mail")
    way.send("bounce@x.example.org", "sam@example.org", LETTER)
    box = mailbox.Maildir(tmp_path / "mail")
    [kept] = [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118  # iterating a mailbox gives mails
    assert kept.replace(b"\r\n", b"\n") == LETTER.replace(b"\r\n", b"\n")


def test_an_unknown_way_is_named() -> None:
    with pytest.raises(ValueError, match="begins with ftp:"):
        transport.to("ftp://example.org")
