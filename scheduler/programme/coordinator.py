"""The coordinator, how they sign in, and which programmes they see."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler.db import Base
from scheduler.programme import names
from scheduler.programme.programme import Programme

coordinates = Table(
    "coordinates",
    Base.metadata,
    Column("coordinator_id", ForeignKey("coordinator.id"), primary_key=True),
    Column("programme_id", ForeignKey("programme.id"), primary_key=True),
)


class Coordinator(Base):
    """Someone who runs programmes; the address is their only key."""

    __tablename__ = "coordinator"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    created_at: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(80), default="")
    programmes: Mapped[list[Programme]] = relationship(
        secondary=coordinates, default_factory=list, order_by=Programme.id
    )

    @property
    def first_name(self) -> str:
        """How letters greet this coordinator; "" for one who has told no name."""
        return names.first_name(self.name)


class SignIn(Base):
    """One asked-for sign-in: a link and a code, good once, for ten minutes, in the browser that asked.

    One made by the operator (`browser_hash` empty) is good in any browser, once, for longer.
    """

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    coordinator_id: Mapped[int] = mapped_column(ForeignKey("coordinator.id"), init=False)
    coordinator: Mapped[Coordinator] = relationship()
    asked_at: Mapped[datetime]
    good_until: Mapped[datetime]
    code_hash: Mapped[str] = mapped_column(String(64))
    browser_hash: Mapped[str] = mapped_column(String(64), default="")
    wrong_tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class Seat(Base):
    """A signed-in browser of a coordinator, known by the hash of its cookie."""

    __tablename__ = "seat"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    coordinator_id: Mapped[int] = mapped_column(ForeignKey("coordinator.id"), init=False)
    coordinator: Mapped[Coordinator] = relationship()
    cookie_hash: Mapped[str] = mapped_column(String(64), unique=True)
    since: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
