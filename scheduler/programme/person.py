"""The person: anyone enrolled in a programme, as mentor, student or both."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler.db import Base, words
from scheduler.life import NotAllowed
from scheduler.programme import names
from scheduler.programme.programme import Programme


class Standing(StrEnum):
    """Whether a person takes part; waiting is for the coordinator's approval."""

    WAITING = "waiting"
    ACTIVE = "active"
    PAUSED = "paused"
    LEFT = "left"


class Person(Base):
    """One enrolled person; the address is unique in the programme, compared in lower case."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("programme_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), init=False)
    programme: Mapped[Programme] = relationship(lazy="joined", innerjoin=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]
    is_mentor: Mapped[bool] = mapped_column(default=False)
    is_student: Mapped[bool] = mapped_column(default=False)
    standing: Mapped[Standing] = mapped_column(words(Standing), default=Standing.ACTIVE)
    paused_until: Mapped[datetime | None] = mapped_column(default=None)
    own_timezone: Mapped[str | None] = mapped_column(String(64), default=None)
    stage: Mapped[str] = mapped_column(String(120), default="")
    institution: Mapped[str] = mapped_column(String(120), default="")
    specialty: Mapped[str] = mapped_column(String(120), default="")
    capacity: Mapped[int] = mapped_column(default=1)
    offers: Mapped[list[Any]] = mapped_column(default_factory=list)
    wants: Mapped[list[Any]] = mapped_column(default_factory=list)
    topics: Mapped[list[Any]] = mapped_column(default_factory=list)
    """What this person, as a mentor, will speak of frankly."""
    asks_about: Mapped[list[Any]] = mapped_column(default_factory=list)
    """What this person, as a student, would like to ask in private; nobody sees it but for what overlaps."""
    place: Mapped[str] = mapped_column(String(200), default="")
    """A room or video link of the person's own, used instead of the programme's places."""
    pattern: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """The weekly pattern last offered (a mentor's), reused by *same times as last round*."""
    never: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """The weekly times that never work (a student's timetable), remembered from round to round."""
    passed: Mapped[int] = mapped_column(default=0)
    """Rounds in a row in which the person was left out for want of room; they go first."""
    undeliverable: Mapped[str] = mapped_column(String(200), default="")
    """Why mail to this person no longer arrives; empty while it does."""
    link_number: Mapped[int] = mapped_column(default=1)
    """Carried by every link of this person; raised to revoke them all."""

    @property
    def timezone(self) -> str:
        """The zone this person reads times in."""
        return self.own_timezone or self.programme.timezone

    @property
    def first_name(self) -> str:
        """How letters greet this person."""
        return names.first_name(self.name)

    def takes_part(self, now: datetime) -> bool:
        """Whether this person may be asked, planned and written to about new chats."""
        if self.undeliverable:
            return False
        if self.standing is Standing.PAUSED:
            return self.paused_until is not None and self.paused_until <= now
        return self.standing is Standing.ACTIVE

    def take_role(self, role: str) -> None:
        """From now on a mentor, or a student, as well as what the person is already."""
        if role == "mentor":
            self.is_mentor = True
        else:
            self.is_student = True

    def come_back(self, *, approved: bool) -> None:
        """Someone who left is here again; `approved` says whether the coordinator need not look first."""
        if self.standing is Standing.LEFT:
            self.standing = Standing.ACTIVE if approved else Standing.WAITING

    def approve(self) -> bool:
        """The coordinator lets a waiting person in; whether anything changed."""
        was_waiting = self.standing is Standing.WAITING
        if was_waiting:
            self.standing = Standing.ACTIVE
        return was_waiting

    def pause(self, until: datetime | None) -> None:
        """No new chats until `until`, or until taken up again."""
        if self.standing is Standing.LEFT:
            raise NotAllowed("You have left the programme, so there is nothing to pause.")
        if self.standing is Standing.WAITING:
            raise NotAllowed("The coordinator has not let you in yet, so there is nothing to pause.")
        self.standing, self.paused_until = Standing.PAUSED, until

    def resume(self) -> None:
        """Take part again; someone who left is not brought back by this."""
        if self.standing is Standing.PAUSED:
            self.standing, self.paused_until = Standing.ACTIVE, None

    def leave(self) -> None:
        """Gone for good; joining again by the signup link is the only way back."""
        self.standing, self.paused_until = Standing.LEFT, None

    def revoke_links(self) -> None:
        """Make every link sent to this person so far stop working."""
        self.link_number += 1
