"""The bell: a hint to the clock's loop that something may be due now; one that gets lost costs a wait."""

import threading

_bell = threading.Event()


def ring() -> None:
    """Ask for a sweep soon; a second ring before it begins is the same as one."""
    _bell.set()


def wait(seconds: float) -> bool:
    """Wait for a ring, at most `seconds`; whether there was one. The bell is quiet again afterwards."""
    rung = _bell.wait(seconds)
    _bell.clear()
    return rung
