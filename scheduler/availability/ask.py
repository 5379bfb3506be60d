"""The ask: one person being asked to take part in a round, and the times they gave."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler import life, localtime
from scheduler.availability import asks
from scheduler.availability.asks import AskAct, AskState
from scheduler.availability.slots import Slot
from scheduler.db import Base, words
from scheduler.life import By
from scheduler.programme.person import Person
from scheduler.programme.round import Round


class OfferedSlot(Base):
    """A span of time somebody gave for a round."""

    __tablename__ = "offered_slot"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    ask_id: Mapped[int] = mapped_column(ForeignKey("ask.id", ondelete="CASCADE"), init=False, index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    @property
    def slot(self) -> Slot:
        """The span as a plain value."""
        return Slot(self.starts_at, self.ends_at)


class Ask(Base):
    """One person, asked in one role; answered by a mentor's offer or a student's wish."""

    __tablename__ = "ask"
    __table_args__ = (UniqueConstraint("round_id", "person_id", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), init=False, index=True)
    round: Mapped[Round] = relationship(lazy="joined", innerjoin=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), init=False, index=True)
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    role: Mapped[str] = mapped_column(String(8))
    asked_at: Mapped[datetime]
    capacity: Mapped[int] = mapped_column(default=1)
    state: Mapped[AskState] = mapped_column(words(AskState), default=AskState.ASKED)
    since: Mapped[datetime | None] = mapped_column(default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    any_hours: Mapped[bool] = mapped_column(default=False)
    """A student who is in and keeps to the programme's hours rather than ticking times."""
    note: Mapped[str] = mapped_column(String(280), default="")
    answers: Mapped[int] = mapped_column(default=0)
    """How often it was answered; every answer is an event with its own receipt."""
    last_step: Mapped[str | None] = mapped_column(String(24), default=None)
    due_step: Mapped[str | None] = mapped_column(String(24), default=None)
    due_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    offered: Mapped[list[OfferedSlot]] = relationship(
        cascade="all, delete-orphan", default_factory=list, order_by=OfferedSlot.starts_at
    )

    @property
    def key(self) -> str:
        """What letters about this ask carry in `about`."""
        return f"ask:{self.id}"

    @property
    def is_mentor(self) -> bool:
        """Whether the person was asked for an offer (else for a wish)."""
        return self.role == "mentor"

    @property
    def slots(self) -> list[Slot]:
        """The times given, soonest first."""
        return [offered.slot for offered in self.offered]

    def act(self, act: AskAct, now: datetime, *, by: By) -> bool:
        """Do `act`; whether anything changed. Raises life.NotNow."""
        to = asks.follow(self.state, act, by)
        if to is None:
            return False
        self.state, self.last_step = to, None
        self.since = self.asked_at if act is AskAct.UNPLAN else now
        if act not in asks.NOBODY_S:
            self.answers += 1
            self.answered_at = now
        self.plan_ahead(now)
        return True

    def give(self, slots: list[Slot]) -> None:
        """Replace all the times given before."""
        self.offered = [OfferedSlot(starts_at=slot.starts_at, ends_at=slot.ends_at) for slot in slots]

    def plan_ahead(self, now: datetime) -> None:
        """Set `due_step` and `due_at` to the next reminder, out of quiet hours; none once answered."""
        programme = self.round.programme
        upcoming = life.next_step(
            asks.agenda(self.state, programme.reminder_days), self.last_step, self.since or self.asked_at, {}
        )
        if upcoming is None or upcoming[1] >= self.round.answer_by:
            self.due_step = self.due_at = None
            return
        self.due_step = upcoming[0]
        self.due_at = localtime.after_quiet(upcoming[1], self.person.timezone, self.round.quiet)
