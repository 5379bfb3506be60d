"""A process of its own that does some work and dies at a named point of it, as by kill -9."""

import os
import re
import signal
import warnings
from collections.abc import Callable

from scheduler import crashpoint
from tests.support.sources import ROOT

_NAMED = re.compile(r'crashpoint\("([a-z_.]+)"\)')


def points(*beginnings: str) -> list[str]:
    """The names of all points in the code; those alone that begin so, if any beginning is given."""
    paths = (ROOT / "scheduler").rglob("*.py")
    names = {name for path in paths for name in _NAMED.findall(path.read_text("utf-8"))}
    return sorted(name for name in names if name.startswith(beginnings or ""))


def dies_at(name: str, passing: int, work: Callable[[], object]) -> None:
    """Do the work in a forked process that dies at this passing of the point, which must be reached."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child only works, and is gone
        pid = os.fork()
    if pid == 0:
        try:
            crashpoint.arm(name, passing)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), f"{name} was not passed {passing} times"
    assert os.WTERMSIG(status) == signal.SIGKILL
