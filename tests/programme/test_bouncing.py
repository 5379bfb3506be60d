"""Delivery reports: believed at the address a letter left from, and only of the person written to."""

from datetime import date

import pytest
from sqlalchemy import select

from scheduler import clock, db, links
from scheduler.mail import inbox
from scheduler.mail.envelope import Fate, Incoming, Outgoing
from scheduler.programme import bouncing
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.rounds import board
from tests.support.world import World

REPORT = """From: MAILER-DAEMON@mx.example
Message-ID: <{number}@mx.example>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {of}
Action: {action}
Status: {status}

--b--
"""


@pytest.fixture
def chat(world: World) -> int:
    """Sam is invited to a chat with Maya, and has had the letter."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    number = world.chat(round_id, "maya", "sam", "2027-03-09 17:00")
    world.run()
    return number


def left_from(letter: str = "chat_proposed") -> str:
    """The address that this letter left from."""
    with db.reading() as session:
        return session.scalars(select(Outgoing.envelope_sender).where(Outgoing.letter == letter)).one()


def comes(
    world: World, to: str, *, status: str = "5.1.1", action: str = "failed", of: str = "x@y.org"
) -> str:
    """A report comes to this address; what came of it."""
    with db.transaction() as session:
        number = len(session.scalars(select(Incoming.id)).all())
        raw = REPORT.format(number=number, of=of, action=action, status=status).encode()
        kept = inbox.store(session, raw, clock.now(), recipient=to).id
    world.run()
    with db.reading() as session:
        return session.get_one(Incoming, kept).came_to


def is_said_of(world: World, name: str) -> str:
    with db.reading() as session:
        return world.person(session, name).undeliverable


def test_an_address_that_does_not_exist_is_written_to_no_more(world: World, chat: int) -> None:
    assert comes(world, left_from().upper()) == "applied: mail to this person does not arrive"
    assert is_said_of(world, "sam") == bouncing.NO_SUCH_ADDRESS
    with db.reading() as session:
        programme = session.scalars(select(Programme)).one()
        told = [need.sentence for need in board.needs_you(session, programme, clock.now())]
        waiting = session.scalars(select(Outgoing.id).where(Outgoing.state == Fate.WAITING)).all()
    assert f"Mail to Sam Lind does not arrive: {bouncing.NO_SUCH_ADDRESS}" in told
    assert waiting == []
    assert comes(world, left_from()) == "kept: that mail to them does not arrive is known"


@pytest.mark.parametrize(
    ("status", "action", "words"),
    [
        ("5.2.2", "failed", "for now"),
        ("4.4.7", "failed", "for now"),
        ("4.4.7", "delayed", "still being tried"),
        ("5.7.1", "failed", "refused for what it is"),
    ],
)
def test_lighter_trouble_says_nothing_of_the_address(
    world: World, chat: int, status: str, action: str, words: str
) -> None:
    said = comes(world, left_from(), status=status, action=action)
    assert said.startswith("kept: ")
    assert words in said
    assert is_said_of(world, "sam") == ""


@pytest.mark.parametrize(
    "to", ["", "rounds@coffee.test", "bounce+abc@coffee.test", "bounce@x.test", "reply+{}"]
)
def test_a_report_that_came_elsewhere_is_nobody_s(world: World, chat: int, to: str) -> None:
    token = left_from().partition("+")[2]
    said = comes(world, to.format(token), of="sam@example.org")
    assert said == "kept: it did not come to an address that a letter of ours left from"
    assert is_said_of(world, "sam") == ""


def test_a_token_for_another_purpose_is_none(world: World, chat: int) -> None:
    token = links.address_token("reply", 1, int(clock.now().timestamp()) // 86400)
    assert comes(world, f"bounce+{token}@coffee.test").startswith("kept: it did not come")


def test_who_has_another_address_since_is_not_marked(world: World, chat: int) -> None:
    with db.transaction() as session:
        world.person(session, "sam").email = "sam@example.net"
    assert comes(world, left_from()) == "kept: they have another address since"
    with db.reading() as session:
        assert set(session.scalars(select(Person.undeliverable))) == {""}


def test_days_later_it_is_still_known_whose_it_is(world: World, chat: int) -> None:
    to = left_from()
    world.later(days=5)
    assert comes(world, to).startswith("applied")
