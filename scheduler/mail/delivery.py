"""Delivery: letters leave at the pace that is set; never lost, at most once more per crash."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import db
from scheduler.mail import claims, takeover
from scheduler.mail.claims import OnRefused
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.mail.sending import BATCH, Clock, Sender, Trip
from scheduler.mail.transport import Transport

LETTERS_A_CONNECTION = 20
"""A further connection is opened only when those there are have so many letters each."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast letters leave (0: as fast as they can), over how many connections; how long they are kept."""

    per_minute: int = 0
    per_domain: int = 0
    """In a minute, to each domain."""
    connections: int = 2
    keep: timedelta = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run came to: how many letters left, and whether there is more to do at once."""

    sent: int
    is_more: bool


class _Bound:
    pace = Pace()


_bound = _Bound()


def bind(pace: Pace) -> None:
    """Let letters leave at this pace from now on."""
    _bound.pace = pace


def pace() -> Pace:
    """At which pace letters leave."""
    return _bound.pace


def deliver(
    transport: Transport,
    now: Clock,
    *,
    machine_now: Clock | None = None,
    on_refused: OnRefused | None = None,
    most: int = 10_000,
    for_at_most: timedelta = timedelta(seconds=10),
) -> Run:
    """Send what is due, a batch at a time over each connection; no letter is begun when the time is over,
    or when this process has been told to end.

    The one action that keeps its own transactions: none is open while a letter is on the wire. When an
    address is refused, `on_refused` is told of the letter and the server's words, in the transaction in
    which that letter is given up. Leases and the run's length are counted on the machine's own time.
    """
    machine_now = machine_now or now
    if not _is_any(now()):
        return Run(sent=0, is_more=False)
    db.attempt(partial(_tidy_up, now(), machine_now()))
    due = _count_due(now())
    more = min(max(due - 1, 0) // LETTERS_A_CONNECTION, _bound.pace.connections - 1)
    others = [other for _ in range(more) if (other := transport.another()) is not None]
    share = -(-due // (1 + len(others)))
    trip = Trip(now, machine_now, _brake, on_refused, most=most, at_once=share, length=for_at_most)
    runs = [_Beside(Sender(trip, other)) for other in others]
    for run in runs:
        run.start()
    try:
        Sender(trip, transport).run()
    finally:
        trip.was_tried.set()
        for run in runs:
            run.join()
    if errors := [run.error for run in runs if run.error is not None]:
        raise errors[0]
    return Run(sent=trip.sent, is_more=trip.is_cut_short and _count_due(now()) > 0)


class _Beside(threading.Thread):
    """A sender beside the first. A daemon: a letter that hangs keeps no process from ending."""

    def __init__(self, sender: Sender) -> None:
        super().__init__(name="sender", daemon=True)
        self._sender = sender
        self.error: Exception | None = None
        """What ended it too soon."""

    def run(self) -> None:
        """Send, once the first has tried a letter."""
        try:
            self._sender.run_beside()
        except Exception as error:
            self.error = error


def next_try(session: Session, now: datetime, machine_now: datetime | None = None) -> datetime | None:
    """The next moment at which a letter may leave: its own, a hold's end, or the end of a lost lease.

    A letter behind an earlier one about the same thing has no moment of its own, nor has one that is held
    until somebody lets it go. None when none waits.
    """
    kept_back = _brake(session, now)
    first, whole = func.min(Outgoing.try_at), kept_back.everything
    moments = [claims.first_try(session, now, kept_back)]
    for domain, end in kept_back.named("domain").items():
        here = session.scalar(select(first).where(Outgoing.state == Fate.WAITING, Outgoing.domain == domain))
        moments.append(max(here, end) if here is not None else None)
    ahead = [max(moment, whole or moment) for moment in moments if moment is not None]
    lost = session.scalar(select(func.min(Outgoing.lease_until)).where(Outgoing.state == Fate.SENDING))
    if lost is not None:
        ahead.append(now + (lost - (machine_now or now)))
    return min((moment for moment in ahead if moment != claims.NEVER), default=None)


def _brake(session: Session, now: datetime, *, to_claim: bool = False) -> claims.Brake:
    known = _bound.pace
    if to_claim and (known.per_minute or known.per_domain):
        claims.wait_for_turn(session)
    return claims.brake(session, now, per_minute=known.per_minute, per_domain=known.per_domain)


def _is_any(now: datetime) -> bool:
    with db.reading() as session:
        return claims.is_any(session, now)


def _tidy_up(now: datetime, machine_now: datetime) -> None:
    """Take over from those who are gone, and take back what would come too late."""
    with db.transaction() as session:
        takeover.take_over(session, now, machine_now)
        claims.expire(session, now)


def _count_due(now: datetime) -> int:
    """How many letters may be begun now, counted no further than it matters."""
    with db.reading() as session:
        kept_back = _brake(session, now)
        return claims.count_due(session, now, kept_back, BATCH * _bound.pace.connections)
