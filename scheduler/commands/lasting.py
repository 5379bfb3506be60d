"""Commands that last: the clock's loop beside them, and the wait until somebody ends them."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from scheduler import queue, ticking
from scheduler.mail.transport import Transport

ENDINGS = (signal.SIGINT, signal.SIGTERM)
PATIENCE_SECONDS = 10
"""How long the end waits for a sweep under way; what is cut off then goes on at the next start."""


class Clockwork:
    """The clock's loop in a thread of this process."""

    def __init__(self, transport: Transport) -> None:
        self._stop = threading.Event()
        # A daemon, so that a sweep that hangs keeps nobody from ending.
        self._thread = threading.Thread(
            target=ticking.loop, args=(transport, self._stop), name="clock", daemon=True
        )

    def start(self) -> None:
        """Begin to sweep."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no other sweep, and wait for the one under way."""
        self._stop.set()
        queue.ring()
        self._thread.join(PATIENCE_SECONDS)


@contextmanager
def endings_held() -> Iterator[None]:
    """Ctrl-C and TERM wait in line for `wait_for_end`, instead of breaking into whatever runs just then."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def wait_for_end() -> None:
    """Wait for Ctrl-C or TERM; only inside `endings_held`."""
    signal.sigwait(ENDINGS)


def run_clock(transport: Transport) -> None:
    """Sweep until this process is told to end."""
    with endings_held():
        clockwork = Clockwork(transport)
        clockwork.start()
        wait_for_end()
        clockwork.stop()
