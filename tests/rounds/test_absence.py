"""Pausing, leaving and *not this person*: silence kept at once, others told, confirmed chats as promised."""

from datetime import date

import pytest
from sqlalchemy import select

from scheduler import clock, db
from scheduler.chats import answering
from scheduler.chats.chat import Chat
from scheduler.life import By, Via
from scheduler.programme.pairing import Exclusion, Why
from scheduler.rounds import absence
from tests.support.world import World


@pytest.fixture
def round_id(world: World) -> int:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    return round_id


@pytest.fixture
def proposed(world: World, round_id: int) -> int:
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    return chat_id


@pytest.fixture
def agreed(world: World, proposed: int) -> int:
    with db.transaction() as session:
        answering.accept(session, session.get_one(Chat, proposed), clock.now(), by=By.STUDENT, via=Via.LINK)
    world.later(minutes=3)
    return proposed


def pause(world: World, name: str) -> int:
    with db.transaction() as session:
        return absence.pause(session, world.person(session, name), None, clock.now())


def test_pausing_cancels_what_is_proposed_and_says_so_once(world: World, proposed: int) -> None:
    assert pause(world, "sam") == 1
    assert pause(world, "sam") == 0
    world.later(hours=1)
    assert world.state(proposed) == "cancelled"
    assert world.letters("sam")[-2:] == ["chat_cancelled", "paused"]
    assert world.mailroom.events("sam") == []
    assert not [letter for letter in world.letters("maya") if letter.startswith("chat")]


def test_pausing_keeps_what_is_agreed_and_its_reminder(world: World, agreed: int) -> None:
    assert pause(world, "sam") == 0
    world.at("2027-03-10 12:00")
    assert world.state(agreed) == "confirmed"
    after = world.letters("sam")[world.letters("sam").index("paused") :]
    assert after == ["paused", "chat_reminder"]


def test_letters_already_waiting_are_held_back_by_a_pause(world: World, round_id: int) -> None:
    world.run()
    before = world.letters("lee")
    with db.transaction() as session:
        lee = world.person(session, "lee")
        absence.pause(session, lee, None, clock.now())
    world.later(days=8)
    assert world.letters("lee") == [*before, "paused"]


def test_leaving_cancels_everything_and_its_letters_are_the_last(world: World, agreed: int) -> None:
    with db.transaction() as session:
        left = absence.leave(session, world.person(session, "maya"), clock.now())
    assert left == 1
    world.later(days=12)
    assert world.state(agreed) == "cancelled"
    assert world.mailroom.events("maya") == []
    assert world.mailroom.events("sam") == []
    assert set(world.letters("maya")[-2:]) == {"chat_cancelled", "left"}
    assert world.letters("sam").count("chat_cancelled") == 1


def test_a_mentor_who_pauses_before_hearing_of_a_chat_never_hears_of_it(world: World, proposed: int) -> None:
    with db.transaction() as session:
        answering.accept(session, session.get_one(Chat, proposed), clock.now(), by=By.STUDENT, via=Via.LINK)
    assert pause(world, "maya") == 1
    world.later(hours=1)
    assert not [letter for letter in world.letters("maya") if letter.startswith("chat")]
    assert world.letters("sam")[-1] == "chat_cancelled"
    assert world.mailroom.events("sam") == []


def test_not_this_person_is_kept_once_and_is_nobodys_letter(world: World, agreed: int) -> None:
    for _ in range(2):
        with db.transaction() as session:
            absence.not_this_person(session, session.get_one(Chat, agreed), By.STUDENT, clock.now())
    with db.reading() as session:
        [wish] = session.scalars(select(Exclusion))
        assert wish.why is Why.PERSON
    before = world.letters("maya")
    world.later(minutes=20)
    assert world.letters("maya") == before
