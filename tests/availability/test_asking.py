"""Asking and answering: reminders to the silent only, a new answer replaces the old, patterns remembered."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from scheduler import clock, db, localtime
from scheduler.availability import asking
from scheduler.availability.ask import Ask
from scheduler.availability.slots import Pattern
from scheduler.life import By, NotNow
from scheduler.mail.envelope import Outgoing
from scheduler.programme.round import Round
from scheduler.rounds import running
from tests.support.world import World

EVENING = ("2027-03-09 16:30", "2027-03-09 18:30")


@pytest.fixture
def round_id(world: World) -> int:
    return world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))


def ask_of(session: object, name: str) -> Ask:
    rows = select(Ask).join(Ask.person).where(Ask.person.has(email=f"{name}@example.org"))
    return session.scalars(rows.order_by(Ask.id.desc())).first()  # type: ignore[attr-defined,no-any-return]  # a Session


def test_everybody_is_asked_once(world: World, round_id: int) -> None:
    world.run()
    with db.transaction() as session:
        running.ask_all(session, session.get_one(Round, round_id), clock.now())
    world.run()
    assert {name: world.letters(name) for name in ("maya", "sam")} == {
        "maya": ["offer_wanted"],
        "sam": ["wish_wanted"],
    }


def test_only_the_silent_are_reminded_and_only_until_the_answers_are_due(world: World, round_id: int) -> None:
    world.gives(round_id, "maya", EVENING)
    with db.transaction() as session:
        asking.opt_out(session, ask_of(session, "sam"), clock.now(), by=By.STUDENT)
    world.at("2027-03-08 00:30")
    assert world.letters("noor") == ["offer_wanted", "offer_reminder"]  # answers are due on the 4th
    assert world.letters("maya") == ["offer_received"]
    assert world.letters("sam") == ["wish_received"]
    assert world.letters("lee") == ["wish_wanted", "wish_reminder"]


def test_sending_again_replaces_the_earlier_times_and_is_receipted_anew(world: World, round_id: int) -> None:
    world.gives(round_id, "maya", EVENING)
    world.run()
    world.gives(round_id, "maya", ("2027-03-10 12:00", "2027-03-10 13:00"))
    world.run()
    with db.reading() as session:
        [slot] = ask_of(session, "maya").slots
    assert f"{slot.starts_at:%d %H:%M}" == "10 17:00"
    assert world.letters("maya") == ["offer_received", "offer_received"]


def test_last_rounds_times_keep_their_wall_time_when_clocks_change(world: World, round_id: int) -> None:
    world.gives(round_id, "maya", EVENING)  # Tuesday, standard time
    with db.transaction() as session:
        later = running.open_round(
            session,
            session.get_one(Round, round_id).programme,
            date(2027, 3, 15),
            date(2027, 3, 26),
            clock.now(),
        )
        ask = asking.ask(session, later, world.person(session, "maya"), "mentor", clock.now())
        found = [f"{slot.starts_at:%d %H:%M}" for slot in asking.same_as_last(ask, clock.now())]
    assert found == ["16 20:30", "23 20:30"]  # 4:30 pm in daylight-saving time


def test_a_student_who_says_only_in_is_free_at_the_programmes_hours(world: World, round_id: int) -> None:
    with db.transaction() as session:
        ask = ask_of(session, "sam")
        asking.wish(session, ask, clock.now(), never=Pattern("America/New_York", ()))
        days = {slot.starts_at.date() for slot in ask.slots}
        hours = sum((slot.ends_at - slot.starts_at for slot in ask.slots), timedelta())
    assert len(days) >= 10  # ten working days; an evening can fall on the next date in UTC
    assert hours == timedelta(hours=6) * 10  # 1.5 + 1 + 2 + 1.5 a day


def test_a_timetable_is_taken_off_and_remembered(world: World, round_id: int) -> None:
    mornings = Pattern.from_json({"zone": "America/New_York", "times": [[1, "00:00", "12:30"]]})
    with db.transaction() as session:
        ask = ask_of(session, "sam")
        asking.wish(session, ask, clock.now(), never=mornings)
        walls = [localtime.in_zone(slot.starts_at, "America/New_York") for slot in ask.slots]
        assert min(wall for wall in walls if wall.day == 9).strftime("%H:%M") == "12:30"  # the rest of lunch
        assert ask.person.never == mornings.to_json()


def test_an_answer_withdraws_the_reminder_that_still_waits(world: World, round_id: int) -> None:
    world.run()
    with db.transaction() as session:
        ask = ask_of(session, "maya")
        ask.due_at = clock.now()
        asking.remind(session, ask, clock.now())
        asking.offer(session, ask, [], clock.now())
    with db.reading() as session:
        rows = select(Outgoing.state, Outgoing.letter).where(Outgoing.letter == "offer_reminder")
        assert [tuple(row) for row in session.execute(rows)] == [("withdrawn", "offer_reminder")]


def test_a_closed_round_takes_no_more_answers(world: World, round_id: int) -> None:
    with db.transaction() as session:
        running.cancel(session, session.get_one(Round, round_id), clock.now())
    with db.transaction() as session, pytest.raises(NotNow, match="is over"):
        asking.offer(session, ask_of(session, "maya"), [], clock.now())
