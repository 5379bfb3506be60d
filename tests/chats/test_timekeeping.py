"""What time does to a chat: nudge, lapse, remind, ask, close: in order, by day, and never twice."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from scheduler import clock, db
from scheduler.chats import answering, outcome
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.lifecycle import Report
from scheduler.life import By, Via
from tests.support.world import World


@pytest.fixture
def chat(world: World) -> int:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    return chat_id


def accept(chat_id: int) -> None:
    with db.transaction() as session:
        answering.accept(session, session.get_one(Chat, chat_id), clock.now(), by=By.STUDENT, via=Via.LINK)


def said(chat_id: int, side: By, report: Report) -> None:
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        outcome.report(session, chat, side, report, clock.now(), via=Via.LINK)


def chat_letters(world: World, name: str) -> list[str]:
    return [letter for letter in world.letters(name) if letter.startswith("chat")]


def test_an_unanswered_chat_is_nudged_once_and_lapses(world: World, chat: int) -> None:
    world.later(days=5)
    assert world.state(chat) == "lapsed"
    assert chat_letters(world, "sam") == ["chat_proposed", "chat_nudge", "chat_lapsed"]
    assert chat_letters(world, "maya") == []
    assert world.mailroom.events("sam") == []


def test_an_agreed_chat_is_reminded_asked_about_and_closed_unknown(world: World, chat: int) -> None:
    accept(chat)
    world.later(days=30)
    assert world.state(chat) == "unknown"
    told = ["chat_confirmed", "chat_reminder", "chat_how_was_it", "chat_how_was_it"]
    assert chat_letters(world, "maya") == told
    assert chat_letters(world, "sam") == ["chat_proposed", *told]


def test_one_side_s_met_and_silence_is_held_at_the_end(world: World, chat: int) -> None:
    accept(chat)
    world.at("2027-03-10 09:00")
    said(chat, By.MENTOR, Report.MET)
    assert world.state(chat) == "confirmed"
    world.later(days=10)
    assert world.state(chat) == "held"
    assert chat_letters(world, "maya").count("chat_how_was_it") == 1
    assert chat_letters(world, "sam").count("chat_how_was_it") == 2


def test_how_was_it_comes_in_the_morning_after(world: World, chat: int) -> None:
    accept(chat)
    world.at("2027-03-10 07:59")
    assert "chat_how_was_it" not in world.letters("sam")
    world.at("2027-03-10 08:01")
    assert "chat_how_was_it" in world.letters("sam")


def test_a_reminder_of_an_early_chat_slides_out_of_the_night(world: World) -> None:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    early = world.chat(round_id, "maya", "sam", "2027-03-09 07:00")
    accept(early)
    with db.reading() as session:
        due = session.get_one(Chat, early).due_at
    here = world.clock.__class__("America/New_York")
    assert due == here.at("2027-03-08 07:30")  # a day before is 7:00, within the quiet hours


def test_after_an_outage_late_reminders_fall_away_and_the_rest_runs(world: World, chat: int) -> None:
    accept(chat)
    world.run()
    world.clock.at("2027-03-10 12:00")  # nothing ran for nine days
    for _ in range(4):
        world.run()
    assert "chat_reminder" not in world.letters("sam")
    assert chat_letters(world, "sam")[-1] == "chat_how_was_it"


def test_a_planned_chat_whose_time_is_too_near_is_not_proposed(world: World) -> None:
    round_id = world.round(first=date(2027, 3, 1), last=date(2027, 3, 19))
    near = world.chat(round_id, "maya", "sam", "2027-03-02 08:00", proposed=False)
    world.later(minutes=5)
    assert world.state(near) == "cancelled"
    assert chat_letters(world, "sam") == []


@pytest.mark.parametrize("proposed", [False, True])
def test_after_an_outage_past_its_time_a_chat_nobody_heard_of_is_let_go(world: World, proposed: bool) -> None:
    round_id = world.round(first=date(2027, 3, 1), last=date(2027, 3, 19))
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-04 16:30", proposed=proposed)
    world.clock.at("2027-03-05 09:00")  # nothing ran for four days
    for _ in range(2):
        world.run()
    with db.reading() as session:
        chat = session.get_one(Chat, chat_id)
        assert (chat.state, chat.due_at, chat.quarters) == ("cancelled", None, [])
    assert chat_letters(world, "sam") + chat_letters(world, "maya") == []


def test_a_missed_chat_is_prompted_once_and_then_listed(world: World, chat: int) -> None:
    accept(chat)
    world.at("2027-03-10 09:00")
    said(chat, By.STUDENT, Report.ABSENT)
    assert world.state(chat) == "missed"
    world.later(days=12)
    assert chat_letters(world, "sam").count("chat_prompt") == 1
    with db.reading() as session:
        found = session.get_one(Chat, chat)
        assert (found.is_listed, found.due_at) == (True, None)


def test_every_step_is_an_event_of_its_own(world: World, chat: int) -> None:
    accept(chat)
    world.later(days=30)
    with db.reading() as session:
        events = [
            (event.what, event.at - event.chat.starts_at > timedelta(0))
            for event in session.scalars(select(ChatEvent))
        ]
    assert [what for what, _ in events] == [
        "propose", "propose", "accept", "remind", "ask", "ask_again", "close",
    ]  # fmt: skip
