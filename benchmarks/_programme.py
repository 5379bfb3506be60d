"""A programme of any size, made by the service's own verbs: people asked, answering, planned together."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from scheduler import clock, db, logs, settings, wiring
from scheduler.availability import ask_card, asking, slots
from scheduler.availability.ask import Ask
from scheduler.availability.slots import Slot
from scheduler.chats import booking, timekeeping
from scheduler.chats.chat import Chat
from scheduler.life import By
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import RoundAct
from scheduler.rounds import publishing, running
from scheduler.settings import Settings

ZONE = "America/New_York"
EACH = 4
"""Students to a mentor."""
SECRET = "a secret of benchmarks, long enough to sign with"
REASONS = ["both free on that day", "a new mentor for this student"]
DAY = timedelta(days=1)


def environ(folder: Path, database_url: str, **more: str) -> dict[str, str]:
    """The settings of a service that runs on its own in `folder`; all else is as shipped."""
    return {
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET,
        "MAIL_FROM": "Coffee Rounds <rounds@coffee.example.org>",
        "INBOUND": "true",
        **more,
    }


@contextmanager
def wired(known: dict[str, str]) -> Iterator[Settings]:
    """This process as a part of that service, its log lines written and thrown away."""
    found = settings.load(known)
    wiring.start(found)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        logs.configure(found.log_format, nowhere, level=found.log_level)
        yield found
    db.unbind()


def begin(students: int, mentors: int | None = None) -> int:
    """A programme of so many people (a mentor to four students), and its round of two whole weeks."""
    mentors = -(-students // EACH) if mentors is None else mentors
    now = clock.now()
    monday = now.date() + (7 - now.weekday()) * DAY
    with db.transaction() as session:
        programme = Programme(name="Riverside", timezone=ZONE, created_at=now, places=["Main cafeteria"])
        session.add(programme)
        for number in range(students):
            session.add(_person(programme, f"Student {number} Lind", f"s{number}@example.org"))
        for number in range(mentors):
            mentor = _person(programme, f"Dr Mentor {number} Okafor", f"m{number}@example.com", mentor=True)
            session.add(mentor)
        return running.open_round(session, programme, monday + 7 * DAY, monday + 18 * DAY, now).id


def ask(round_id: int) -> int:
    """Ask everybody; how many letters that makes."""
    with db.transaction() as session:
        return running.ask_all(session, session.get_one(Round, round_id), clock.now())


def answer(round_id: int) -> int:
    """Everybody is in, at any of the programme's hours, one after the other; how many receipts that makes."""
    now = clock.now()
    with db.reading() as session:
        ids = session.scalars(select(Ask.id).where(Ask.round_id == round_id)).all()
    for ask_id in ids:
        with db.transaction() as session:
            asked = session.get_one(Ask, ask_id)
            if asked.is_mentor:
                asking.offer(session, asked, _hours(asked, now), now, capacity=EACH)
            else:
                asking.wish(session, asked, now)
    return len(ids)


def plan(round_id: int) -> datetime:
    """A chat for each student, published: from the moment it gives on, they are due to be proposed."""
    now = clock.now()
    with db.transaction() as session:
        round_ = session.get_one(Round, round_id)
        round_.act(RoundAct.DRAFT, now, by=By.COORDINATOR)
        asks = select(Ask).where(Ask.round_id == round_id).order_by(Ask.id)
        mentors = list(session.scalars(asks.where(Ask.role == "mentor")))
        starts = slots.starts(_hours(mentors[0], now), round_.length)
        for number, student in enumerate(session.scalars(asks.where(Ask.role == "student"))):
            mentor, start = mentors[number // EACH], starts[number % EACH * 2]
            booking.plan(
                session, round_, mentor.person, student.person, start, now, by=By.COORDINATOR, reasons=REASONS
            )
        publishing.publish(session, round_, now)
        assert round_.publish_at is not None
        return round_.publish_at


def propose(due: datetime) -> int:
    """Propose every chat that is due, as the sweep does; how many."""
    return db.each_due(Chat, due, lambda session, chat: timekeeping.step(session, chat, due), most=1_000_000)


def _hours(asked: Ask, now: datetime) -> list[Slot]:
    return slots.programme_hours(ask_card.window(asked, now))


def _person(programme: Programme, name: str, email: str, *, mentor: bool = False) -> Person:
    return Person(
        programme=programme,
        name=name,
        email=email,
        created_at=clock.now(),
        is_mentor=mentor,
        is_student=not mentor,
        stage="Attending" if mentor else "MS2",
        institution="Riverside Hospital",
        specialty="Internal medicine",
        capacity=EACH,
    )
