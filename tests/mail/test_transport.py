"""How letters leave: over a real SMTP dialogue with a server that misbehaves, and into a maildir."""

import mailbox
import socket
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import pytest

from scheduler.mail import transport
from scheduler.mail.transport import Blame, Smtp, Trouble
from tests.support.scripted_smtp import AT_ONCE, DRIP, SILENCE, USUAL, Identity, serving

LETTER = b"Subject: a\r\n\r\n.one dot\r\nend\r\n"
pytestmark = pytest.mark.usefixtures("smtp_allowed")


@pytest.fixture(params=["one by one", "at once"], autouse=True)
def ehlo(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server takes one verb at a time, or several at once."""
    if request.param == "at once":
        monkeypatch.setitem(USUAL, "EHLO", AT_ONCE)
    return str(request.param)


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
        ({"DATA": "421 slow down"}, Blame.DOMAIN),
        ({"DATA": "hang up"}, Blame.LINE),
        ({"dot": "451 try again"}, Blame.LATER),
        ({"dot": "554 content refused"}, Blame.LATER),
        ({"dot": "550 5.7.1 looks like spam"}, Blame.LATER),
        ({"dot": "550 5.1.10 no such user"}, Blame.RECIPIENT),
        ({"dot": "550 5.4.4 no route"}, Blame.RECIPIENT),
        ({"dot": "421 closing"}, Blame.LINE),
        ({"dot": "hang up"}, Blame.UNCERTAIN),
    ],
)
def test_every_refusal_is_put_where_it_belongs(script: dict[str, str | list[str]], blame: Blame) -> None:
    assert _send(script)[0] == [blame.value]


def test_after_a_refused_recipient_the_connection_goes_on() -> None:
    answers, taken, connections = _send({"RCPT": ["550 5.1.1 no", "250 ok"]}, times=2)
    assert (answers, len(taken), connections) == (["recipient", "250 kept"], 1, 1)


def test_a_server_that_waits_for_a_letter_to_nobody_is_told_that_it_ends(ehlo: str) -> None:
    script: dict[str, str | list[str]] = {"RCPT": ["550 5.1.1 no", "250 ok"], "DATA": "354 go"}
    answers, taken, connections = _send(script, times=2)
    assert (answers, taken[-1:], connections) == (["recipient", "250 kept"], [LETTER], 1)
    assert taken[:-1] == ([b""] if ehlo == "at once" else [])


def answer_all_together(door: socket.socket, heard: list[bytes]) -> None:
    """A server that says nothing to MAIL before it has heard RCPT and DATA, too (RFC 2920, section 3.2)."""
    line, _ = door.accept()
    with line, line.makefile("rb") as words:
        line.sendall(b"220 ready\r\n")
        words.readline()
        line.sendall(f"{AT_ONCE}\r\n".encode())
        heard += [words.readline().strip() for _ in range(3)]
        line.sendall(b"250 ok\r\n250 ok\r\n354 go\r\n")
        while words.readline() not in (b".\r\n", b""):
            pass
        line.sendall(b"250 kept\r\n")


def test_verbs_are_said_together_where_the_server_takes_that() -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door, ThreadPoolExecutor(1) as pool:
        ended = pool.submit(answer_all_together, door, heard)
        way = Smtp(f"smtp://127.0.0.1:{door.getsockname()[1]}", seconds=5)
        assert way.send("a@x.example.org", "b@example.org", LETTER) == "250 kept"
        ended.result(5)
        way.close()
    assert heard == [b"MAIL FROM:<a@x.example.org>", b"RCPT TO:<b@example.org>", b"DATA"]


def test_a_server_that_hangs_up_on_a_refused_letter_is_called_anew_for_the_next() -> None:
    script: dict[str, str | list[str]] = {"dot": ["554 no", "250 kept"], "RSET": "hang up"}
    answers, taken, connections = _send(script, times=2)
    assert (answers, len(taken), connections) == (["later", "250 kept"], 2, 2)


def test_after_a_broken_line_a_new_connection_is_opened() -> None:
    answers, taken, connections = _send({"dot": ["hang up", "250 kept"]}, times=2)
    assert (answers, len(taken), connections) == (["uncertain", "250 kept"], 2, 2)


def test_a_connection_is_renewed_after_a_hundred_letters() -> None:
    answers, taken, connections = _send({}, times=201)
    assert (len(answers), len(taken), connections) == (201, 201, 3)


def test_a_server_that_is_not_there_is_our_trouble() -> None:
    with pytest.raises(Trouble, match="cannot be reached") as caught:
        transport.to("smtp://127.0.0.1:1").send("a@x.example.org", "b@example.org", LETTER)
    assert caught.value.blame is Blame.OURS


@pytest.mark.parametrize(("verb", "blame"), [("RCPT", Blame.LINE), ("dot", Blame.UNCERTAIN)])
@pytest.mark.parametrize("how", [SILENCE, DRIP])
def test_a_letter_has_so_much_time_in_all_however_the_server_draws_it_out(
    verb: str, how: str, blame: Blame
) -> None:
    began = perf_counter()
    with serving({verb: how}) as server:
        way = Smtp(server.url, seconds=0.4)
        with pytest.raises(Trouble) as caught:
            way.send("a@x.example.org", "b@example.org", LETTER)
        assert perf_counter() - began < 5
    assert caught.value.blame is blame


@pytest.mark.parametrize("address", ["söm@example.org", "a b@example.org", "a>@example.org", "a\r\nb@x.org"])
def test_an_address_no_server_can_be_told_is_given_up_before_a_word_is_said(address: str) -> None:
    with serving() as server:
        with pytest.raises(Trouble) as caught:
            transport.to(server.url).send("a@x.example.org", address, LETTER)
        assert (caught.value.blame, server.connections) == (Blame.RECIPIENT, 0)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity(tmp_path_factory.mktemp("identity"))


SIGNED = {"EHLO": "250-sink\r\n250-STARTTLS\r\n250 AUTH PLAIN"}


def _sent(url: str, identity: Identity | None = None) -> str:
    """The answer, or why there was none: by our own fault."""
    way = Smtp(url, context=identity.trusting if identity is not None else None)
    try:
        return way.send("a@x.example.org", "b@example.org", LETTER)
    except Trouble as trouble:
        return trouble.why if trouble.blame is Blame.OURS else str(trouble)
    finally:
        way.close()


@pytest.mark.parametrize(("user", "next_verb"), [("ada:pass%2Fword@", "AUTH"), ("", "MAIL")])
def test_over_starttls_nothing_but_the_greeting_is_said_in_the_clear(
    identity: Identity, user: str, next_verb: str
) -> None:
    with serving(SIGNED, identity=identity) as server:
        assert _sent(f"smtp+starttls://{user}{server.name}", identity) == "250 kept"
    said = [line.split(" ")[0].upper() for line in server.lines]
    assert said[:4] == ["EHLO", "STARTTLS", "EHLO", next_verb]
    if user:
        assert b64decode(server.lines[3].split(" ")[2]) == b"\0ada\0pass/word"


def test_smtps_is_encrypted_from_its_first_byte(identity: Identity) -> None:
    with serving(SIGNED, identity=identity, is_tls=True) as server:
        assert _sent(server.url, identity) == "250 kept"


@pytest.mark.parametrize(("scheme", "is_tls"), [("smtps", True), ("smtp+starttls", False)])
def test_a_certificate_nobody_vouches_for_is_not_trusted(
    identity: Identity, scheme: str, is_tls: bool
) -> None:
    with serving(SIGNED, identity=identity, is_tls=is_tls) as server:
        assert "certificate is not to be trusted" in _sent(f"{scheme}://ada:x@{server.name}")
    assert not [line for line in server.lines if "AUTH" in line or "MAIL" in line]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ({"EHLO": "250 sink"}, "cannot do what our settings ask for (STARTTLS"),
        (SIGNED | {"STARTTLS": "454 no"}, "does not take us (454 no)"),
        (SIGNED | {"AUTH": "535 5.7.8 no"}, "refuses our password (535 5.7.8 no)"),
        (SIGNED | {"AUTH": "hang up"}, "cannot be reached"),
        ({"EHLO": ["250-sink\r\n250 STARTTLS", "250 sink"]}, "cannot do what our settings ask for"),
    ],
)
def test_why_we_are_not_let_in_is_told_plainly(
    identity: Identity, script: dict[str, str | list[str]], why: str
) -> None:
    with serving(script, identity=identity) as server:
        assert why in _sent(f"smtp+starttls://ada:secret@{server.name}", identity)
    assert "MAIL" not in server.verbs


def test_a_password_that_cannot_be_said_is_our_trouble() -> None:
    with serving({"EHLO": "250-sink\r\n250 AUTH PLAIN"}) as server:
        why = _sent(f"smtp://ada:pässword@{server.name}")
    assert why == "our name or password for the mail server has letters that it cannot take"


def test_a_maildir_keeps_each_letter_as_a_file(tmp_path: Path) -> None:
    way = transport.to(f"maildir://{tmp_path}/mail")
    way.send("bounce@x.example.org", "sam@example.org", LETTER)
    box = mailbox.Maildir(tmp_path / "mail")
    [kept] = [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118  # iterating a mailbox gives mails
    assert kept.replace(b"\r\n", b"\n") == LETTER.replace(b"\r\n", b"\n")


def test_an_unknown_way_is_named() -> None:
    with pytest.raises(ValueError, match="begins with ftp:"):
        transport.to("ftp://example.org")
