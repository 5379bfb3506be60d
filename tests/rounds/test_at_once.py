"""Planning, answers, moves and pauses of the same people all at once: each is done or politely refused."""

import os
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import combinations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clock, db, sweep
from scheduler.availability import asking
from scheduler.availability.slots import Slot
from scheduler.chats import answering, booking, freetime, timekeeping
from scheduler.chats.chat import Chat, Quarter
from scheduler.chats.lifecycle import LIVE, State
from scheduler.life import By, NotAllowed, NotNow, Via
from scheduler.mail import delivery
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.stages import RoundAct
from scheduler.rounds import absence, running
from tests.support import passing, truth
from tests.support.clock import Clock
from tests.support.mailroom import Mailroom

MENTORS, STUDENTS = 3, 6
TIMES = 40 if os.environ.get("CI") or os.environ.get("LONG") else 15
SIDES = (By.STUDENT, By.MENTOR)
Deed = Callable[[Session, random.Random], object]


@pytest.fixture
def round_id(service: None, clock: Clock) -> int:
    """A running round in which three mentors and six students all gave the same few afternoons."""
    now = clock.now()
    start = Clock().at("2027-03-09 13:00")
    given = [Slot(start + timedelta(days=n), start + timedelta(days=n, hours=2)) for n in range(3)]
    with db.transaction() as session:
        programme = Programme(name="Riverside", timezone="America/New_York", created_at=now)
        session.add(programme)
        round_ = running.open_round(session, programme, date(2027, 3, 8), date(2027, 3, 19), now)
        for number in range(MENTORS + STUDENTS):
            role = "mentor" if number < MENTORS else "student"
            person = Person(
                programme=programme,
                name=f"{role.title()} {number}",
                email=f"{role}{number}@example.org",
                created_at=now,
                is_mentor=role == "mentor",
                is_student=role == "student",
                capacity=2,
            )
            session.add(person)
            ask = asking.add(session, round_, person, role, now)
            asking.offer(session, ask, given, now) if role == "mentor" else asking.wish(
                session, ask, now, chosen=given
            )
        for act in (RoundAct.ASK, RoundAct.DRAFT, RoundAct.PUBLISH):
            round_.act(act, now, by=By.COORDINATOR)
        round_.publish_at = round_.settle_by = now
        return round_.id


def some_chat(session: Session, chance: random.Random) -> Chat:
    chats = list(session.scalars(select(Chat.id).order_by(Chat.id.desc()).limit(MENTORS + STUDENTS)))
    if not chats:
        raise NotNow("There is no chat yet.")
    return session.get_one(Chat, chance.choice(chats))


def answer(session: Session, chance: random.Random) -> None:
    verb = chance.choice([answering.accept, answering.accept, answering.decline, answering.cancel])
    verb(session, some_chat(session, chance), clock.now(), by=chance.choice(SIDES), via=Via.LINK)


def move(session: Session, chance: random.Random) -> None:
    chat, by = some_chat(session, chance), chance.choice([*SIDES, By.COORDINATOR])
    times = freetime.common_times(session, chat, clock.now())
    verb = booking.move if chat.is_live else booking.follow_up
    if times:
        verb(session, chat, chance.choice(times), clock.now(), by=by, via=Via.LINK)


def pause(session: Session, chance: random.Random) -> None:
    person = chance.choice(list(session.scalars(select(Person).order_by(Person.id))))
    if person.takes_part(clock.now()):
        absence.pause(session, person, clock.now() + timedelta(days=1), clock.now())
    else:
        absence.resume(session, person)


def many(deed: Deed, seed: int) -> Counter[str]:
    """Do it again and again as a page would, each time in a transaction of its own; how it ended."""
    chance, ends = random.Random(seed), Counter[str]()

    def once() -> None:
        with db.transaction() as session:
            deed(session, chance)

    for _ in range(TIMES):
        try:
            db.attempt(once)
            ends["done"] += 1
        except (NotNow, NotAllowed, db.Conflict) as refusal:
            ends[type(refusal).__name__] += 1
    return ends


def plan(round_id: int) -> Counter[str]:
    """The coordinator plans the running round again and again, which fills it up with those left out."""
    ends = Counter[str]()
    for _ in range(TIMES):
        try:
            db.attempt(lambda: sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR))
            ends["done"] += 1
        except (NotNow, db.Conflict) as refusal:
            ends[type(refusal).__name__] += 1
    return ends


def keep_time(mailroom: Mailroom) -> Counter[str]:
    """The clock's work beside it: due steps, and letters that leave."""
    now = clock.now()
    for _ in range(TIMES):
        db.each_due(Chat, now, lambda session, chat: timekeeping.step(session, chat, now))
        delivery.deliver(mailroom, clock.now)
    return Counter(done=TIMES)


def let_pass(time: timedelta, clock_: Clock, mailroom: Mailroom) -> None:
    until = clock_.now() + time
    while (moment := passing.next_due(clock_.now())) is not None and moment < until:
        clock_.moment = moment
        passing.do_due(moment)
        passing.post(mailroom)
    clock_.moment = until
    passing.post(mailroom)


def overlaps(one: Chat, other: Chat) -> bool:
    same = {one.mentor_id, one.student_id} & {other.mentor_id, other.student_id}
    return bool(same) and one.starts_at < other.ends_at and other.starts_at < one.ends_at


def check(session: Session) -> None:
    """Nobody is in two places or away from an open chat, no student has two, no mentor too many."""
    live = list(session.scalars(select(Chat).where(Chat.state.in_(LIVE))))
    unsettled = [chat for chat in live if chat.state is not State.CONFIRMED]
    assert all(chat.person(side).takes_part(clock.now()) for chat in unsettled for side in SIDES)
    assert [(one.id, other.id) for one, other in combinations(live, 2) if overlaps(one, other)] == []
    assert max(Counter(chat.student_id for chat in live).values(), default=0) <= 1
    assert max(Counter(chat.mentor_id for chat in live).values(), default=0) <= 2
    held = {
        (person_id, chat.id, chat.starts_at + timedelta(minutes=15 * number))
        for chat in live
        for person_id in (chat.mentor_id, chat.student_id)
        for number in range(2)
    }
    rows = session.execute(select(Quarter.person_id, Quarter.chat_id, Quarter.starts_at))
    assert {tuple(row) for row in rows} == held


def test_all_at_once_nobody_hears_of_a_fault_and_all_is_true(
    round_id: int, clock: Clock, mailroom: Mailroom
) -> None:
    assert plan(round_id)["done"] == TIMES
    with ThreadPoolExecutor(8) as threads:
        runs = [
            threads.submit(many, deed, seed) for seed, deed in enumerate([answer, answer, move, move, pause])
        ]
        runs += [threads.submit(plan, round_id), threads.submit(keep_time, mailroom)]
        ends = [run.result() for run in runs]
    assert all(ended["done"] for ended in ends), ends
    with db.reading() as session:
        check(session)
    let_pass(timedelta(minutes=61), clock, mailroom)
    with db.reading() as session:
        check(session)
        truth.check(session, mailroom, clock.now())
