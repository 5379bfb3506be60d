"""The round: one run of a programme, from asking to closing."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler import life, localtime
from scheduler.db import Base, words
from scheduler.life import By
from scheduler.programme import names, stages
from scheduler.programme.programme import Programme
from scheduler.programme.stages import RoundAct, Stage

PUBLISH_AFTER = timedelta(seconds=60)
"""Publishing can be taken back for a minute."""
REFILL_AFTER = timedelta(minutes=10)
EXTRA_DAYS = 14
"""So many days after its last date a chat of the round that came to nothing may still find another time."""


class Round(Base):
    """One round; its dates are local to the programme's zone, both included."""

    __tablename__ = "round"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), init=False, index=True)
    programme: Mapped[Programme] = relationship(lazy="joined", innerjoin=True)
    first_on: Mapped[date]
    last_on: Mapped[date]
    answer_by: Mapped[datetime]
    minutes: Mapped[int]
    created_at: Mapped[datetime]
    state: Mapped[Stage] = mapped_column(words(Stage), default=Stage.OPEN)
    since: Mapped[datetime | None] = mapped_column(default=None)
    blocked: Mapped[list[Any]] = mapped_column(default_factory=list)
    """Spans of dates without chats: `{"from": date, "to": date, "stage": year or ""}`."""
    quiet_from: Mapped[str | None] = mapped_column(String(5), default=None)
    """Where the round's quiet hours are its own, with `quiet_to`; None while they are the programme's."""
    quiet_to: Mapped[str | None] = mapped_column(String(5), default=None)
    settle_by: Mapped[datetime | None] = mapped_column(default=None)
    publish_at: Mapped[datetime | None] = mapped_column(default=None)
    refill_at: Mapped[datetime | None] = mapped_column(default=None)
    last_step: Mapped[str | None] = mapped_column(String(24), default=None)
    due_step: Mapped[str | None] = mapped_column(String(24), default=None)
    due_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}

    @property
    def key(self) -> str:
        """What letters about this round carry in `about`."""
        return f"round:{self.id}"

    @property
    def length(self) -> timedelta:
        """How long a chat of this round lasts."""
        return timedelta(minutes=self.minutes)

    @property
    def quiet(self) -> tuple[time, time]:
        """The local hours in which time writes to nobody about this round: its own, else the programme's."""
        if self.quiet_from is None or self.quiet_to is None:
            return self.programme.quiet
        return time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_to)

    @property
    def ends_at(self) -> datetime:
        """The end of the last date, in the programme's zone."""
        return localtime.end_of_day(self.last_on, self.programme.timezone)

    @property
    def last_extra_on(self) -> date:
        """The last date on which a chat that came to nothing, or is moved, may find another time."""
        return self.last_on + timedelta(days=EXTRA_DAYS)

    @property
    def extra_ends_at(self) -> datetime:
        """The end of that date, in the programme's zone."""
        return localtime.end_of_day(self.last_extra_on, self.programme.timezone)

    @property
    def is_over(self) -> bool:
        """Whether nothing is arranged in it any more."""
        return self.state in stages.OVER

    @property
    def title(self) -> str:
        """How letters and pages call it: its dates."""
        return localtime.dates(self.first_on, self.last_on)

    def is_asking(self, now: datetime) -> bool:
        """Whether answers are waited for: asked, not published, and the moment to answer by lies ahead."""
        return self.state in (Stage.ASKING, Stage.DRAFTED) and now < self.answer_by

    def blocked_for(self, stage: str) -> list[tuple[date, date]]:
        """The spans of dates without chats for someone of `stage` (a student's year)."""
        year = _year(stage)
        return [
            (date.fromisoformat(span["from"]), date.fromisoformat(span["to"]))
            for span in self.blocked
            if not span["stage"] or span["stage"].casefold() == year
        ]

    def blocked_for_nobody(self, known: Iterable[str]) -> list[str]:
        """The years with dates without chats that none of the stages in `known` is, as first written."""
        years: dict[str, str] = {}
        for span in self.blocked:
            years.setdefault(span["stage"].casefold(), span["stage"])
        nobodys = years.keys() - {"", *map(_year, known)}
        return [year for folded, year in years.items() if folded in nobodys]

    def act(self, act: RoundAct, now: datetime, *, by: By) -> bool:
        """Do `act`; whether anything changed. Raises life.NotNow."""
        to = stages.follow(self.state, act, by)
        if to is None:
            return False
        if to is not self.state:
            self.state, self.since = to, now
            self.last_step = None
        if act is RoundAct.SETTLE:
            self.last_step = act
        self.plan_ahead(now)
        return True

    def unpublish(self, now: datetime) -> None:
        """Back to the draft, as if it had not been published."""
        self.state, self.since, self.last_step = Stage.DRAFTED, now, None
        self.publish_at = self.settle_by = self.refill_at = None
        self.plan_ahead(now)

    def following(self, now: datetime, *, refill_at: datetime | None) -> tuple[str | None, datetime | None]:
        """What comes first, and when: the agenda's next step, or a refill at `refill_at`."""
        upcoming = life.next_step(
            stages.AGENDA.get(self.state, ()),
            self.last_step,
            self.since or now,
            {"answer_by": self.answer_by, "settle_by": self.settle_by, "ends_at": self.ends_at},
        )
        if refill_at is not None and self.state is Stage.RUNNING:
            refill = ("refill", refill_at)
            return min(upcoming or refill, refill, key=lambda step: step[1])
        return upcoming or (None, None)

    def plan_ahead(self, now: datetime) -> None:
        """Set `due_step` and `due_at` to what comes first."""
        self.due_step, self.due_at = self.following(now, refill_at=self.refill_at)


def _year(stage: str) -> str:
    """A person's stage as the years of blocked dates are compared with."""
    return names.clean_text(stage, 60).casefold()
