"""The command line in tests: within the test's process, or as a process of its own."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic

import pytest
from click.testing import CliRunner, Result

from scheduler import cli

COMMAND = str(Path(sys.executable).with_name("coffee-rounds"))


class Commands:
    """`coffee-rounds` on the folder that the environment names."""

    def __call__(self, *words: str, stdin: bytes = b"") -> Result:
        """Run it within this process."""
        return CliRunner().invoke(cli.commands, list(words), input=stdin)

    def must(self, *words: str, stdin: bytes = b"") -> str:
        """Run it, and what it says; it must succeed."""
        answer = self(*words, stdin=stdin)
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    def started(self, *words: str) -> AbstractContextManager["subprocess.Popen[str]"]:
        """Run it as a process of its own, which does not outlive the block."""
        return running(COMMAND, *words)


@contextmanager
def running(*words: str) -> Iterator["subprocess.Popen[str]"]:
    """A program with these words, in this process's surroundings; it does not outlive the block."""
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def service(folder: Path, *words: str, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of the service in this folder, with a log there; it does not outlive the block."""
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DATA_DIR": str(folder / "data"),
        "SECRET_KEY": "a secret of tests that is long enough to sign with",
        **settings,
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([COMMAND, *words], env=environ, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def live_in(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """From now on the working folder is this one, and a command finds nothing but it."""
    for name in ("SMTP_URL", "DATABASE_URL", "REDIS_URL", "ENVIRONMENT", "PORT", "BASE_URL"):
        patch.delenv(name, raising=False)
    patch.setenv("DATA_DIR", str(folder / "data"))
    patch.chdir(folder)


def eventually(is_so: Callable[[], bool], why: str | Callable[[], str], *, within: float = 30.0) -> None:
    """Wait until it is so, looking again and again; it must be within so many seconds."""
    end, pause = monotonic() + within, threading.Event()
    while not is_so():
        assert monotonic() < end, why() if callable(why) else why
        pause.wait(0.05)
