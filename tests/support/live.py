"""The service as real processes: all that `run` starts, a mail server that counts, a clock to be moved."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

import psutil
from sqlalchemy import func, or_, select

from scheduler import broker, clock, db, queue, sweep
from scheduler.mail.envelope import Fate, Outgoing
from tests.support.commands import COMMAND, eventually, free_port
from tests.support.counting import CountingSink
from tests.support.http_client import HttpClient
from tests.support.mailroom import Mail, Mailroom

START = datetime(2031, 3, 3, 8, tzinfo=UTC)
"""A Monday, nine o'clock in Berlin."""
PASSING = "A_COMMAND_OF_THE_TEST"
"""In the surroundings of commands that end by themselves: they are no part of what runs."""
WITHIN_SECONDS = 120
"""In which everything due must be done on one host, whatever died before."""


class Live:
    """A service in `folder`, on `database_url`; nothing runs before `start`, and nothing after the block."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self.folder = folder
        self.mailroom = Mailroom()
        self.mails: list[tuple[str, Mail]] = []
        self.ids: list[str] = []
        self.service: subprocess.Popen[bytes] | None = None
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a secret of tests that is long enough to sign with",
            "INBOUND": "true",
            "CLOCK_OFFSET_FILE": str(folder / "offset"),
            "LOG_LEVEL": "warning",
            **settings,
        }

    def __enter__(self) -> Self:
        port = free_port()
        self.environ |= {
            "SMTP_URL": self.open_mail_server(),
            "PORT": str(port),
            "BASE_URL": f"http://127.0.0.1:{port}",
        }
        self.client = HttpClient(self.environ["BASE_URL"])
        clock.bind(self.folder / "offset")
        clock.advance(START - clock.now())
        self.command("upgrade")
        db.bind(self.environ["DATABASE_URL"])
        queue.bind(broker.address(self.environ.get("REDIS_URL", ""), self.folder / "data"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if self.service is not None:
            self.service.wait()
        self.close_mail_server()
        db.unbind()
        queue.unbind()
        clock.bind(None)

    def open_mail_server(self) -> str:
        """Start the mail server that letters go to; its SMTP_URL."""
        self.sink = CountingSink(self.folder).__enter__()
        return self.sink.url

    def close_mail_server(self) -> None:
        """End the mail server."""
        self.sink.__exit__(None, None, None)

    def command(self, *words: str, given: bytes = b"") -> str:
        """Run a command of the service; what it printed. It must succeed."""
        done = subprocess.run(
            [COMMAND, *words],
            input=given,
            env=self.environ | {PASSING: "yes"},
            capture_output=True,
            timeout=120,
            check=False,
        )
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == 0, said
        return done.stdout.decode()

    def start(self, *, wait: bool = True) -> None:
        """Start everything, as an operator or an init system would; with `wait`, until the pages answer."""
        with (self.folder / "service.log").open("ab") as log:
            self.service = subprocess.Popen(
                [COMMAND, "run"], env=self.environ, stdout=log, stderr=log, start_new_session=True
            )
        if wait:
            self.client.get("/healthz")

    def processes(self) -> list[psutil.Process]:
        """Every process of this service that is there, whoever its parent: all that have its data folder."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            words = process.cmdline()
            given = process.environ()
            is_broker = any(self.environ["DATA_DIR"] in word for word in words)
            return is_broker or (given.get("DATA_DIR") == self.environ["DATA_DIR"] and PASSING not in given)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def collect(self) -> list[tuple[str, Mail]]:
        """The mails that came since the last look, put into mailboxes and calendars."""
        new = []
        for to, raw in self.arrived():
            self.mailroom.send("", to, raw)
            new.append((to, Mail(raw, self.client)))  # type: ignore[arg-type]  # speaks as Flask's does
            self.ids.append(str(new[-1][1].parsed["Message-ID"]))
        self.mails += new
        return new

    def arrived(self) -> Iterator[tuple[str, bytes]]:
        """What the mail server took since the last look: the recipient, and the bytes."""
        return self.sink.arrived()

    @property
    def extra_copies(self) -> int:
        """How many letters came once more than they should have, all in all."""
        return sum(times - 1 for times in Counter(self.ids).values())

    def is_settled(self) -> bool:
        """Whether nothing is due now and no letter is on its way."""
        now = clock.now()
        with db.reading() as session:
            due = sweep.next_due(session, now)
            on_its_way = session.scalar(select(func.count(Outgoing.id)).where(Outgoing.state == Fate.SENDING))
        return not on_its_way and (due is None or due > now)

    def settle(self) -> float:
        """Wait until all that is due was done; the seconds it took."""
        began = monotonic()
        eventually(self.is_settled, lambda: f"not done in time: {self.what_is_left()}", within=WITHIN_SECONDS)
        return monotonic() - began

    def what_is_left(self) -> str:
        """For a message: the letters that have not left, and why."""
        with db.reading() as session:
            open_ones = or_(Outgoing.state == Fate.SENDING, Outgoing.state == Fate.WAITING)
            rows = session.execute(
                select(Outgoing.id, Outgoing.letter, Outgoing.state, Outgoing.why).where(open_ones).limit(5)
            )
            return str(list(rows))

    def passes(self, time: timedelta) -> None:
        """Time passes; what fell due meanwhile is for the service, which is woken as by its own clock."""
        self.passes_unheard(time)
        queue.ring("tick")

    def passes_unheard(self, time: timedelta) -> None:
        """Time passes, and it is for the service alone to find out."""
        clock.advance(time)

    def passes_to(self, moment: datetime) -> None:
        """Time passes until `moment` has come."""
        self.passes(max(moment - clock.now(), timedelta(0)) + timedelta(seconds=1))

    def next_due(self) -> datetime | None:
        """When something falls due next, if anything does."""
        with db.reading() as session:
            return sweep.next_due(session, clock.now())
