"""The signup: what somebody wrote on the signup page, kept until the address is proved."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler.db import Base
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme


class Signup(Base):
    """One use of a signup link; no person stands behind it until the mail to the address is answered."""

    __tablename__ = "signup"
    __table_args__ = (Index("ix_signup_address", "programme_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), init=False)
    programme: Mapped[Programme] = relationship(lazy="joined", innerjoin=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(254), index=True)
    role: Mapped[str] = mapped_column(String(8))
    timezone: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(index=True)
    network_hash: Mapped[str] = mapped_column(String(64))
    """Where it came from, so that a correction is known from a stranger's try."""
    answers: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """The second page: the picker's `keys` and `repeat`, `any_hours`, `note`, `wants`, `offers`."""
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="SET NULL"), default=None, index=True
    )

    @property
    def key(self) -> str:
        """What letters about this signup carry in `about`."""
        return f"signup:{self.id}"

    @property
    def is_mentor(self) -> bool:
        """Whether it asks to mentor (else to be a student)."""
        return self.role == "mentor"

    def correct(self, name: str, role: str, timezone: str, now: datetime) -> None:
        """The first page was sent once more: it replaces the earlier one; another role is asked anew."""
        if role != self.role:
            self.answers = {}
        self.name, self.role, self.timezone, self.asked_at = name, role, timezone, now

    def answer(self, answers: dict[str, Any]) -> bool:
        """Keep what was ticked, in place of what was before; not any more once the address is proved."""
        if self.confirmed_at is not None:
            return False
        self.answers = answers
        return True

    def confirm(self, person: Person, now: datetime) -> None:
        """The address is proved, and `person` (who has an id by now) is who signed up."""
        self.confirmed_at, self.person_id = now, person.id
