"""Changed settings: what is to come falls due by the new ones, what is done is not done again."""

from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from scheduler import clock, db, localtime
from scheduler.availability.ask import Ask
from scheduler.chats.chat import Chat
from scheduler.programme import arrangement
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.rounds import retiming, running
from tests.support import desk
from tests.support.world import ZONE, World

FIRST, LAST = date(2027, 3, 8), date(2027, 3, 19)
PAIRS = {1: ("maya", "sam"), 2: ("noor", "lee")}


@pytest.fixture
def chat(world: World) -> int:
    """Sam and Maya have agreed to Tuesday 9 March, half past four; it is Monday the 1st."""
    round_id = world.round(first=FIRST, last=LAST)
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    desk.accept(chat_id)
    return chat_id


def settle(app: Flask, **changed: str) -> None:
    """Ada saves the settings with some fields written otherwise."""
    with db.reading() as session:
        shown = arrangement.written(session.scalars(select(Programme)).one())
    form = {name: value for name, value in shown.items() if value is not False}
    desk.sign_in(app).press("/board/1/settings", **form | changed)


def due(model: type[Chat] | type[Round] | type[Ask], number: int) -> tuple[str | None, str]:
    """The next step and its moment, in New York."""
    with db.reading() as session:
        found = session.get_one(model, number)
        return found.due_step, wall(found.due_at) if found.due_at is not None else ""


def wall(moment: datetime) -> str:
    return f"{localtime.in_zone(moment, ZONE):%m-%d %H:%M}"


def reminders(world: World, name: str) -> int:
    return world.letters(name).count("chat_reminder")


def test_a_reminder_comes_as_long_before_as_the_settings_say_now(app: Flask, world: World, chat: int) -> None:
    assert due(Chat, chat) == ("remind", "03-08 16:30")
    settle(app, remind="4")
    assert due(Chat, chat) == ("remind", "03-09 12:30")
    world.at("2027-03-09 12:29")
    assert reminders(world, "maya") == 0
    world.at("2027-03-09 12:31")
    assert reminders(world, "maya") == 1


def test_what_is_written_in_quiet_hours_waits_by_the_new_ones(app: Flask, world: World, chat: int) -> None:
    settle(app, remind="36")
    assert due(Chat, chat) == ("remind", "03-08 07:30")  # half past four in the morning is quiet
    settle(app, remind="36", quiet_to="04:00")
    assert due(Chat, chat) == ("remind", "03-08 04:30")
    settle(app, remind="36", quiet_from="23:00", quiet_to="10:15")
    assert due(Chat, chat) == ("remind", "03-08 10:15")


def test_letters_about_a_round_with_its_own_quiet_hours_wait_by_them(app: Flask, world: World) -> None:
    for first, last, hours in ((FIRST, LAST, {}), (FIRST, date(2027, 3, 18), {"quiet_to": "10:15"})):
        with db.transaction() as session:
            programme = session.scalars(select(Programme)).one()
            running.open_round(session, programme, first, last, clock.now(), **hours)
    for round_id in (1, 2):
        desk.sign_in(app).press(f"/board/1/rounds/{round_id}/ask")
    assert [due(Ask, number)[1] for number in (1, 5)] == ["03-04 09:00", "03-04 10:15"]
    for round_id in (1, 2):
        chat_id = world.chat(round_id, *PAIRS[round_id], "2027-03-09 16:30")
        desk.accept(chat_id)
    settle(app, remind="36")
    assert [due(Chat, number) for number in (1, 2)] == [("remind", "03-08 07:30"), ("remind", "03-08 10:15")]
    world.at("2027-03-08 10:14")
    assert [reminders(world, name) for name in ("maya", "sam", "noor", "lee")] == [1, 1, 0, 0]
    world.at("2027-03-08 10:16")
    assert [reminders(world, name) for name in ("maya", "sam", "noor", "lee")] == [1, 1, 1, 1]


def test_who_was_reminded_is_not_reminded_again(app: Flask, world: World, chat: int) -> None:
    world.at("2027-03-08 17:00")
    assert reminders(world, "sam") == 1
    settle(app, remind="6")
    assert due(Chat, chat)[0] == "ask"
    settle(app, remind="6", remind_again="30")
    assert due(Chat, chat) == ("remind_again", "03-09 16:00")
    world.at("2027-03-09 16:01")
    assert reminders(world, "sam") == 2
    settle(app, remind="1", remind_again="")
    world.at("2027-03-09 16:30")
    assert reminders(world, "sam") == 2
    assert due(Chat, chat)[0] == "ask"


def test_the_morning_after_is_the_new_zone_s(app: Flask, world: World, chat: int) -> None:
    world.at("2027-03-09 15:00")
    before = due(Chat, chat)
    settle(app, timezone="Europe/Berlin")
    step, moment = due(Chat, chat)
    assert (before[0], step) == ("ask", "ask")
    assert moment == "03-10 02:00"  # eight o'clock in Berlin
    assert due(Round, 1)[1] != ""


def test_reminders_to_the_silent_go_by_the_new_days(app: Flask, world: World) -> None:
    world.round(first=FIRST, last=LAST)
    settle(app, reminder_days="2")
    world.at("2027-03-03 10:00")
    for days in ("1, 2", "1", "2", "1, 2, 3"):
        settle(app, reminder_days=days)
        world.later(minutes=5)
    assert world.letters("noor") == ["offer_wanted", "offer_reminder"]
    world.at("2027-03-04 10:00")
    assert world.letters("noor").count("offer_reminder") == 2
    settle(app, reminder_days="")
    assert due(Ask, 2) == (None, "")


def test_what_was_told_stays(app: Flask, world: World) -> None:
    round_id = world.round(first=FIRST, last=LAST)
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    with db.reading() as session:
        told = session.get_one(Chat, chat_id).answer_by
    lapse = due(Chat, chat_id)
    settle(app, answer_days="7", notice_hours="100")
    assert due(Chat, chat_id) == lapse
    with db.reading() as session:
        assert session.get_one(Chat, chat_id).answer_by == told


def test_twice_is_once(world: World, chat: int) -> None:
    with db.transaction() as session:
        before = [row.version for row in session.scalars(select(Chat))]
        for _ in range(2):
            retiming.retime(session, session.scalars(select(Programme)).one(), clock.now())
    with db.reading() as session:
        assert [row.version for row in session.scalars(select(Chat))] == before
