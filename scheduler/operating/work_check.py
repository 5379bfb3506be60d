"""Whether somebody keeps the clock, sweeps are finished, and nothing is overdue."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import leases, owners, sweep, ticking
from scheduler.availability.ask import Ask
from scheduler.chats.chat import Chat
from scheduler.chats.proposal import Proposal
from scheduler.leases import Lease
from scheduler.mail.envelope import Incoming
from scheduler.operating import finding
from scheduler.operating.finding import Finding, Mark
from scheduler.operating.readiness import SWEPT_WITHIN
from scheduler.programme.round import Round

PATIENCE = timedelta(minutes=5)
"""Work that has waited longer is overdue: the clock sweeps twice a minute."""
START = "start  coffee-rounds run  (or  clock  and  work)"


def look(session: Session, now: datetime, machine_now: datetime) -> Iterator[Finding]:
    """The clock, the last sweep, and the work; the first two by the machine's own time."""
    last = leases.last_done(session, sweep.SWEEP)
    since = None if last is None else machine_now - last
    lease = session.get(Lease, ticking.CLOCK)
    is_kept = lease is not None and lease.until is not None and lease.until > machine_now
    owner = lease.owner if lease is not None and is_kept else None
    yield from _clock(None if owner is None or owners.is_gone(owner) else owner, since)
    yield _sweep(since)
    yield _work(session, now)


def _clock(owner: str | None, since: timedelta | None) -> Iterator[Finding]:
    if owner:
        yield Finding("clock", Mark.WELL, f"The clock is kept by {owners.in_words(owner)}.")
    elif since is not None and since < SWEPT_WITHIN:
        words = "Nobody keeps the clock, yet sweeps are finished: something else calls  coffee-rounds tick."
        yield Finding("clock", Mark.NOTE, words)
    elif since is not None:
        yield Finding("clock", Mark.WRONG, f"Nobody keeps the clock: {START}.")


def _sweep(since: timedelta | None) -> Finding:
    if since is None:
        return Finding("sweep", Mark.NOTE, f"Nobody has looked yet for what is due: {START}.")
    words = f"The last sweep of what is due was finished {finding.lasted(since)} ago."
    return Finding("sweep", Mark.WELL if since < SWEPT_WITHIN else Mark.WRONG, words)


def _work(session: Session, now: datetime) -> Finding:
    dues = [session.scalar(select(func.min(noun.due_at))) for noun in (Incoming, Round, Ask, Chat, Proposal)]
    oldest = min((due for due in dues if due is not None), default=None)
    if oldest is None or now - oldest <= PATIENCE:
        return Finding("work", Mark.WELL, "No work is overdue.")
    return Finding("work", Mark.WRONG, f"Work has been due for {finding.lasted(now - oldest)}: {START}.")
