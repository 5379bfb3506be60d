"""The end of this process: once it has been told to end, nothing is begun that takes long."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Heard:
    told = threading.Event()


@contextmanager
def heeding(told: threading.Event) -> Iterator[None]:
    """While the block lasts, this process has been told to end as soon as `told` is set."""
    before, _Heard.told = _Heard.told, told
    try:
        yield
    finally:
        _Heard.told = before


def is_told() -> bool:
    """Whether this process has been told to end."""
    return _Heard.told.is_set()
