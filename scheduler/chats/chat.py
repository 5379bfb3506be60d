"""The chat, its two calendar copies, its events and the quarters of an hour it holds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler import life, localtime
from scheduler.availability import slots
from scheduler.chats import lifecycle
from scheduler.chats.lifecycle import Act, Report, State
from scheduler.db import Base, words
from scheduler.life import By, NotNow, Via
from scheduler.programme.person import Person
from scheduler.programme.round import Round


class Copy(Base):
    """One person's calendar event for a chat. Its UID is that person's secret; SEQUENCE never falls."""

    __tablename__ = "copy"
    __table_args__ = (UniqueConstraint("chat_id", "side"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id", ondelete="CASCADE"), init=False)
    side: Mapped[By] = mapped_column(words(By))
    uid: Mapped[str] = mapped_column(String(80), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    agreed_start: Mapped[datetime | None] = mapped_column(default=None)
    """The start this side has agreed to; theirs is shown as accepted while the chat starts then."""
    answer_sequence: Mapped[int] = mapped_column(default=-1)
    """SEQUENCE of the last calendar answer applied; with `answer_stamp` it tells a late one from a new."""
    answer_stamp: Mapped[datetime | None] = mapped_column(default=None)
    answer: Mapped[str] = mapped_column(String(16), default="")
    says_maybe: Mapped[bool] = mapped_column(default=False)
    """Whether their calendar's last word on the present time was "maybe"."""


class Quarter(Base):
    """Fifteen minutes of one person's time, taken by one chat; the database lets it be taken once."""

    __tablename__ = "quarter"
    __table_args__ = (UniqueConstraint("person_id", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id", ondelete="CASCADE"), init=False, index=True)


class Chat(Base):
    """One conversation of two, from planning to its end. Methods take `now` and touch only the chat."""

    __tablename__ = "chat"
    # A draft's chats are deleted; no later one may have the number of one that was.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), init=False, index=True)
    round: Mapped[Round] = relationship(lazy="joined", innerjoin=True)
    mentor_id: Mapped[int] = mapped_column(ForeignKey("person.id"), init=False, index=True)
    mentor: Mapped[Person] = relationship(foreign_keys=[mentor_id], lazy="joined", innerjoin=True)
    student_id: Mapped[int] = mapped_column(ForeignKey("person.id"), init=False, index=True)
    student: Mapped[Person] = relationship(foreign_keys=[student_id], lazy="joined", innerjoin=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    copies: Mapped[list[Copy]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    place: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[State] = mapped_column(words(State), default=State.NEW, index=True)
    since: Mapped[datetime | None] = mapped_column(default=None)
    answer_by: Mapped[datetime | None] = mapped_column(default=None)
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("chat.id"), default=None, unique=True)
    reasons: Mapped[list[Any]] = mapped_column(default_factory=list)
    is_pinned: Mapped[bool] = mapped_column(default=False)
    has_follower: Mapped[bool] = mapped_column(default=False)
    is_listed: Mapped[bool] = mapped_column(default=False)
    """Missed and never tried again: on the coordinator's list."""
    is_settled: Mapped[bool] = mapped_column(default=False)
    """The coordinator has had the last word on whether they met."""
    student_report: Mapped[Report | None] = mapped_column(words(Report), default=None)
    mentor_report: Mapped[Report | None] = mapped_column(words(Report), default=None)
    last_step: Mapped[str | None] = mapped_column(String(24), default=None)
    due_step: Mapped[str | None] = mapped_column(String(24), default=None)
    due_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    quarters: Mapped[list[Quarter]] = relationship(cascade="all, delete-orphan", default_factory=list)
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}

    @property
    def key(self) -> str:
        """What letters about this chat carry in `about`."""
        return f"chat:{self.id}"

    @property
    def length(self) -> timedelta:
        """How long the chat lasts."""
        return self.ends_at - self.starts_at

    @property
    def is_live(self) -> bool:
        """Whether the chat holds both people's time."""
        return self.state in lifecycle.LIVE

    def person(self, side: By) -> Person:
        """The one who is on `side`."""
        return self.student if side is By.STUDENT else self.mentor

    def other(self, side: By) -> Person:
        """The one whom `side` is to meet."""
        return self.mentor if side is By.STUDENT else self.student

    def side(self, person: Person) -> By:
        """Which side `person` is on."""
        return By.STUDENT if person.id == self.student_id else By.MENTOR

    def copy(self, side: By) -> Copy:
        """The calendar event of `side`."""
        return next(copy for copy in self.copies if copy.side is side)

    def report(self, side: By) -> Report | None:
        """What `side` said of whether they met."""
        return self.student_report if side is By.STUDENT else self.mentor_report

    def take_report(self, side: By, report: Report | None) -> None:
        """Keep `side`'s word, or forget it (None); the last one counts."""
        if side is By.STUDENT:
            self.student_report = report
        else:
            self.mentor_report = report

    def act(
        self, act: Act, now: datetime, *, by: By, to: datetime | None = None, place: str | None = None
    ) -> bool:
        """Do `act`; a move goes to the start `to`, and `place` is where the chat is from then on.

        Whether anything changed: moved to when, or put where, it is already, nothing does. Raises NotNow.
        """
        is_there = {Act.MOVE: to == self.starts_at, Act.PLACE: place == self.place}
        if is_there.get(act):
            return False
        state = lifecycle.follow(self.state, act, by, starts_at=self.starts_at, now=now)
        if state is None:
            return False
        if act is Act.MOVE:
            self._move(to, now)
        self.place = self.place if place is None else place
        if act is Act.PLACE:
            return True  # what falls due next is as it was
        self.enter(state, now)
        if act in (Act.PROPOSE, Act.MOVE, Act.AGREE) and state is not State.PLANNED:
            programme = self.round.programme
            self.answer_by = min(now + programme.answer_time, self.starts_at - programme.notice)
        self.plan_ahead(now)
        return True

    def wait_longer(self, now: datetime) -> bool:
        """Give the student their time to answer from now; False when the chat is too near for that."""
        programme = self.round.programme
        last = self.starts_at - programme.notice
        if last <= now:
            return False
        self.answer_by = min(now + programme.answer_time, last)
        self.last_step = None
        self.plan_ahead(now)
        return True

    def wait_until(self, moment: datetime, now: datetime) -> None:
        """Keep the time to answer open until then at least, as far as the notice allows."""
        if self.state is State.PROPOSED and self.answer_by is not None:
            last = self.starts_at - self.round.programme.notice
            self.answer_by = max(self.answer_by, min(moment, last))
            self.plan_ahead(now)

    def _move(self, to: datetime | None, now: datetime) -> None:
        if to is None or to <= now:
            raise NotNow("That time has passed. Please choose another.")
        for copy in self.copies:
            copy.says_maybe = False
        self.starts_at, self.ends_at = to, to + self.length

    def enter(self, state: State, now: datetime) -> None:
        """Stand in `state` from now on, no step of it done yet, holding time or letting it go."""
        # What is held is read before anything is changed: reading it writes changes down, and once is enough.
        held = {(quarter.person_id, quarter.starts_at): quarter for quarter in self.quarters}
        self.state, self.since, self.last_step = state, now, None
        needed = self._needed_quarters()
        for key in held.keys() - needed:
            self.quarters.remove(held[key])
        self.quarters.extend(
            Quarter(person_id=person_id, starts_at=starts_at)
            for person_id, starts_at in sorted(needed - held.keys())
        )

    def _needed_quarters(self) -> set[tuple[int, datetime]]:
        """Whose time, by quarters, the present state and times need."""
        if not self.is_live:
            return set()
        starts = slots.quarters(self.starts_at, self.ends_at)
        return {(person.id, start) for person in (self.mentor, self.student) for start in starts}

    def plan_ahead(self, now: datetime) -> None:
        """Set `due_step` and `due_at` to what time does to this chat next; nothing once it has a follower."""
        agenda = self.agenda()
        upcoming = (
            None
            if self.has_follower
            else life.next_step(agenda, self.last_step, self.since or now, self.anchors())
        )
        if upcoming is None:
            self.due_step = self.due_at = None
            return
        self.due_step, moment = upcoming
        if self.due_step in lifecycle.QUIET_STEPS:
            moment = localtime.after_quiet(moment, self.round.programme.timezone, self.round.quiet)
        self.due_at = moment

    def agenda(self) -> tuple[life.Step, ...]:
        """The present state's agenda, with the programme's own lead times."""
        offsets = self.round.programme.offsets
        agenda = lifecycle.AGENDA.get(self.state, ())
        if "remind_again" not in offsets and self.last_step != "remind_again":  # off by default
            agenda = tuple(step for step in agenda if step.name != "remind_again")
        return life.with_offsets(agenda, offsets)

    def anchors(self) -> Mapping[str, datetime | None]:
        """The moments the agenda's steps are counted from."""
        return {
            "publish_at": self.round.publish_at,
            "answer_by": self.answer_by,
            "starts_at": self.starts_at,
            "morning_after": localtime.next_morning(self.ends_at, self.round.programme.timezone),
        }


class ChatEvent(Base):
    """What happened to a chat and how it stood before: the record, the feed, the way back for undo."""

    __tablename__ = "chat_event"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    chat_id: Mapped[int] = mapped_column(ForeignKey("chat.id", ondelete="CASCADE"), init=False, index=True)
    chat: Mapped[Chat] = relationship()
    what: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[By] = mapped_column(words(By))
    via: Mapped[Via] = mapped_column(words(Via))
    was_state: Mapped[State] = mapped_column(words(State))
    was_starts_at: Mapped[datetime]
    was_answer_by: Mapped[datetime | None]
    was_last_step: Mapped[str | None] = mapped_column(String(24))
    was_since: Mapped[datetime | None]
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("chat_event.id"), default=None, unique=True)

    @property
    def key(self) -> str:
        """What makes a letter of this event unique, with the letter's name and its reader."""
        return f"chat-event:{self.id}"

    @property
    def is_act(self) -> bool:
        """Whether somebody did it (else time did)."""
        return self.what in set(Act)
