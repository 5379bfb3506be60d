"""Databases without tables, in a file or on the server TEST_POSTGRES_URL names; servers of a test's own."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from scheduler import db
from tests.support import left_out

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "")
KINDS = ["sqlite", *(["postgresql"] if POSTGRES else [])]
"""What is to be had here."""
MINUTE = 60.0
SCRIPT = Path(__file__).with_name("postgres.sh")


@contextmanager
def empty(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database, which is gone after the block."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'empty.sqlite3'}"
        return
    left_out.require(POSTGRES, "TEST_POSTGRES_URL names no PostgreSQL server")
    name = f"empty_{os.getpid()}"
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        admin.dispose()


@contextmanager
def away(tmp_path: Path, url: str) -> Iterator[None]:
    """The service's database is nowhere to be found while the block lasts."""
    db.bind(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}")
    try:
        yield
    finally:
        db.bind(url)


class Server(NamedTuple):
    """A PostgreSQL that can be killed, and made to hang."""

    url: str
    folder: Path

    def crash(self) -> None:
        """Kill it without a word, and start it again."""
        subprocess.run([SCRIPT, "crash", self.folder], check=True)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes every call and answers none while the block lasts, a minute at most: then it goes on.

        So whoever waits for it without end is seen, and the test does not wait with them.
        """
        first = psutil.Process(int((self.folder / "cluster" / "postmaster.pid").read_text().split()[0]))
        first.send_signal(signal.SIGSTOP)  # it makes no others from now on
        rest = first.children(recursive=True)
        for process in rest:
            process.send_signal(signal.SIGSTOP)
        goes_on = threading.Timer(MINUTE, self._go_on, [first, *rest])
        goes_on.start()
        try:
            yield
        finally:
            goes_on.cancel()
            self._go_on(first, *rest)

    def _go_on(self, *processes: psutil.Process) -> None:
        for process in processes:
            process.send_signal(signal.SIGCONT)


@contextmanager
def server(**settings: str) -> Iterator[Server]:
    """A PostgreSQL of the test's own, started in these surroundings; it does not outlive the block."""
    left_out.require(POSTGRES, "TEST_POSTGRES_URL names no PostgreSQL server")
    around = {**os.environ, **settings}
    said = subprocess.run([SCRIPT, "start"], env=around, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = dict(re.findall(r"export (\w+)='(.*)'", said))
    try:
        yield Server(found["TEST_POSTGRES_URL"], Path(found["TEST_POSTGRES_DIR"]))
    finally:
        db.unbind()
        subprocess.run([SCRIPT, "stop", found["TEST_POSTGRES_DIR"]], check=True)
