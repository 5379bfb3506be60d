"""The one door for change, on a database: who hears what, and what their calendars show."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from scheduler import clock, db
from scheduler.chats import answering, booking, record
from scheduler.chats.chat import Chat, Quarter
from scheduler.life import By, NotNow, Via
from tests.support.clock import Clock
from tests.support.world import World


@pytest.fixture
def chat(world: World) -> int:
    """Sam is proposed to meet Maya on Tuesday week at 4:30 pm; both gave two evenings."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    evenings = [("2027-03-09 16:30", "2027-03-09 18:30"), ("2027-03-11 16:30", "2027-03-11 18:30")]
    for name in ("maya", "sam"):
        world.gives(round_id, name, *evenings)
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    return chat_id


def test_a_proposed_chat_is_known_to_the_student_alone(world: World, chat: int) -> None:
    assert world.letters("sam")[-1] == "chat_proposed"
    assert world.mailroom.events("sam") == [("2027-03-09T21:30:00+00:00", "NEEDS-ACTION")]
    assert "chat_proposed" not in world.letters("maya")
    assert world.mailroom.events("maya") == []


def test_an_accept_tells_the_mentor_after_two_minutes(world: World, chat: int) -> None:
    with db.transaction() as session:
        answering.accept(session, session.get_one(Chat, chat), clock.now(), by=By.STUDENT, via=Via.LINK)
    world.run()
    assert world.mailroom.events("sam") == [("2027-03-09T21:30:00+00:00", "ACCEPTED")]
    assert world.mailroom.events("maya") == []
    world.later(minutes=3)
    assert world.letters("maya")[-1] == "chat_confirmed"
    assert world.mailroom.events("maya") == [("2027-03-09T21:30:00+00:00", "NEEDS-ACTION")]


def test_an_accept_taken_back_is_never_heard_of_by_the_mentor(world: World, chat: int) -> None:
    with db.transaction() as session:
        found = session.get_one(Chat, chat)
        answering.accept(session, found, clock.now(), by=By.STUDENT, via=Via.LINK)
    world.run()
    with db.transaction() as session:
        event = record.last_act(session, session.get_one(Chat, chat))
        assert event is not None
        record.undo(session, event, clock.now(), via=Via.LINK, by=By.STUDENT)
    world.later(hours=1)
    assert world.state(chat) == "proposed"
    assert not [letter for letter in world.letters("maya") if letter.startswith("chat")]
    assert world.mailroom.events("sam") == [("2027-03-09T21:30:00+00:00", "NEEDS-ACTION")]


def test_a_mentor_who_wishes_for_another_time_at_once_knows_of_the_chat(world: World, chat: int) -> None:
    """On their own page they see it before its letter leaves: now the accept stays, and its end is told."""
    with db.transaction() as session:
        found = session.get_one(Chat, chat)
        answering.accept(session, found, clock.now(), by=By.STUDENT, via=Via.LINK)
        thursday = Clock().at("2027-03-11 17:00")
        booking.move(session, found, thursday, clock.now(), by=By.MENTOR, via=Via.LINK)
    with db.transaction() as session:
        found = session.get_one(Chat, chat)
        event = record.last_act(session, found)
        assert event is not None
        with pytest.raises(NotNow, match="knows of it already"):
            record.undo(session, event, clock.now(), via=Via.LINK, by=By.STUDENT)
        answering.decline(session, found, clock.now(), by=By.STUDENT, via=Via.LINK)
    world.later(hours=1)
    assert world.letters("maya")[-1] == "chat_declined"


def test_a_chat_moved_back_unseen_answers_the_mentor_s_wish(world: World, chat: int) -> None:
    """Their calendar is right as it is, so no letter about the move is due; the wish still wants a word."""
    with db.transaction() as session:
        answering.accept(session, session.get_one(Chat, chat), clock.now(), by=By.STUDENT, via=Via.LINK)
    world.later(minutes=3)
    moves = ((By.STUDENT, "11 17:00"), (By.MENTOR, "11 17:30"), (By.STUDENT, "09 16:30"))
    for by, day in moves:
        with db.transaction() as session:
            start = Clock().at(f"2027-03-{day}")
            booking.move(session, session.get_one(Chat, chat), start, clock.now(), by=by, via=Via.LINK)
    world.later(hours=1)
    assert world.letters("maya")[-1] == "chat_time_stands"
    assert world.mailroom.events("maya") == [("2027-03-09T21:30:00+00:00", "NEEDS-ACTION")]


def test_the_database_lets_no_quarter_be_taken_twice(world: World, chat: int) -> None:
    with db.reading() as session:
        taken = session.scalars(select(Quarter)).first()
        assert taken is not None
        again = Quarter(person_id=taken.person_id, starts_at=taken.starts_at)

    def take() -> None:
        with db.transaction() as session:
            found = session.get_one(Chat, chat)
            found.quarters.append(again)

    with pytest.raises(IntegrityError):
        take()


def test_a_student_is_in_one_chat_a_round_at_a_time(world: World, chat: int) -> None:
    with db.reading() as session:
        round_id = session.get_one(Chat, chat).round_id
    with pytest.raises(NotNow, match="has another chat in this round"):
        world.chat(round_id, "noor", "sam", "2027-03-11 12:00")


def test_the_mentor_cannot_accept_for_the_student(world: World, chat: int) -> None:
    with db.transaction() as session, pytest.raises(NotNow):
        answering.accept(session, session.get_one(Chat, chat), clock.now(), by=By.MENTOR, via=Via.LINK)
    assert world.state(chat) == "proposed"


def test_a_follow_up_the_student_picks_is_confirmed_at_once(world: World, chat: int) -> None:
    with db.transaction() as session:
        found = session.get_one(Chat, chat)
        answering.decline(session, found, clock.now(), by=By.STUDENT, via=Via.LINK)
        start = world.clock.__class__("America/New_York").at("2027-03-11 17:00")
        new = booking.follow_up(session, found, start, clock.now(), by=By.STUDENT, via=Via.LINK)
        assert str(new.state) == "confirmed"
    world.later(minutes=3)
    assert world.mailroom.events("sam") == [("2027-03-11T22:00:00+00:00", "ACCEPTED")]
    assert world.mailroom.events("maya") == [("2027-03-11T22:00:00+00:00", "NEEDS-ACTION")]
