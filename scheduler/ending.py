"""The end of this process: once it has been told to end, nothing is begun that takes long."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

LOOKS_EVERY = 0.1


class Told(Protocol):
    """Knows whether somebody was told; a threading.Event does, and a Mark."""

    def is_set(self) -> bool:
        """Whether it was told."""
        ...


class Mark:
    """A mark that a signal's handler may set, whatever it breaks into.

    It holds no lock: a threading.Event's may be held by the very thread that the handler breaks into.
    """

    def __init__(self) -> None:
        self._is_set = False

    def set(self, *_: object) -> None:
        """Set it for good; a signal's handler as it stands."""
        self._is_set = True

    def is_set(self) -> bool:
        """Whether it was set."""
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Wait until it is set, at most so long (and a tenth of a second more); whether it is."""
        end = time.monotonic() + seconds
        while not self._is_set and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LOOKS_EVERY))
        return self._is_set


class _Heard:
    told: Told = Mark()


@contextmanager
def heeding(told: Told) -> Iterator[None]:
    """While the block lasts, this process has been told to end as soon as `told` is set."""
    before, _Heard.told = _Heard.told, told
    try:
        yield
    finally:
        _Heard.told = before


def is_told() -> bool:
    """Whether this process has been told to end."""
    return _Heard.told.is_set()
