"""Reading: what was written about something, and what its readers have, or may have, in hand."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.mail.envelope import Outgoing
from scheduler.mail.outbox import HEARD


class Written(NamedTuple):
    """One letter as its reader knows it: whether they may have it, and what it brings to their calendar."""

    person_id: int | None
    recipient: str
    is_heard: bool
    method: str | None
    sequence: int | None
    stamp: datetime | None
    starts_at: datetime | None
    shows: str


COLUMNS = (
    Outgoing.person_id,
    Outgoing.recipient,
    HEARD,
    Outgoing.method,
    Outgoing.sequence,
    Outgoing.stamp,
    Outgoing.starts_at,
    Outgoing.shows,
)


def about(session: Session, key: str) -> list[Written]:
    """Every letter about this, to whomever and whatever became of it, oldest first."""
    rows = select(*COLUMNS).where(Outgoing.about == key).order_by(Outgoing.id)
    return [Written(*row) for row in session.execute(rows)]


def last_calendar(letters: Iterable[Written]) -> Written | None:
    """The last of these that changes a calendar."""
    return next((letter for letter in reversed(list(letters)) if letter.method is not None), None)
