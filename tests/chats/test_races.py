"""Many reach for the same time at once: one has it, the others hear so, and nobody is in two places."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import combinations
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.availability import asking
from scheduler.availability.slots import Slot
from scheduler.chats import answering, booking, record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import LIVE, Act, State
from scheduler.life import By, NotNow, Via
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import RoundAct
from scheduler.rounds import absence, running
from tests.support.clock import Clock

TAKERS = 10
ROUNDS = 20 if os.environ.get("CI") or os.environ.get("LONG") else 4


@pytest.fixture
def round_id(service: None) -> int:
    """A running round; one mentor and ten students gave every afternoon of it."""
    now = clock.now()
    with db.transaction() as session:
        programme = Programme(name="Races", timezone="America/New_York", created_at=now)
        session.add(programme)
        round_ = running.open_round(session, programme, date(2027, 3, 8), date(2027, 4, 9), now)
        for act in (RoundAct.ASK, RoundAct.DRAFT, RoundAct.PUBLISH):
            round_.act(act, now, by=By.COORDINATOR)
        round_.publish_at = round_.settle_by = now
        for number in range(TAKERS + 1):
            person = Person(
                programme=programme,
                name=f"Number {number}",
                email=f"number{number}@example.org",
                created_at=now,
                is_mentor=number == 0,
                is_student=number > 0,
                capacity=20,
            )
            session.add(person)
            ask = asking.add(session, round_, person, "mentor" if number == 0 else "student", now)
            asking.offer(session, ask, given(), now) if number == 0 else asking.wish(
                session, ask, now, chosen=given()
            )
        return round_.id


def given() -> list[Slot]:
    """Every afternoon of the round."""
    first = Clock().at("2027-03-08 12:00")
    return [Slot(first + timedelta(days=n), first + timedelta(days=n, hours=8)) for n in range(30)]


def at_once(works: list[Callable[[Session], object]]) -> list[str]:
    """Run each in a thread and a transaction of its own, all from the same moment: "done", or who refused."""
    line = Barrier(len(works))

    def run(work: Callable[[Session], object]) -> str:
        def change() -> None:
            with db.transaction() as session:
                work(session)

        line.wait()
        try:
            db.attempt(change)
        except (NotNow, db.Conflict) as refusal:
            return type(refusal).__name__
        return "done"

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(run, works))


def people(session: Session) -> tuple[Person, list[Person]]:
    """The mentor, and the students."""
    mentor, *students = session.scalars(select(Person).order_by(Person.id))
    return mentor, students


def no_time_is_taken_twice(session: Session) -> bool:
    """Whether no two chats that stand, of the same person, overlap; reckoned from the chats alone."""
    live = session.scalars(select(Chat).where(Chat.state.in_(LIVE)))
    return not any(
        {one.mentor_id, one.student_id} & {other.mentor_id, other.student_id}
        and one.starts_at < other.ends_at
        and other.starts_at < one.ends_at
        for one, other in combinations(live, 2)
    )


def plans(round_id: int, number: int, start: datetime) -> Callable[[Session], object]:
    """The mentor and student `number` are planned together at `start`."""

    def work(session: Session) -> object:
        mentor, students = people(session)
        round_ = session.get_one(Round, round_id)
        return booking.plan(session, round_, mentor, students[number], start, clock.now(), by=By.CLOCK)

    return work


def picks(chat_id: int, start: datetime) -> Callable[[Session], object]:
    """The student of a chat that came to nothing picks `start` for another."""

    def work(session: Session) -> object:
        chat = session.get_one(Chat, chat_id)
        return booking.follow_up(session, chat, start, clock.now(), by=By.STUDENT, via=Via.LINK)

    return work


def declined(session: Session, chat: Chat) -> int:
    answering.decline(session, chat, clock.now(), by=By.STUDENT, via=Via.LINK)
    return chat.id


def test_ten_students_pick_the_same_time_and_one_has_it(round_id: int, clock: Clock) -> None:
    now, noon = clock.now(), Clock().at("2027-03-09 12:00")
    tries = []
    for number in range(TAKERS):
        with db.transaction() as session:
            mentor, students = people(session)
            round_ = session.get_one(Round, round_id)
            start = noon + timedelta(minutes=30 * number)
            chat = booking.plan(session, round_, mentor, students[number], start, now, by=By.CLOCK)
            record.happen(session, chat, Act.PROPOSE, now, via=Via.CLOCK, by=By.CLOCK)
            tries.append(declined(session, chat))
    for number in range(ROUNDS):
        start = noon + timedelta(days=1 + number)
        ends = at_once([picks(chat_id, start) for chat_id in tries])
        assert (ends.count("done"), set(ends) <= {"done", "NotNow", "Conflict"}) == (1, True), ends
        with db.transaction() as session:
            assert no_time_is_taken_twice(session)
            winner = session.scalars(select(Chat).where(Chat.state.in_(LIVE))).one()
            tries[ends.index("done")] = declined(session, winner)


def test_ten_plans_for_the_same_time_leave_one(round_id: int, clock: Clock) -> None:
    for number in range(ROUNDS):
        start, moment = Clock().at("2027-03-09 12:00") + timedelta(days=number), clock.now()
        ends = at_once([plans(round_id, taker, start) for taker in range(TAKERS)])
        assert (ends.count("done"), set(ends) <= {"done", "NotNow", "Conflict"}) == (1, True), ends
        with db.reading() as session:
            assert no_time_is_taken_twice(session)
            assert len(list(session.scalars(select(Chat)))) == number + 1
        with db.transaction() as session:  # the winner runs in the next race too
            chat = session.scalars(select(Chat).where(Chat.state == State.PLANNED)).one()
            record.happen(session, chat, Act.CANCEL, moment, via=Via.CLOCK, by=By.CLOCK)


def test_overlapping_plans_leave_one_of_them(round_id: int, clock: Clock) -> None:
    start = Clock().at("2027-03-09 12:00")
    shifted = [start + timedelta(minutes=15 * (number % 2)) for number in range(TAKERS)]
    ends = at_once([plans(round_id, taker, at) for taker, at in enumerate(shifted)])
    assert ends.count("done") == 1
    with db.reading() as session:
        assert no_time_is_taken_twice(session)


@pytest.mark.parametrize("room", [1, 3])
def test_a_mentor_s_room_is_never_exceeded(round_id: int, clock: Clock, room: int) -> None:
    with db.transaction() as session:
        mentor, _ = people(session)
        ask = asking.find(session, session.get_one(Round, round_id), mentor, "mentor")
        assert ask is not None
        ask.capacity = room
    noon = Clock().at("2027-03-09 12:00")
    ends = at_once([plans(round_id, n, noon + timedelta(minutes=30 * n)) for n in range(TAKERS)])
    assert (ends.count("done"), ends.count("NotNow")) == (room, TAKERS - room)
    with db.reading() as session:
        assert len(list(session.scalars(select(Chat)))) == room


def test_a_student_who_picks_two_chats_at_once_has_one(round_id: int, clock: Clock) -> None:
    now, noon = clock.now(), Clock().at("2027-03-09 12:00")
    with db.transaction() as session:
        mentor, students = people(session)
        students[0].is_mentor = True
        round_ = session.get_one(Round, round_id)
        asking.offer(session, asking.add(session, round_, students[0], "mentor", now), given(), now)
        tries = []
        for number, other in enumerate([mentor, students[0]]):
            start = noon + timedelta(hours=number)
            chat = booking.plan(session, round_, other, students[1], start, now, by=By.CLOCK)
            record.happen(session, chat, Act.PROPOSE, now, via=Via.CLOCK, by=By.CLOCK)
            tries.append(declined(session, chat))
    for number in range(ROUNDS):
        start = noon + timedelta(days=1 + number)
        ends = at_once([picks(chat_id, start + timedelta(hours=n)) for n, chat_id in enumerate(tries)])
        assert sorted(ends) == ["NotNow", "done"]
        with db.transaction() as session:
            winner = session.scalars(select(Chat).where(Chat.state.in_(LIVE))).one()
            tries[ends.index("done")] = declined(session, winner)


def test_who_pauses_while_a_chat_is_picked_has_none_to_be_told_of(round_id: int, clock: Clock) -> None:
    noon = Clock().at("2027-03-09 12:00")

    def pauses(session: Session) -> object:
        return absence.pause(session, people(session)[0], None, clock.now())

    for number in range(ROUNDS):
        start = noon + timedelta(days=number)
        with db.transaction() as session:
            mentor, students = people(session)
            absence.resume(session, mentor)
            round_ = session.get_one(Round, round_id)
            chat = booking.plan(session, round_, mentor, students[0], start, clock.now(), by=By.CLOCK)
            record.happen(session, chat, Act.PROPOSE, clock.now(), via=Via.CLOCK, by=By.CLOCK)
            chat_id = declined(session, chat)
        ends = at_once([pauses, picks(chat_id, start + timedelta(hours=1))])
        assert (ends[0], ends[1] in ("done", "NotNow")) == ("done", True), ends
        with db.reading() as session:
            assert list(session.scalars(select(Chat.state).where(Chat.state.in_(LIVE)))) == []
