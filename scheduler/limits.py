"""Rate limits, counted in the database so that they hold when everything else is gone."""

import hashlib
from datetime import UTC, datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from scheduler.db import Base


class Count(Base):
    """How often something happened in one span of time."""

    __tablename__ = "limit_count"
    __table_args__ = (UniqueConstraint("key", "began_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(String(80))
    began_at: Mapped[datetime] = mapped_column(index=True)
    times: Mapped[int] = mapped_column(default=0)


def allows(session: Session, what: str, whom: str, now: datetime, *, most: int, within: timedelta) -> bool:
    """Count one more `what` by `whom` and say whether it is still among the first `most` of its span.

    Spans are fixed and follow one another. `whom` (an address, a network) is kept as a hash only.
    """
    key = f"{what}:{hashlib.sha256(whom.encode()).hexdigest()[:32]}"
    seconds = int(within.total_seconds())
    began_at = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
    row = session.scalar(select(Count).where(Count.key == key, Count.began_at == began_at).with_for_update())
    if row is None:
        row = Count(key=key, began_at=began_at)
        session.add(row)
    row.times += 1
    session.flush()
    return row.times <= most


def forget(session: Session, before: datetime) -> None:
    """Drop the counts of spans begun before `before`."""
    session.execute(delete(Count).where(outlived(before)))


def outlived(before: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Counts of spans begun before that."""
    return Count.began_at < before
