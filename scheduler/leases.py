"""Leases: who of several processes does what only one may do at a time, and when it was last done.

They run on the machine's own time, so that a demo's jump of a day ends none.
"""

from datetime import datetime, timedelta

from sqlalchemy import String, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from scheduler import owners
from scheduler.db import Base


class Lease(Base):
    """One kind of work: who has it, until when, and when it was last finished."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    owner: Mapped[str | None] = mapped_column(String(120), default=None)
    until: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)


def take(session: Session, name: str, owner: str, now: datetime, *, length: timedelta) -> bool:
    """Whether `owner` has `name` from now for `length`: it is free, run out, or theirs already (renewed).

    Whoever is known to be gone (`owners`) is not waited for; of two who see that at once, one gets it.
    """
    _ensure(session, name)
    is_free = or_(Lease.owner.is_(None), Lease.owner == owner, Lease.until <= now)
    seen = session.scalar(select(Lease.owner).where(Lease.name == name))
    if seen is not None and owners.is_gone(seen):
        is_free = or_(is_free, Lease.owner == seen)
    taken = update(Lease).where(Lease.name == name, is_free).values(owner=owner, until=now + length)
    return bool(session.execute(taken).rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def let_go(session: Session, name: str, owner: str) -> None:
    """Give `name` back, so that another need not wait; of somebody else's nothing happens."""
    session.execute(
        update(Lease).where(Lease.name == name, Lease.owner == owner).values(owner=None, until=None)
    )


def note_done(session: Session, name: str, now: datetime) -> None:
    """Write down that `name` was finished just now, by whoever."""
    _ensure(session, name)
    session.execute(update(Lease).where(Lease.name == name).values(done_at=now))


def last_done(session: Session, name: str) -> datetime | None:
    """When `name` was last finished; None when it never was."""
    found = session.get(Lease, name)
    return found.done_at if found is not None else None


def _ensure(session: Session, name: str) -> None:
    """The row is there; two who make it at once get one."""
    if session.get(Lease, name) is not None:
        return
    try:
        with session.begin_nested():
            session.add(Lease(name=name))
            session.flush()
    except IntegrityError:
        session.expire_all()
