"""The place a coordinator sets: told to whoever has the chat, an update of their calendar, and no more."""

from datetime import date, datetime

import pytest
from sqlalchemy import select

from scheduler import clock, db
from scheduler.chats import booking
from scheduler.chats.chat import Chat
from scheduler.chats.proposal import Proposal
from scheduler.life import By, NotNow, Via
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from tests.support import desk
from tests.support.calendars import Event
from tests.support.clock import Clock
from tests.support.world import World

TIMES = ("2027-03-09 16:30", "2027-03-09 18:30")


@pytest.fixture
def chat(world: World) -> int:
    """A chat proposed to Sam, without a place; the invitation has left."""
    with db.transaction() as session:
        session.scalars(select(Programme)).one().places = []
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, TIMES)
    chat_id = world.chat(round_id, "maya", "sam", TIMES[0])
    world.run()
    return chat_id


@pytest.fixture
def agreed(world: World, chat: int) -> int:
    """The same chat, agreed; both have been told."""
    desk.accept(chat)
    world.later(minutes=5)
    return chat


def put(chat_id: int, place: str) -> bool:
    with db.transaction() as session:
        return booking.set_place(session, session.get_one(Chat, chat_id), place, clock.now())


def event(world: World, name: str) -> Event:
    """The one thing in somebody's calendar."""
    [shown] = world.mailroom.calendars[f"{name}@example.org"].events.values()
    return shown


def due(chat_id: int) -> tuple[str | None, datetime | None, str | None, datetime | None]:
    with db.reading() as session:
        chat = session.get_one(Chat, chat_id)
        return chat.due_step, chat.due_at, chat.last_step, chat.since


def test_both_are_told_and_their_calendars_show_it(world: World, agreed: int) -> None:
    before = {name: event(world, name).sequence for name in ("sam", "maya")}
    assert put(agreed, "Atrium")
    world.run()
    assert event(world, "maya").location == ""
    world.later(minutes=1)
    for name in ("sam", "maya"):
        assert world.letters(name)[-1] == "chat_placed"
        assert "Where  Atrium" in world.last(name).text
        assert (event(world, name).location, event(world, name).sequence) == ("Atrium", before[name] + 1)
    assert event(world, "sam").partstat == "ACCEPTED"
    world.calendars_are_true()


def test_a_second_thought_within_the_minute_is_the_only_one_told(world: World, agreed: int) -> None:
    put(agreed, "Atrium")
    put(agreed, "Library")
    world.later(minutes=2)
    assert world.letters("maya").count("chat_placed") == 1
    put(agreed, "Atrium")
    put(agreed, "Library")
    world.later(minutes=2)
    assert world.letters("maya").count("chat_placed") == 1
    assert not put(agreed, "Library")
    world.calendars_are_true()


def test_a_mentor_who_has_not_heard_of_the_chat_hears_nothing_of_its_place(world: World, chat: int) -> None:
    put(chat, "Atrium")
    world.later(minutes=2)
    assert world.letters("sam")[-1] == "chat_placed"
    assert "Yes, I'll be there" in world.last("sam").text
    assert [letter for letter in world.letters("maya") if letter.startswith("chat")] == []
    world.last("sam").press("Yes, I'll be there")
    world.later(minutes=3)
    assert event(world, "maya").location == "Atrium"
    world.calendars_are_true()


def test_an_invitation_still_waiting_leaves_with_the_place(world: World, chat: int) -> None:
    with db.reading() as session:
        round_id = session.scalars(select(Round.id)).one()
    for name in ("noor", "lee"):
        world.gives(round_id, name, TIMES)
    other = world.chat(round_id, "noor", "lee", TIMES[0])
    put(other, "Atrium")
    world.later(minutes=2)
    assert [letter for letter in world.letters("lee") if letter.startswith("chat")] == ["chat_proposed"]
    assert event(world, "lee").location == "Atrium"


def test_what_falls_due_stays_as_it_is(world: World, agreed: int) -> None:
    world.at("2027-03-08 17:00")
    before = due(agreed)
    put(agreed, "Atrium")
    assert due(agreed) == before
    assert before[:1] == ("ask",)


def test_a_new_time_put_to_the_other_stays_put_and_keeps_the_place(world: World, agreed: int) -> None:
    with db.transaction() as session:
        start = Clock().at("2027-03-09 17:30")
        booking.move(session, session.get_one(Chat, agreed), start, clock.now(), by=By.MENTOR, via=Via.LINK)
    put(agreed, "Atrium")
    world.later(minutes=2)
    assert world.letters("sam")[-2:] == ["chat_new_time", "chat_placed"]
    with db.transaction() as session:
        [asked] = session.scalars(select(Proposal))
        assert booking.take_time(session, asked, clock.now(), via=Via.LINK)
    world.later(minutes=15)
    assert (event(world, "maya").starts_at, event(world, "maya").location) == (start, "Atrium")
    world.calendars_are_true()


def test_a_place_set_a_moment_ago_is_kept_by_a_move(world: World, agreed: int) -> None:
    put(agreed, "Atrium")
    world.later(minutes=2)
    put(agreed, "Library")
    with db.transaction() as session:
        start = Clock().at("2027-03-09 17:30")
        booking.move(session, session.get_one(Chat, agreed), start, clock.now(), by=By.STUDENT, via=Via.LINK)
    world.later(minutes=15)
    assert event(world, "maya").location == "Library"
    world.calendars_are_true()


def test_no_place_at_all_and_a_chat_that_has_begun_are_refused(world: World, agreed: int) -> None:
    with pytest.raises(NotNow, match="Please write where the two are to meet"):
        put(agreed, "")
    world.at("2027-03-09 16:30")
    with pytest.raises(NotNow, match="time has come"):
        put(agreed, "Atrium")
