"""Who must not meet whom: wishes of either side, conflicts of interest, and pairs taken out of a draft."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db import Base, words


class Why(StrEnum):
    """Whose wish an exclusion is; `draft` is good for one round only."""

    CLASS_LIST = "class list"
    PERSON = "person"
    COORDINATOR = "coordinator"
    DRAFT = "draft"


class Exclusion(Base):
    """Two people who are never planned together, whichever of them said so; never shown to either."""

    __tablename__ = "exclusion"
    __table_args__ = (UniqueConstraint("person_id", "other_id", "why", "round_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    why: Mapped[Why] = mapped_column(words(Why))
    made_at: Mapped[datetime]
    round_id: Mapped[int | None] = mapped_column(ForeignKey("round.id"), default=None)
