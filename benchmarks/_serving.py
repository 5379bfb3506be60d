"""A web server in its own process, started in the product's own words."""

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from scheduler.commands import paging

HERE = Path(__file__).parent
OURS, HELLO = "scheduler.app:create_app()", "_hello:pages"


@dataclass(frozen=True)
class Server:
    """Where it listens, and its first process."""

    port: int
    pid: int

    def cpu(self) -> float:
        """The seconds of a core that all its processes have used."""
        first = psutil.Process(self.pid)
        times = [process.cpu_times() for process in (first, *first.children(recursive=True))]
        return sum(one.user + one.system for one in times)


@contextmanager
def running(known: Mapping[str, str], app: str = OURS) -> Iterator[Server]:
    """A server of the pages (or of another `app` of this folder), for the length of the block."""
    port = free_port()
    words = paging.gunicorn(f"127.0.0.1:{port}", paging.PROCESSES)
    words = [app if word == OURS else word for word in words]
    with started([*words, "--pythonpath", str(HERE)], {**known, "PORT": str(port)}) as process:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        yield Server(port, process.pid)


@contextmanager
def started(words: list[str], known: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A process with these settings, its words thrown away; it ends with the block."""
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(words, env={**os.environ, **known}, stdout=nowhere, stderr=nowhere)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """A port nobody listens on."""
    with closing(socket.socket()) as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def wait_for(url: str, seconds: float = 60) -> float:
    """The seconds until this page answered, looked at a hundred times a second."""
    began = monotonic()
    while monotonic() - began < seconds:
        try:
            with urlopen(url, timeout=5):
                return monotonic() - began
        except (URLError, OSError):
            sleep(0.01)
    raise TimeoutError(f"{url} did not answer within {seconds:g} seconds")
