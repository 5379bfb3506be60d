"""Time passing over chats: from one due moment to the next, whatever falls due done, letters posted."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, literal, or_, select, union_all

from scheduler import clock, db, sweep
from scheduler.chats import timekeeping
from scheduler.chats.chat import Chat
from scheduler.chats.proposal import Proposal
from scheduler.mail import delivery
from scheduler.mail.envelope import Fate, Incoming, Outgoing
from scheduler.mail.holds import Hold
from tests.support.mailroom import Mailroom

NOW = bindparam("now", type_=db.UtcDateTime)
CHAT, PROPOSAL, INCOMING, OUTGOING = (model.__table__.c for model in (Chat, Proposal, Incoming, Outgoing))
NEXT = union_all(
    select(func.min(CHAT.due_at)).where(CHAT.due_at > NOW),
    select(func.min(PROPOSAL.due_at)).where(PROPOSAL.due_at > NOW),
    select(func.min(OUTGOING.try_at)).where(OUTGOING.try_at > NOW, OUTGOING.state == Fate.WAITING),
)
DUE = union_all(
    *(
        select(literal(number), column.id, column.due_at).where(column.due_at <= NOW)
        for number, column in enumerate((INCOMING, CHAT, PROPOSAL))
    )
).order_by("due_at", "id")
TO_BE_SENT = select(
    exists().where(
        or_(
            OUTGOING.state == Fate.SENDING,
            and_(OUTGOING.state == Fate.WAITING, or_(OUTGOING.try_at <= NOW, OUTGOING.useful_until <= NOW)),
        )
    )
)
STOPPED = (
    *(
        model.__table__.update().where(model.__table__.c.due_at.is_not(None)).values(due_at=None)
        for model in (Incoming, Chat, Proposal)
    ),
    Outgoing.__table__.update().where(OUTGOING.state == Fate.WAITING).values(state=Fate.WITHDRAWN),
    Hold.__table__.delete(),
)
STEPS: dict[int, tuple[type[Any], Any]] = {1: (Chat, timekeeping.step), 2: (Proposal, timekeeping.expire)}


def next_due(now: datetime) -> datetime | None:
    """The next moment after `now` at which a chat, a new time or a letter has something due."""
    with db.reading() as session:
        moments = list(session.scalars(NEXT, {"now": now}))
    return min((moment for moment in moments if moment is not None), default=None)


def do_due(now: datetime) -> None:
    """Do what a sweep does at `now`, letters aside; but a fault is raised, where a sweep puts it off."""
    due = _due(now)
    if any(kind == 0 for kind, _ in due):
        sweep.read_mails(now)
        due = _due(now)
    for kind, (model, step) in STEPS.items():
        for row_id in (row_id for found, row_id in due if found == kind):
            with db.transaction() as session:
                row = session.get_one(model, row_id)
                if row.due_at is not None and row.due_at <= now:
                    step(session, row, now)


def post(mailroom: Mailroom) -> None:
    """Send the letters that may leave; where none may, and none comes too late, there is nothing to begin."""
    with db.reading() as session:
        is_any = session.scalar(TO_BE_SENT, {"now": clock.now()})
    if is_any:
        delivery.deliver(mailroom, clock.now)


def stop_all() -> None:
    """Nothing that is under way falls due any more, no letter leaves, and none is kept back later."""
    with db.transaction() as session:
        for stopped in STOPPED:
            session.execute(stopped)


def _due(now: datetime) -> list[tuple[int, int]]:
    with db.reading() as session:
        return [(kind, row_id) for kind, row_id, _ in session.execute(DUE, {"now": now})]
