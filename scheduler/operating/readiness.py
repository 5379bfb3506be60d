"""Whether the service is ready: what pages, work and mail need, and what is amiss in a sentence each."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from scheduler import broker, clock, db, leases, sweep
from scheduler.mail import holds, outbox
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.operating import finding, schema
from scheduler.settings import Settings

SWEPT_WITHIN = timedelta(minutes=5)
LEFT_WITHIN = timedelta(minutes=15)
BROKER_SECONDS, DATABASE_SECONDS = 0.3, 2
"""How long one answer is waited for; a look has a few of them."""
BROKER_GONE = "The broker that REDIS_URL names does not answer."
DATABASE_GONE = "The database does not answer."


class Readiness(NamedTuple):
    """Whether it is ready, in sentences that name no address: why not, and what else is worth knowing."""

    reasons: tuple[str, ...] = ()
    """Why it is not ready; none when it is."""
    notes: tuple[str, ...] = ()
    """What is meant to be as it is, and should surprise nobody."""


def look(known: Settings) -> Readiness:
    """How ready the service is.

    Within a second when the broker hangs, within a few when the database does. Without REDIS_URL the broker
    is no reason: where there is none, the clock does the work alone.
    """
    looks = [_begun(known.database_url, lambda: _database(known), DATABASE_GONE)]
    seconds = [2.0 * DATABASE_SECONDS]
    if known.redis_url:
        looks.append(_begun(known.redis_url, lambda: _broker(known.redis_url), BROKER_GONE))
        seconds.append(2 * BROKER_SECONDS)
    found = [look.found(most) for look, most in zip(looks, seconds, strict=True)]
    reasons = tuple(reason for one in found for reason in one.reasons)
    return Readiness(reasons, tuple(note for one in found for note in one.notes))


class _Look(threading.Thread):
    """A look at something that may hang, on a thread of its own."""

    def __init__(self, look: Callable[[], Readiness], otherwise: str) -> None:
        super().__init__(name="readiness", daemon=True)
        self._look, self._found = look, Readiness((otherwise,))

    def run(self) -> None:
        self._found = self._look()

    def found(self, seconds: float) -> Readiness:
        """What it saw within so many seconds, else what is said of a look that hangs."""
        self.join(seconds)
        return self._found


_under_way: dict[str, _Look] = {}
_one_by_one = threading.Lock()


def _begun(url: str, look: Callable[[], Readiness], otherwise: str) -> _Look:
    """The look under way at `url`, begun now where there is none: what hangs is looked at once."""
    with _one_by_one:
        former = _under_way.get(url)
        if former is not None and former.is_alive():
            return former
        begun = _under_way[url] = _Look(look, otherwise)
        begun.start()
        return begun


def _broker(url: str) -> Readiness:
    return Readiness() if broker.answers(url, seconds=BROKER_SECONDS) else Readiness((BROKER_GONE,))


def _database(known: Settings) -> Readiness:
    try:
        with db.looking(known.database_url, DATABASE_SECONDS) as session:
            if not schema.is_current(session.connection()):
                return Readiness(("The database does not have this version's tables.",))
            has_pace = known.mail_per_minute > 0 or known.mail_per_domain > 0
            reasons = (*_sweep(session), *_letters(session, has_pace=has_pace))
            return Readiness(reasons, tuple(_paused(session)))
    except SQLAlchemyError:
        return Readiness((DATABASE_GONE,))


def _sweep(session: Session) -> Iterator[str]:
    last = leases.last_done(session, sweep.SWEEP)
    if last is None:
        yield "No sweep of what is due has been finished yet."
    elif (since := clock.machine_now() - last) >= SWEPT_WITHIN:
        yield f"The last sweep of what is due was finished {finding.lasted(since)} ago."


def _letters(session: Session, *, has_pace: bool) -> Iterator[str]:
    """At a pace that is set many letters may wait long, in order; then it is enough that some leave."""
    now = clock.now()
    oldest = outbox.oldest_due(session, now)
    if oldest is None or now - oldest < LEFT_WITHIN:
        return
    left = select(func.max(Outgoing.settled_at)).where(Outgoing.state == Fate.SENT)
    last = session.scalar(left) if has_pace else None
    if last is None or now - last >= SWEPT_WITHIN:
        yield f"A letter has been due for {finding.lasted(now - oldest)}."


def _paused(session: Session) -> Iterator[str]:
    """Whoever asks need not be one of ours, so the reason is not told."""
    if (hold := holds.find(session, holds.ALL)) is not None:
        yield f"All mail has been held back by the operator for {finding.lasted(clock.now() - hold.since)}."
