"""Turns at writing: of all processes of one machine one writes at a time, and who waits comes next.

SQLite lets one write at a time, too, but who waits there looks again after a pause of up to a tenth of a
second, while whoever has just written may begin anew at once: under load some wait for seconds.
"""

import fcntl
import os
import threading
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType

NEXT, NOW = 0, 1
"""Two bytes of the file: who has locked the first is the next to write, who has the second writes now."""
LOOK_AGAIN_SECONDS, PATIENCE_SECONDS = 0.0005, 10.0


class Turn:
    """The right to write, taken with `with`; within it the same thread has it at once.

    A courtesy, not a guarantee: after ten seconds, or where the file cannot be kept, one goes on without it,
    and SQLite's own lock decides. The kernel takes it back from a process that dies.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads, self._depth = threading.RLock(), 0
        self._file: int | None = None

    def __enter__(self) -> None:
        self._threads.acquire()
        self._depth += 1
        if self._depth > 1:
            return
        try:
            self._file = _waited(self._path)
        except BaseException:
            # A job's alarm, or Ctrl-C, while it waited: nobody leaves a turn that was never taken.
            self._depth = 0
            self._threads.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth == 0 and self._file is not None:
            os.close(self._file)
        self._threads.release()


def _waited(path: Path) -> int | None:
    """The file, locked for us until it is closed; while one waits to come up nobody else can come next."""
    ends = monotonic() + PATIENCE_SECONDS
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    is_ours = False
    try:
        is_ours = _is_locked(file, NEXT, ends) and _is_locked(file, NOW, ends)
        fcntl.lockf(file, fcntl.LOCK_UN, 1, NEXT)
    except OSError:
        pass  # a file system without locks
    finally:
        if not is_ours:
            os.close(file)
    return file if is_ours else None


def _is_locked(file: int, which: int, ends: float) -> bool:
    """Whether this byte has become ours before time was up."""
    while True:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, which)
        except BlockingIOError:
            if monotonic() >= ends:
                return False
            sleep(LOOK_AGAIN_SECONDS)
        else:
            return True
