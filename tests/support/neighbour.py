"""Another process on this machine, with a name as owners have them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

NAMED = "from scheduler import owners; print(owners.begin(), flush=True); input()"


class Neighbour(NamedTuple):
    """It lives until it is killed, or the block ends."""

    process: "subprocess.Popen[str]"
    name: str

    def kill(self) -> None:
        """It is dead after this, and stays in the table of processes, unburied, until `process.wait`."""
        self.process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)


@contextmanager
def living() -> Iterator[Neighbour]:
    """A process that has something in hand."""
    words = [sys.executable, "-c", NAMED]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Neighbour(process, process.stdout.readline().strip())
        finally:
            process.kill()
