"""Letters that wait or were given up, and mails that came in or do not: as the doctor tells it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from scheduler import db
from scheduler.mail import holds, inbox
from scheduler.mail.envelope import Incoming
from tests.operating.conftest import Told
from tests.support.clock import Clock
from tests.support.mailroom import Mailroom
from tests.support.world import World

pytestmark = pytest.mark.usefixtures("healthy")
MAIL = b"From: eve@example.org\r\n\r\nHello.\r\n"


@pytest.fixture
def world(clock: Clock) -> World:
    """People who are asked for a round; their letters wait."""
    made = World(clock, Mailroom())
    made.begin()
    first = clock.now().date() + timedelta(days=7)
    made.round(first=first, last=first + timedelta(days=4))
    return made


def received(clock: Clock) -> None:
    with db.transaction() as session:
        inbox.store(session, MAIL, clock.now())
        session.execute(update(Incoming).values(state="kept", due_at=None))


def test_a_letter_that_waits_too_long_is_seen(world: World, told: Told, clock: Clock) -> None:
    clock.advance(minutes=5)
    assert "mail waiting" not in told("wrong")
    clock.advance(minutes=25)
    assert told("wrong")["mail waiting"] == "A letter has been due for 30 minutes."


def test_mails_nobody_could_read_are_counted(told: Told, clock: Clock) -> None:
    with db.transaction() as session:
        inbox.store(session, MAIL, clock.now())
        session.execute(update(Incoming).values(state="dead", due_at=None))
    assert told("wrong") == {"mail received": "1 received mail could not be read and waits for a human."}


def test_a_service_that_reads_no_mail_says_so(told: Told) -> None:
    assert told("well")["mail in"].startswith("No replies are read (INBOUND is off)")


def test_a_door_for_mail_through_which_none_came_though_letters_left_is_noticed(
    world: World, told: Told
) -> None:
    words = "No mail has come in yet: the mail server should hand it to  coffee-rounds inbound."
    assert told("well", INBOUND="true")["mail in"] == words
    world.run()
    assert told("note", INBOUND="true")["mail in"] == words


def test_silence_after_letters_that_left_is_noticed(world: World, told: Told, clock: Clock) -> None:
    received(clock)
    clock.advance(days=3)
    assert told("well", INBOUND="true")["mail in"] == "The last mail came in 3 days ago."
    clock.advance(seconds=1)
    world.run()
    assert told("note", INBOUND="true")["mail in"] == (
        "The last mail came in 3 days ago, though letters went out since: "
        "does the mail server still hand it over?"
    )


def held(scope: str, clock: Clock) -> None:
    with db.transaction() as session:
        holds.set_up(session, scope, "421 too many connections.", clock.now(), by="Ada")
    clock.advance(minutes=20)


def test_trouble_with_our_mail_server_is_wrong(told: Told, clock: Clock) -> None:
    held(holds.SERVER, clock)
    assert told("wrong") == {"mail server": "Mail has not gone out for 20 minutes: 421 too many connections."}


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (holds.programme(1), "The mail of Riverside is held back by Ada"),
        (holds.domain("example.org"), "Mail to example.org rests"),
    ],
)
def test_what_somebody_holds_back_is_noticed_and_its_letters_are_not_overdue(
    world: World, told: Told, clock: Clock, scope: str, words: str
) -> None:
    held(scope, clock)
    assert told("note")["mail held"] == f"{words} for 20 minutes: 421 too many connections."
    assert "mail waiting" not in told("wrong")


def test_a_domain_whose_rest_is_over_rests_no_more_and_its_letters_may_be_late(
    world: World, told: Told, clock: Clock
) -> None:
    with db.transaction() as session:
        holds.rest(session, holds.domain("example.org"), "421 too many", clock.now())
    assert "mail held" in told("note")
    clock.advance(minutes=20)
    assert "mail held" not in told("note")
    assert told("wrong")["mail waiting"] == "A letter has been due for 19 minutes."


def test_all_mail_the_operator_holds_is_a_note_with_how_many_wait_and_the_way_to_let_them_go(
    world: World, told: Told, clock: Clock
) -> None:
    with db.transaction() as session:
        holds.set_up(session, holds.ALL, "a backup is looked at", clock.now(), by=holds.OPERATOR)
    clock.advance(minutes=20)
    assert told("note")["holdd"] == (
        "All mail is held back by the operator for 20 minutes: a backup is looked at. "
        "4 letters wait; let mail go with  coffee-rounds release."
    )
    assert not any(about.startswith("mail") for about in told("wrong"))
    assert "mail waiting" not in told("well")  # none waits longer than it should, and all wait
    with db.transaction() as session:
        assert holds.lift(session, holds.ALL)
    assert told("wrong")["mail waiting"] == "A letter has been due for 20 minutes."
