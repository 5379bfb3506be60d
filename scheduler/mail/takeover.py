"""Taking over: the letters of senders who are gone go on with others."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import owners
from scheduler.mail import claims, fates
from scheduler.mail.claims import ORDER, Claimed
from scheduler.mail.envelope import Fate, Outgoing


def take_over(session: Session, now: datetime, machine_now: datetime) -> int:
    """Let go again what those have left behind who are gone, or whose time is over; how many letters.

    They sent one letter after the other: the first of what is left may have arrived, so it counts as
    uncertain; the others they had not begun.
    """
    held = select(Outgoing.owner, func.min(Outgoing.lease_until, type_=Outgoing.lease_until.type))
    rows = session.execute(held.where(Outgoing.state == Fate.SENDING).group_by(Outgoing.owner)).all()
    lost = [
        name
        for name, until in rows
        if name is not None and (until is None or until <= machine_now or owners.is_gone(name))
    ]
    return sum(_take_from(session, name, now) for name in lost)


def _take_from(session: Session, owner: str, now: datetime) -> int:
    theirs = Outgoing.owner == owner, Outgoing.state == Fate.SENDING
    rows = session.scalars(select(Outgoing.id).where(*theirs).order_by(*ORDER).with_for_update()).all()
    if not rows:
        return 0
    columns = [getattr(Outgoing, name) for name in Claimed._fields]
    found = Claimed(*session.execute(select(*columns).where(Outgoing.id == rows[0])).one())
    came_to = fates.after_death(found._replace(attempts=found.attempts - 1), now)
    claims.settle(session, owner, found.id, came_to.state, came_to.why, **came_to.more)
    claims.hand_back(session, owner, rows[1:])
    return len(rows)
