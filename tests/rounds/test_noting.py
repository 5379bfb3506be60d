"""What people write in their own words reaches the coordinator, and changes nothing."""

import email
from datetime import date, timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select

from scheduler import clock, db
from scheduler.mail import inbox, replies, texts
from scheduler.mail.envelope import Incoming, Outgoing
from tests.support import desk
from tests.support.desk import Desk
from tests.support.world import World


@pytest.fixture
def chat(world: World) -> int:
    """Sam is proposed to meet Maya."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    return chat_id


@pytest.fixture
def ada(app: Flask, chat: int) -> Desk:
    return desk.sign_in(app)


def write(world: World, text: str, *, sender: str = "sam@example.org", to: str = "", **headers: str) -> int:
    """A plain mail comes in; the number of its row."""
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = sender, f"<{len(text)}.{clock.now().timestamp()}@example.org>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    with db.transaction() as session:
        row = inbox.store(session, bytes(mail), clock.now(), recipient=to)
        number = row.id
    world.run()
    return number


def kept(number: int) -> tuple[str, str, int | None]:
    """What a mail was found to be about, what became of it, and whose it is."""
    with db.reading() as session:
        mail = session.get_one(Incoming, number)
        return mail.about, mail.state, mail.person_id


def letter_to(name: str) -> tuple[str, str]:
    """Message-ID and Reply-To of the last letter to somebody."""
    with db.reading() as session:
        rows = (
            select(Outgoing).where(Outgoing.recipient == f"{name}@example.org").order_by(Outgoing.id.desc())
        )
        found = session.scalars(rows.limit(1)).one()
        reply_to = next(line for line in found.raw.decode().splitlines() if line.startswith("Reply-To"))
        return found.message_id, reply_to.partition("<")[2].rstrip(">")


def test_a_note_is_on_the_board_with_its_chat_until_it_is_done_with(
    world: World, chat: int, ada: Desk
) -> None:
    message_id, _ = letter_to("sam")
    number = write(world, "I can't come, my mother is ill.\n", In_Reply_To=message_id)
    assert kept(number)[0] == f"chat:{chat}"
    assert world.state(chat) == "proposed"
    assert "Sam Lind wrote: “I can't come, my mother is ill.” (sounds like: cannot come)" in ada.see(
        "/board/1"
    )
    page = ada.see(f"/board/1/mail/received/{number}")
    assert "I can't come, my mother is ill." in page
    assert "Sam Lind and Dr Maya Okafor" in page
    ada.send(f"/board/1/mail/received/{number}/done")
    assert "my mother is ill" not in ada.see("/board/1")


def test_its_writer_is_told_once_a_day_that_it_came(world: World, chat: int) -> None:
    for words in ("One.\n", "Two words.\n", "Three more words.\n"):
        write(world, words)
    assert world.letters("sam").count("note_received") == 1
    world.clock.moment += timedelta(days=1)
    write(world, "Four other words here.\n")
    assert world.letters("sam").count("note_received") == 2


def test_whoever_writes_from_elsewhere_is_not_written_to(world: World, chat: int) -> None:
    message_id, _ = letter_to("sam")
    before = world.letters("sam")
    number = write(world, "Sam is my flatmate.\n", sender="lou@example.net", In_Reply_To=message_id)
    assert world.letters("sam") == before
    assert kept(number)[0] == f"chat:{chat}"


def test_a_stranger_s_mail_is_nobody_s(world: World, chat: int) -> None:
    number = write(world, "Buy now.\n", sender="shop@example.net")
    assert kept(number) == ("", "kept", None)


def test_the_reply_address_tells_chat_and_person(world: World, chat: int) -> None:
    _, reply_to = letter_to("sam")
    number = write(world, "Hello.\n", sender="other@example.net", to=reply_to.upper())
    assert kept(number)[0] == f"chat:{chat}"


def test_an_automatic_reply_stands_on_its_person_s_page_alone(world: World, chat: int, ada: Desk) -> None:
    before = world.letters("sam")
    write(world, "I am away until Monday 15 March.\n", Auto_Submitted="auto-replied")
    assert "I am away until Monday 15 March." not in ada.see("/board/1")
    with db.reading() as session:
        person = world.person(session, "sam").id
    assert "I am away until Monday 15 March." in ada.see(f"/board/1/people/{person}")
    assert world.letters("sam") == before


def test_links_left_in_a_quote_are_taken_out(world: World, chat: int, ada: Desk) -> None:
    number = write(world, "Yes\nhttp://localhost/chat/secrettoken and reply+abc234@coffee.example.org\n")
    page = ada.see(f"/board/1/mail/received/{number}")
    assert "secrettoken" not in page
    assert "abc234" not in page


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("Sorry, I can't make it.", "cannot come"),
        ("I cannot come", "cannot come"),
        ("Could we find another time?", "another time"),
        ("I'll be there", "will come"),
        ("No problem", ""),
        ("Can't wait", ""),
        ("Yes, but not at three", ""),
        ("I can't come, see you then", ""),
    ],
)
def test_words_sound_like_something_only_where_that_is_plain(words: str, meaning: str) -> None:
    assert texts.sounds_like(words) == meaning


def test_an_answer_that_is_not_clear_is_for_the_coordinator(world: World, chat: int, ada: Desk) -> None:
    invitation = next(mail for mail in world.mailroom.to("sam") if mail.method == "REQUEST")
    raw = replies.reply(invitation.raw, "ACCEPTED", stamp=clock.now(), style="thunderbird")
    mail = email.message_from_bytes(raw)
    del mail["In-Reply-To"]
    for part in mail.walk():
        if not part.is_multipart() and b"PARTSTAT" in (content := bytes(part.get_payload(decode=True))):
            part.set_payload(content.replace(b"PARTSTAT=ACCEPTED", b"PARTSTAT=DELEGATED"))
            del part["Content-Transfer-Encoding"]
    with db.transaction() as session:
        number = inbox.store(session, bytes(mail), clock.now()).id
    world.run()
    assert kept(number)[0] == f"chat:{chat}"
    sentence = "A mail from Sam Lind: The person answered that somebody else shall come."
    assert sentence in ada.see("/board/1")
    assert world.state(chat) == "proposed"
    assert "note_received" not in world.letters("sam")
