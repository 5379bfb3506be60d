"""From answers to a draft: both are free, nobody twice, limits and wishes kept, the left-out with reasons."""

from datetime import date

import pytest
from sqlalchemy import select

from scheduler import clock, db, sweep
from scheduler.availability.ask import Ask
from scheduler.chats.chat import Chat, Quarter
from scheduler.life import By, NotNow
from scheduler.programme.pairing import Exclusion, Why
from scheduler.programme.round import Round
from scheduler.rounds import progress, publishing, telling
from scheduler.rounds.plan import LeftOut
from tests.support.world import World

TUESDAY, THURSDAY = ("2027-03-09 16:30", "2027-03-09 18:30"), ("2027-03-11 16:30", "2027-03-11 18:30")


@pytest.fixture
def round_id(world: World) -> int:
    return world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))


def plan(round_id: int) -> list[tuple[str, str, str]]:
    """Plan by hand; (mentor, student, start in UTC) of the draft."""
    sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)
    with db.reading() as session:
        chats = session.scalars(select(Chat).where(Chat.round_id == round_id).order_by(Chat.starts_at))
        return [
            (chat.mentor.first_name, chat.student.first_name, f"{chat.starts_at:%m-%d %H:%M}")
            for chat in chats
        ]


def left_out(round_id: int) -> list[tuple[str, str]]:
    with db.reading() as session:
        rows = select(LeftOut).where(LeftOut.round_id == round_id)
        return sorted((row.person.first_name, row.reason) for row in session.scalars(rows))


def test_a_pair_meets_where_both_are_free(world: World, round_id: int) -> None:
    world.gives(round_id, "maya", TUESDAY)
    world.gives(round_id, "sam", ("2027-03-09 18:00", "2027-03-09 19:00"), THURSDAY)
    assert plan(round_id) == [("Maya", "Sam", "03-09 23:00")]
    assert left_out(round_id) == []


def test_whoever_has_no_common_time_is_left_out_with_the_reason(world: World, round_id: int) -> None:
    world.gives(round_id, "maya", TUESDAY)
    world.gives(round_id, "sam", THURSDAY)
    assert plan(round_id) == []
    assert left_out(round_id) == [("Sam", "no_common_time")]
    with db.reading() as session:
        (row,) = session.scalars(select(LeftOut))
        assert row.change == "If they could spare 30 more minutes, Dr Maya Okafor has time."


def test_before_there_is_a_plan_nobody_is_left_out_of_it(world: World, round_id: int) -> None:
    world.gives(round_id, "sam", THURSDAY)
    for expected in ([], ["Sam Lind"]):
        with db.reading() as session:
            round_ = session.get_one(Round, round_id)
            assert [row.person.name for row in telling.left_out(session, round_)] == expected
            assert telling.figures(session, round_).left_out == len(expected)
        plan(round_id)


def test_one_mentor_with_one_chat_serves_who_waited_longer(world: World, round_id: int) -> None:
    for name in ("maya", "sam", "lee"):
        world.gives(round_id, name, TUESDAY)
    with db.transaction() as session:
        world.person(session, "lee").passed = 1
    assert [row[:2] for row in plan(round_id)] == [("Maya", "Lee")]
    assert left_out(round_id) == [("Sam", "mentors_full")]


def test_not_with_holds_whichever_of_the_two_said_it(world: World, round_id: int) -> None:
    for name in ("maya", "sam"):
        world.gives(round_id, name, TUESDAY)
    with db.transaction() as session:
        maya, sam = world.person(session, "maya"), world.person(session, "sam")
        wish = Exclusion(person_id=maya.id, other_id=sam.id, why=Why.CLASS_LIST, made_at=clock.now())
        session.add(wish)
    assert plan(round_id) == []
    with db.transaction() as session:
        wish = session.scalars(select(Exclusion)).one()
        wish.person_id, wish.other_id = wish.other_id, wish.person_id
    assert plan(round_id) == []


def states() -> list[str]:
    """How the asks of Maya, Noor, Sam and Lee stand."""
    with db.reading() as session:
        return [str(state) for state in session.scalars(select(Ask.state).order_by(Ask.person_id))]


def test_the_silent_are_not_planned_and_count_as_silent(world: World, round_id: int) -> None:
    world.gives(round_id, "maya", TUESDAY)
    world.at("2027-03-05 09:00")  # answers were due on the 4th
    assert plan(round_id) == []
    assert states() == ["answered", "silent", "silent", "silent"]


def test_a_plan_made_early_leaves_the_others_asked_and_reminded(world: World, round_id: int) -> None:
    for name in ("maya", "sam"):
        world.gives(round_id, name, TUESDAY)
    assert len(plan(round_id)) == 1
    assert states() == ["answered", "asked", "answered", "asked"]
    world.at("2027-03-04 12:00")
    assert world.letters("noor") == ["offer_wanted", "offer_reminder"]
    for name in ("noor", "lee"):
        world.gives(round_id, name, THURSDAY)
    assert len(plan(round_id)) == 2
    world.at("2027-03-08 12:00")
    assert states() == ["answered"] * 4


def test_after_the_day_for_answers_nobody_is_reminded_of_a_plan_made_early(world: World) -> None:
    with db.transaction() as session:
        world.person(session, "maya").programme.reminder_days = [2, 6]
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    plan(round_id)
    world.at("2027-03-08 12:00")  # six days after the first of March are the seventh
    assert world.letters("noor") == ["offer_wanted", "offer_reminder"]
    plan(round_id)
    assert set(states()) == {"silent"}


def test_who_has_not_answered_when_the_plan_is_published_counts_as_silent(
    world: World, round_id: int
) -> None:
    for name in ("maya", "sam"):
        world.gives(round_id, name, TUESDAY)
    plan(round_id)
    with db.transaction() as session:
        publishing.publish(session, session.get_one(Round, round_id), clock.now())
    assert states() == ["answered", "silent", "answered", "silent"]
    world.at("2027-03-08 12:00")
    assert "offer_reminder" not in world.letters("noor")


def test_no_chat_is_planned_that_leaves_less_than_a_day_to_answer_it(world: World) -> None:
    """Monday at nine, 24 hours of notice: before Wednesday at nine a student would have had to hurry."""
    round_id = world.round(first=date(2027, 3, 1), last=date(2027, 3, 5))
    for name in ("maya", "sam"):
        world.gives(
            round_id, name, ("2027-03-02 08:00", "2027-03-02 19:00"), ("2027-03-03 08:00", "2027-03-03 09:30")
        )
    assert plan(round_id) == [("Maya", "Sam", "03-03 14:00")]


def test_planning_again_plans_anew_but_for_pinned_pairs(world: World, round_id: int) -> None:
    for name in ("maya", "noor", "sam", "lee"):
        world.gives(round_id, name, TUESDAY, THURSDAY)
    first = plan(round_id)
    assert len(first) == 2
    with db.transaction() as session:
        kept = session.scalars(select(Chat).order_by(Chat.id)).first()
        assert kept is not None
        publishing.pin(session, kept, is_pinned=True)
        kept_id, others = kept.id, select(Chat.id).where(Chat.id != kept.id)
        [gone] = session.scalars(others)
    assert len(plan(round_id)) == 2
    with db.reading() as session:
        ids = set(session.scalars(select(Chat.id)))
    assert kept_id in ids
    assert gone not in ids


def test_a_pair_taken_out_is_not_planned_again_in_this_round(world: World, round_id: int) -> None:
    for name in ("maya", "sam"):
        world.gives(round_id, name, TUESDAY)
    plan(round_id)
    with db.transaction() as session:
        publishing.remove(session, session.scalars(select(Chat)).one(), clock.now())
    assert left_out(round_id) == [("Sam", "removed")]
    with db.reading() as session:
        assert session.scalar(select(Quarter.id)) is None  # the time is free again
    assert plan(round_id) == []


def test_somebody_who_is_both_is_never_in_two_chats_at_once(world: World, round_id: int) -> None:
    with db.transaction() as session:
        world.person(session, "lee").is_mentor = True
    for name in ("maya", "sam"):
        world.gives(round_id, name, TUESDAY)
    one_hour = ("2027-03-09 16:30", "2027-03-09 17:00")
    world.gives(round_id, "lee", one_hour)  # as a mentor
    with db.transaction() as session:
        world.person(session, "lee").is_mentor = False
    world.gives(round_id, "lee", one_hour)  # as a student
    chats = plan(round_id)
    times = [(name, start) for mentor, student, start in chats for name in (mentor, student)]
    assert len(times) == len(set(times))


def test_a_published_plan_can_be_taken_back_for_a_minute(world: World, round_id: int) -> None:
    for name in ("maya", "sam"):
        world.gives(round_id, name, TUESDAY)
    plan(round_id)
    with db.transaction() as session:
        assert publishing.publish(session, session.get_one(Round, round_id), clock.now())
    world.clock.advance(seconds=30)
    world.run()
    assert "chat_proposed" not in world.letters("sam")
    with db.transaction() as session:
        assert publishing.take_back(session, session.get_one(Round, round_id), clock.now())
    world.later(hours=2)
    assert "chat_proposed" not in world.letters("sam")
    with db.transaction() as session:
        assert publishing.publish(session, session.get_one(Round, round_id), clock.now())
    world.later(minutes=2)
    assert "chat_proposed" in world.letters("sam")
    with db.transaction() as session, pytest.raises(NotNow, match="on their way"):
        publishing.take_back(session, session.get_one(Round, round_id), clock.now())


@pytest.mark.parametrize("has_left", [True, False])
def test_taken_back_before_the_answers_are_due_the_silent_are_asked_and_reminded_as_before(
    world: World, round_id: int, *, has_left: bool
) -> None:
    for name in ("maya", "sam"):
        world.gives(round_id, name, TUESDAY)
    if has_left:
        world.run()
    plan(round_id)
    with db.transaction() as session:
        publishing.publish(session, session.get_one(Round, round_id), clock.now())
        publishing.take_back(session, session.get_one(Round, round_id), clock.now())
    with db.reading() as session:
        assert progress.awaited(session, session.get_one(Round, round_id), clock.now()) == 2
    world.later(days=4)
    assert [world.letters(name) for name in ("lee", "noor")] == [
        ["wish_wanted", "wish_reminder"],
        ["offer_wanted", "offer_reminder"],
    ]
