"""The clock: who holds its lease asks for a sweep every half minute, and sweeps itself when nobody does."""

import threading
from datetime import timedelta

import structlog
from sqlalchemy.exc import OperationalError

from scheduler import clock, db, ending, leases, owners, queue, sweep
from scheduler.mail.transport import Transport

log = structlog.get_logger()

CLOCK = "clock"
"""The name of the clock's lease."""
EVERY_SECONDS = 30.0
ALONE_EVERY_SECONDS = 2.0
"""Without a broker nothing wakes the clock, so it looks more often."""
LEASE = timedelta(seconds=75)
TRUST = timedelta(minutes=2)
"""After so long without a finished sweep the clock sweeps itself, whatever the broker says."""

OWNER = owners.begin()
"""This process, for as long as it lives: another clock sees at once when it is gone."""


def tick(transport: Transport) -> int:
    """One sweep of everything due, now, letters and all; how many things were done."""
    done = sweep.sweep(transport, clock.now, machine_now=clock.machine_now)
    sweep.note_finished(clock.machine_now())
    return done


def loop(transport: Transport, stop: threading.Event) -> None:
    """Keep the clock until `stop` is set. Two at once take turns: the second waits for the first's lease.

    A beat that fails is logged, and the next one comes all the same. What is the machine's trouble (a full
    disk, a database that is away) is said in a line, once until it is over or another.
    """
    trouble = ""
    with ending.heeding(stop):
        while not stop.is_set():
            wait, before = ALONE_EVERY_SECONDS, trouble
            try:
                wait, trouble = beat(transport), ""
            except (OperationalError, OSError) as error:
                trouble = " ".join(str(getattr(error, "orig", error)).split())
            except Exception:
                log.exception("the clock missed a beat")
            if trouble != before:
                log.warning("the clock misses its beats" if trouble else "the clock goes on", why=trouble)
            stop.wait(wait)
    _let_go()


def beat(transport: Transport) -> float:
    """Ask a worker for a sweep, or sweep here; the seconds until the next beat."""
    now = clock.machine_now()
    with db.transaction() as session:
        if not leases.take(session, CLOCK, OWNER, now, length=LEASE):
            return EVERY_SECONDS / 2
        last = leases.last_done(session, sweep.SWEEP)
    is_rung = queue.ring("tick")
    if is_rung and last is not None and now - last < TRUST:
        return EVERY_SECONDS
    tick(transport)
    return EVERY_SECONDS if is_rung else ALONE_EVERY_SECONDS


def _let_go() -> None:
    """The next clock need not wait; if that cannot be written, the lease runs out by itself."""
    try:
        with db.transaction() as session:
            leases.let_go(session, CLOCK, OWNER)
    except Exception:
        log.exception("the clock's lease could not be given back")
