"""The cast: Maya and Noor mentor, Sam and Lee study, Ada coordinates, Eve must see nothing."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clock, db, sweep
from scheduler.availability import asking, slots
from scheduler.availability.asks import AskAct, AskState
from scheduler.availability.slots import Slot
from scheduler.chats import booking, record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Act
from scheduler.life import By, Via
from scheduler.mail import inbox, replies
from scheduler.mail.envelope import Outgoing
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import RoundAct
from scheduler.rounds import running
from tests.support import truth
from tests.support.clock import Clock
from tests.support.mailroom import Mail, Mailroom, Page, look

ZONE = "America/New_York"
CAST = ("Maya", "Noor", "Sam", "Lee")
STANDS_STILL = 20
"""So many sweeps at one moment, with something due all the while, mean that it will never be done."""


class World:
    """A programme with its cast, a clock that stands still, and the mail that has left."""

    def __init__(self, clock_: Clock, mailroom: Mailroom) -> None:
        self.clock, self.mailroom = clock_, mailroom
        self._desk: FlaskClient | None = None

    def begin(self, *, zone: str = ZONE, names: Sequence[str] = CAST) -> None:
        """The programme, its coordinator, and those of the cast who are enrolled; no round yet."""
        now = clock.now()
        with db.transaction() as session:
            programme = Programme(name="Riverside", timezone=zone, created_at=now, places=["Main cafeteria"])
            session.add(programme)
            session.add(
                Coordinator(email="ada@example.org", name="Ada", created_at=now, programmes=[programme])
            )
            for name in names:
                role = "mentor" if name in ("Maya", "Noor") else "student"
                title = f"Dr {name} Okafor" if role == "mentor" else f"{name} Lind"
                session.add(
                    Person(
                        programme=programme,
                        name=title,
                        email=f"{name.lower()}@example.org",
                        created_at=now,
                        is_mentor=role == "mentor",
                        is_student=role == "student",
                    )
                )

    def run(self, *, until: datetime | None = None) -> int:
        """What the worker does now; with `until`, moving the clock from one due moment to the next."""
        done = sweep.sweep(self.mailroom, clock.now)
        still = 0
        while until is not None:
            moment = self.next_due()
            if moment is None or moment > until:
                self.clock.moment = until
                return done + sweep.sweep(self.mailroom, clock.now)
            still = 0 if moment > clock.now() else still + 1
            assert still < STANDS_STILL, f"something due at {moment} is never done"
            self.clock.moment = max(moment, clock.now())
            done += sweep.sweep(self.mailroom, clock.now)
        return done

    def next_due(self) -> datetime | None:
        """The next moment at which time will do something, not counting the coordinators' mornings."""
        with db.reading() as session:
            return sweep.next_due(session, clock.now())

    def later(self, **by: int) -> None:
        """Let time pass, doing all that falls due on the way."""
        self.run(until=clock.now() + timedelta(**by))

    def at(self, wall: str) -> None:
        """Let time pass until this wall time of the programme."""
        here = Clock(self.clock.zone)
        self.run(until=here.at(wall))

    def person(self, session: Session, name: str) -> Person:
        return session.scalars(select(Person).where(Person.email == f"{name}@example.org")).one()

    def round(self, *, first: date, last: date, minutes: int = 30, ask: bool = True) -> int:
        """A round, asked unless told otherwise; its id."""
        with db.transaction() as session:
            programme = session.scalars(select(Programme)).one()
            round_ = running.open_round(session, programme, first, last, clock.now(), minutes=minutes)
            if ask:
                running.ask_all(session, round_, clock.now())
            return round_.id

    def gives(self, round_id: int, name: str, *slots: tuple[str, str]) -> None:
        """Somebody's times, as local walls: ("2027-03-02 16:30", "2027-03-02 18:30")."""
        here = Clock(self.clock.zone)
        times = [Slot(here.at(starts), here.at(ends)) for starts, ends in slots]
        with db.transaction() as session:
            round_, person = session.get_one(Round, round_id), self.person(session, name)
            role = "mentor" if person.is_mentor else "student"
            ask = asking.add(session, round_, person, role, clock.now())
            if person.is_mentor:
                asking.offer(session, ask, times, clock.now())
            else:
                asking.wish(session, ask, clock.now(), chosen=times)

    def chat(self, round_id: int, mentor: str, student: str, wall: str, *, proposed: bool = True) -> int:
        """A chat of these two, planned by hand and (unless told otherwise) proposed; its id."""
        start = Clock(self.clock.zone).at(wall)
        now = clock.now()
        with db.transaction() as session:
            round_ = session.get_one(Round, round_id)
            if round_.publish_at is None:
                round_.act(RoundAct.DRAFT, now, by=By.COORDINATOR)
                round_.act(RoundAct.PUBLISH, now, by=By.COORDINATOR)
                round_.publish_at = round_.settle_by = now
            people = self.person(session, mentor), self.person(session, student)
            for person, role in zip(people, ("mentor", "student"), strict=True):
                self._is_in(session, round_, person, role, start)
            chat = booking.plan(session, round_, *people, start, now, by=By.CLOCK)
            if proposed:
                record.happen(session, chat, Act.PROPOSE, now, via=Via.CLOCK, by=By.CLOCK)
            return chat.id

    def events(self, name: str) -> list[tuple[str, str]]:
        """What stands in somebody's calendar: (start in UTC, PARTSTAT), soonest first."""
        return self.mailroom.events(name)

    def last(self, name: str) -> Mail:
        """The newest mail to somebody of the cast."""
        return self.mailroom.last(name)

    def answers(self, name: str, partstat: str, *, style: str = "google", to: Mail | None = None) -> None:
        """Somebody presses their calendar's button on an invitation, or their last; the answer is read."""
        invitation = to or [mail for mail in self.mailroom.to(name) if mail.method == "REQUEST"][-1]
        raw = replies.reply(invitation.raw, partstat, stamp=clock.now(), style=style)
        with db.transaction() as session:
            inbox.store(session, raw, clock.now())
        self.run()

    def board(self, path: str = "/board") -> Page:
        """A page of the board in Ada's browser, in which she has signed in by the mailed link."""
        found = look(self._desk, path) if self._desk is not None else None
        if found is not None and not found.url.startswith("/sign-in"):
            return found
        assert self.mailroom.client is not None
        self._desk = self.mailroom.client.application.test_client()
        look(self._desk, "/sign-in").press("Send me a sign-in mail", email="ada@example.org")
        self.run()
        letter = next(mail for mail in reversed(self.mailroom.to("ada")) if "Sign in" in mail.subject)
        Mail(letter.raw, self._desk).open("Sign in:").press("Sign in")
        return look(self._desk, path)

    def calendars_are_true(self) -> None:
        """Everybody's calendar shows exactly the chats as they stand, and Eve has had no mail."""
        with db.reading() as session:
            truth.check(session, self.mailroom, clock.now())

    def _is_in(self, session: Session, round_: Round, person: Person, role: str, start: datetime) -> None:
        """Whoever has a chat planned by hand is in the round, at that time at least, without a letter."""
        ask = asking.add(session, round_, person, role, self.clock.now())
        if ask.state is not AskState.ANSWERED:
            ask.act(AskAct.ANSWER, self.clock.now(), by=By(role))
        ask.give(slots.merge([*ask.slots, Slot(start, start + round_.length)]))

    def state(self, chat_id: int) -> str:
        with db.reading() as session:
            return str(session.get_one(Chat, chat_id).state)

    def letters(self, name: str) -> list[str]:
        """The names of the letters that have left to somebody, oldest first."""
        with db.reading() as session:
            rows = select(Outgoing.letter).where(
                Outgoing.recipient == f"{name}@example.org", Outgoing.state == "sent"
            )
            return list(session.scalars(rows.order_by(Outgoing.settled_at, Outgoing.id)))
