"""Reaching people: links sent anew and stopped, another address, mail that arrives again."""

from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clock, db, sweep
from scheduler.chats import answering, booking
from scheduler.chats.chat import Chat
from scheduler.life import By, NotNow, Via
from scheduler.mail import outbox
from scheduler.mail.transport import Blame, Trouble
from scheduler.programme import roster
from scheduler.programme.describing import Unreadable
from scheduler.programme.person import Person
from scheduler.rounds import absence, reaching
from tests.support import desk, looking
from tests.support.clock import Clock
from tests.support.mailroom import Mail, Mailroom
from tests.support.world import World

AT_ONE, AT_TWO = "2027-03-09T21:30:00+00:00", "2027-03-11T21:30:00+00:00"
NEW = "sam.new@example.org"


@pytest.fixture
def round_id(world: World) -> int:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "noor", "sam", "lee"):
        world.gives(round_id, name, *[(f"2027-03-{on} 16:30", f"2027-03-{on} 18:30") for on in ("09", "11")])
    return round_id


@pytest.fixture
def chat_id(world: World, round_id: int) -> int:
    """Maya and Sam, on Tuesday the ninth at half past four; Sam has been asked."""
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    return chat_id


def do(world: World, what: Callable[[Session, Person], object], name: str = "sam") -> object:
    with db.transaction() as session:
        return what(session, world.person(session, name))


def stop(world: World, name: str = "sam") -> None:
    do(world, lambda session, person: reaching.stop_links(session, person, clock.now()), name)
    world.run()


def moves_away(world: World, address: str = NEW) -> object:
    return do(world, lambda session, person: reaching.readdress(session, person, address, clock.now()))


def lost(world: World) -> None:
    do(world, lambda session, sam: roster.mark_undeliverable(session, sam, "No such mailbox.", clock.now()))


def found(world: World) -> None:
    do(world, lambda session, person: reaching.mark_arriving(session, person, clock.now()))
    world.run()


def status(world: World, mail: Mail) -> list[int]:
    """How the pages behind a mail's links answer."""
    client = world.mailroom.client
    assert client is not None
    return [client.get(urlsplit(link).path).status_code for link in mail.links]


def test_links_are_sent_with_all_that_stands_and_at_most_once_in_ten_minutes(
    world: World, chat_id: int
) -> None:
    sent = [do(world, lambda session, sam: reaching.send_links(session, sam, clock.now())) for _ in range(2)]
    world.run()
    mail = world.last("sam")
    assert (sent, world.letters("sam")[-1]) == ([True, False], "links_anew")
    assert "With Dr Maya Okafor, Tuesday 9 March, 4:30 – 5:00 pm" in mail.text
    assert "somebody gave your address" not in mail.text
    assert (len(mail.links), set(status(world, mail))) == (4, {200})


def test_a_mentor_is_not_told_of_a_chat_that_nobody_accepted(world: World, chat_id: int) -> None:
    do(world, lambda session, maya: reaching.send_links(session, maya, clock.now()), "maya")
    world.run()
    assert "Sam" not in world.last("maya").text


def test_stopped_links_open_nothing_and_the_new_ones_do(world: World, chat_id: int) -> None:
    before = [mail for mail in world.mailroom.to("sam") if mail.links]
    stop(world)
    assert {code for mail in before for code in status(world, mail)} == {410}
    assert set(status(world, world.last("sam"))) == {200}
    assert set(status(world, world.mailroom.to("maya")[-1])) == {200}


def test_what_waits_with_stopped_links_is_written_anew(world: World, chat_id: int) -> None:
    desk.accept(chat_id)
    world.later(minutes=5)
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        booking.move(session, chat, Clock().at("2027-03-11 16:30"), clock.now(), by=By.STUDENT, via=Via.LINK)
    had = len(world.mailroom.to("maya"))
    stop(world, "maya")  # whose letter about the move still waits
    world.later(minutes=15)
    assert world.events("maya") == [(AT_TWO, "NEEDS-ACTION")]
    since = world.mailroom.to("maya")[had:]
    assert [mail.method for mail in since] == [None, "REQUEST"]
    assert {code for mail in since for code in status(world, mail)} == {200}
    world.calendars_are_true()


def test_a_cancellation_that_waits_still_takes_the_chat_out_of_the_calendar(
    world: World, chat_id: int
) -> None:
    desk.accept(chat_id)
    world.later(minutes=5)
    with db.transaction() as session:
        answering.cancel(session, session.get_one(Chat, chat_id), clock.now(), by=By.STUDENT, via=Via.LINK)
    stop(world, "maya")
    world.later(minutes=15)
    world.calendars_are_true()


def test_a_corrected_address_gets_the_invitation_and_the_links(world: World, chat_id: int) -> None:
    lost(world)
    moves_away(world)
    world.run()
    with db.reading() as session:
        sam = session.scalars(select(Person).where(Person.email == NEW)).one()
        assert (sam.undeliverable, sam.takes_part(clock.now()), sam.link_number) == ("", True, 2)
    assert world.mailroom.calendars[NEW].events
    letters = {mail.subject: mail for mail in world.mailroom.to(NEW)}
    assert letters.keys() == {"Your links for the coffee chats", "Coffee chat: Tue 9 Mar, 4:30 pm"}
    assert {code for mail in letters.values() for code in status(world, mail)} == {200}
    letters["Coffee chat: Tue 9 Mar, 4:30 pm"].press("I'll be there")
    world.later(minutes=5)
    assert world.state(chat_id) == "confirmed"
    [event] = world.mailroom.calendars[NEW].events.values()
    assert (event.starts_at.isoformat(), event.partstat) == (AT_ONE, "ACCEPTED")


def test_what_waited_for_the_former_address_never_leaves_and_nothing_goes_there_again(
    world: World, chat_id: int
) -> None:
    had = len(world.mailroom.to("sam"))
    desk.accept(chat_id)  # the receipt waits to be sent, and the links, too
    do(world, lambda session, sam: reaching.send_links(session, sam, clock.now()))
    assert moves_away(world) == 2
    world.at("2027-03-10 12:00")
    assert len(world.mailroom.to("sam")) == had
    assert "Your coffee chat with Dr Maya Okafor" in "".join(mail.text for mail in world.mailroom.to(NEW))


def test_a_late_refusal_of_the_former_address_says_nothing_of_the_new_one(world: World, chat_id: int) -> None:
    class Leaving(Mailroom):
        """While the first letter is on the wire, its reader gets another address; then it is refused."""

        def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
            if recipient == "sam@example.org":
                moves_away(world)
                raise Trouble(Blame.RECIPIENT, "550 no such mailbox")
            return super().send(envelope_sender, recipient, raw)

    desk.accept(chat_id)
    mailroom = Leaving()
    sweep.sweep(mailroom, clock.now)
    with db.reading() as session:
        assert session.scalars(select(Person).where(Person.email == NEW)).one().undeliverable == ""
    assert [mail.method for mail in mailroom.to(NEW)] == [None, "REQUEST"]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("noor@example.org", "noor@example.org is the address of Dr Noor Okafor."),
        ("  SAM@example.org ", "sam@example.org is their address already."),
        ("never@example.org", "never@example.org asked us never to write to it again."),
        ("sam@", "“sam@” is not a mail address: there must be something after the @-sign."),
        ("", "The mail address is missing."),
    ],
)
def test_an_address_that_cannot_be_theirs_is_refused_in_a_sentence(
    world: World, chat_id: int, address: str, why: str
) -> None:
    with db.transaction() as session:
        outbox.suppress(session, "never@example.org", "asked for by its reader", clock.now())
    before = looking.tables()
    with pytest.raises(Unreadable) as refusal:
        moves_away(world, address)
    assert refusal.value.faults == {"email": why}
    assert looking.tables() == before


def test_who_got_no_mail_for_a_while_is_told_what_they_missed(world: World, chat_id: int) -> None:
    lost(world)
    with db.transaction() as session:
        answering.cancel(
            session, session.get_one(Chat, chat_id), clock.now(), by=By.COORDINATOR, via=Via.COORDINATOR
        )
    world.later(minutes=5)
    assert world.events("sam") == [(AT_ONE, "NEEDS-ACTION")]
    found(world)
    assert world.events("sam") == []
    world.calendars_are_true()


def test_mail_that_arrives_again_twice_is_once(world: World, chat_id: int) -> None:
    lost(world)
    found(world)
    had = len(world.mailroom.to("sam"))
    found(world)
    assert len(world.mailroom.to("sam")) == had
    do(world, lambda session, sam: roster.never_write(session, sam.email, clock.now()))
    with pytest.raises(NotNow, match="asked us never to write to it again"):
        found(world)


def test_nothing_is_sent_to_somebody_who_has_left(world: World, chat_id: int) -> None:
    do(world, lambda session, sam: absence.leave(session, sam, clock.now()))
    for act in (stop, moves_away, found):
        with pytest.raises(NotNow, match="Sam Lind has left the programme"):
            act(world)
