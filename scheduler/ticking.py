"""The clock's loop: a sweep whenever the bell rings, and every half minute in any case."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from scheduler import clock, queue, sweep
from scheduler.mail.transport import Transport

log = structlog.get_logger()
EVERY_SECONDS = 30
_one_at_a_time = threading.Lock()


@contextmanager
def alone() -> Iterator[None]:
    """No sweep of this process begins while the block lasts; in it the demo's clock may jump.

    A jump in the midst of a sweep would let the leases of letters on their way run out.
    """
    with _one_at_a_time:
        yield


def tick(transport: Transport) -> int:
    """One sweep of everything due, now; how many things were done."""
    with alone():
        return sweep.sweep(transport, clock.now)


def loop(transport: Transport, stop: threading.Event, *, every: float = EVERY_SECONDS) -> None:
    """Sweep until `stop` is set. A sweep that fails is logged, and the next one comes all the same."""
    while not stop.is_set():
        try:
            tick(transport)
        except Exception:
            log.exception("sweep failed")
        queue.wait(every)
