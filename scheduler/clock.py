"""The only place that reads the clock; the demo adds an offset, so that a round passes in minutes."""

import fcntl
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scheduler.refusal import Refusal


def machine_time() -> datetime:
    """The machine's own time, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place that may


source: Callable[[], datetime] = machine_time
"""Where time comes from. Tests replace this attribute, and no other."""

offset_file: Path | None = None
"""The file all processes of a demo share; None everywhere else. Set by `bind`."""


class BadOffset(Refusal):
    """The file of the demo's clock is damaged; the text is one sentence for people."""


def bind(path: Path | None) -> None:
    """From now on `now` adds the offset standing in `path` (a missing file: none); None ends that."""
    global offset_file
    offset_file = path


def now() -> datetime:
    """The moment, aware, in UTC: read once per request, job or command, and handed down."""
    return source() + offset()


def machine_now() -> datetime:
    """The moment without the demo's offset: for leases and pauses, which no jump of a day may end."""
    return source()


def offset() -> timedelta:
    """How far ahead of the machine the demo's clock runs; nothing without a bound file.

    Raises BadOffset where the file holds anything but a number of seconds.
    """
    if offset_file is None:
        return timedelta()
    try:
        return timedelta(seconds=int(offset_file.read_text(encoding="ascii")))
    except FileNotFoundError:
        return timedelta()
    except (ValueError, OverflowError):
        raise BadOffset(
            f"{offset_file} should hold a number of seconds; delete it to go back to today."
        ) from None


def advance(by: timedelta) -> datetime:
    """Moves the demo's clock ahead by whole seconds, for all who share the file; returns the new `now`.

    Two at once add up. Raises ValueError for a step back: what has happened cannot come again;
    RuntimeError where no file is bound, which is everywhere but in a demo.
    """
    if offset_file is None:
        raise RuntimeError("Only the demo's clock can be moved.")
    if by < timedelta():
        raise ValueError("The clock moves ahead only.")
    offset_file.parent.mkdir(parents=True, exist_ok=True)
    with offset_file.with_name(offset_file.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ahead = offset() + by
        fresh = offset_file.with_name(offset_file.name + ".new")
        fresh.write_text(str(int(ahead.total_seconds())), encoding="ascii")
        os.replace(fresh, offset_file)
    return now()
