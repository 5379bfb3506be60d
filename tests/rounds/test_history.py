"""What happened to a chat, in words for the coordinator: acts, wishes, reports, and the chat that follows."""

from datetime import date

import pytest
from flask import Flask

from scheduler import clock, db
from scheduler.chats import booking, record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Report
from scheduler.life import By, Via
from scheduler.programme.programme import Programme
from scheduler.rounds import board, history
from tests.support import desk
from tests.support.clock import Clock
from tests.support.world import World


@pytest.fixture
def chat(world: World) -> int:
    """Agreed for Tuesday, half past four; both gave two evenings."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        evenings = [(f"2027-03-{day} 16:30", f"2027-03-{day} 18:30") for day in ("09", "11")]
        world.gives(round_id, name, *evenings)
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    desk.accept(chat_id)
    world.later(minutes=3)
    return chat_id


def told(chat_id: int) -> list[str]:
    with db.reading() as session:
        return [moment.words for moment in history.history(session, session.get_one(Chat, chat_id))]


def move(chat_id: int, wall: str, by: By) -> None:
    with db.transaction() as session:
        start = Clock().at(wall)
        booking.move(session, session.get_one(Chat, chat_id), start, clock.now(), by=by, via=Via.LINK)


def test_a_wish_for_another_time_is_told_and_that_it_was_not_taken(world: World, chat: int) -> None:
    move(chat, "2027-03-11 17:00", By.MENTOR)
    world.later(hours=1)
    with db.transaction() as session:
        wish = booking.open_proposal(session, session.get_one(Chat, chat))
        assert wish is not None
        record.keep_time(session, wish, clock.now())
    assert told(chat)[-2:] == [
        "Dr Maya Okafor asked Sam Lind for Thu 11 Mar, 5:00 pm instead",
        "The time Dr Maya Okafor asked for was not taken",
    ]


def test_a_wish_that_was_taken_is_told_before_the_move(world: World, chat: int) -> None:
    move(chat, "2027-03-11 17:00", By.MENTOR)
    world.later(hours=1)
    with db.transaction() as session:
        wish = booking.open_proposal(session, session.get_one(Chat, chat))
        assert wish is not None
        booking.take_time(session, wish, clock.now(), via=Via.LINK)
    assert told(chat)[-2:] == [
        "Dr Maya Okafor asked Sam Lind for Thu 11 Mar, 5:00 pm instead",
        "Sam Lind moved it from Tue 9 Mar, 4:30 pm to Thu 11 Mar, 5:00 pm",
    ]


def test_who_said_whether_they_met_is_told_but_not_what(world: World, chat: int) -> None:
    world.at("2027-03-09 17:30")
    desk.report(chat, Report.MET, Report.MET)
    desk.report(chat, Report.MET, Report.MET)
    assert told(chat)[-3:] == [
        "Sam Lind said whether they met",
        "Dr Maya Okafor said whether they met",
        "Counted as met",
    ]


def test_two_who_disagree_do_so_since_the_second_said_it(world: World, chat: int) -> None:
    world.at("2027-03-10 09:30")
    desk.report(chat, Report.MET, Report.ABSENT)
    with db.reading() as session:
        needs = board.needs_you(session, session.get_one(Programme, 1), clock.now())
    assert [need.since for need in needs if "different things" in need.sentence] == [clock.now()]


def test_a_missed_chat_and_the_one_that_follows_lead_to_each_other(
    world: World, chat: int, app: Flask
) -> None:
    world.at("2027-03-09 17:30")
    desk.report(chat, Report.MOVED, Report.ABSENT)
    desk.report(chat, Report.COULD_NOT, Report.ABSENT)
    with db.transaction() as session:
        missed, start = session.get_one(Chat, chat), Clock().at("2027-03-11 17:00")
        new = booking.follow_up(session, missed, start, clock.now(), by=By.STUDENT, via=Via.LINK).id
    ada = desk.sign_in(app)
    assert "Followed by one on Thu 11 Mar, 5:00 pm" in ada.see(f"/board/1/chats/{chat}")
    assert f'href="http://localhost/board/1/chats/{new}"' in ada.text
    assert "After the one of Tue 9 Mar, 4:30 pm" in ada.see(f"/board/1/chats/{new}")
