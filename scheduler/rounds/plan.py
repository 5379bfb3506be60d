"""What a plan leaves behind beside its chats: who was left out, and why."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler.db import Base
from scheduler.programme.person import Person


class LeftOut(Base):
    """A student who is in the round and has no chat in its plan; `reason` is the planner's word for it."""

    __tablename__ = "left_out"
    __table_args__ = (UniqueConstraint("round_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), init=False)
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    reason: Mapped[str] = mapped_column(String(24))
    change: Mapped[str] = mapped_column(String(200), default="")
    """The smallest change that would have helped, in words for the coordinator."""
    told_at: Mapped[datetime | None] = mapped_column(default=None)
