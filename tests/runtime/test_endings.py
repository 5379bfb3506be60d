"""Told to end in the midst of letters: the one under way is finished, no other is begun, none comes twice."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from scheduler import broker, db, queue
from scheduler.mail import transport
from scheduler.operating import schema
from tests.support import brokers, post
from tests.support.commands import COMMAND, eventually
from tests.support.slow_sink import SlowSmtp, slowly

pytestmark = pytest.mark.usefixtures("smtp_allowed")
LETTERS, LETTER_SECONDS = 12, 1.0
SOON = 5.0
"""Within so many seconds it ends; the supervisor's patience is twice as long."""


@pytest.fixture
def outbox(database: str) -> Iterator[str]:
    """A database in which letters wait."""
    schema.upgrade(database)
    db.bind(database)
    post.put(*post.many(LETTERS))
    yield database
    db.unbind()


@contextmanager
def started(folder: Path, *words: str, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of the service, which does not outlive the block."""
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DATA_DIR": str(folder / "data"),
        "SECRET_KEY": "a secret of tests that is long enough to sign with",
        "MAIL_CONNECTIONS": "1",
        **settings,
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([COMMAND, *words], env=environ, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ends_between_letters(process: "subprocess.Popen[bytes]", sink: SlowSmtp) -> None:
    """Once it has begun its third letter and is told to end, it ends soon; the rest waits, untouched."""
    eventually(lambda: len(sink.taken) >= 3, "no letter leaves")
    process.terminate()
    told, begun = monotonic(), len(sink.taken)
    process.wait(30)
    assert monotonic() - told < SOON
    left = len(sink.taken)
    assert begun <= left <= begun + 1
    tried = [("sent", 1, "250 kept")] * left
    assert post.fates() == tried + [("waiting", 0, "")] * (LETTERS - left)


def all_arrive_once(sink: SlowSmtp) -> None:
    while post.deliver(transport.to(sink.url)):
        pass
    assert post.states() == ["sent"] * LETTERS
    assert sink.copies == {row.raw: 1 for row in post.rows()}


def test_a_worker_finishes_its_letter_and_hands_the_rest_back(tmp_path: Path, outbox: str) -> None:
    with brokers.running(tmp_path / "broker") as url, slowly(LETTER_SECONDS) as sink:
        settings = {"DATABASE_URL": outbox, "REDIS_URL": url, "SMTP_URL": sink.url}
        with started(tmp_path, "work", "prompt", **settings) as worker:
            eventually(lambda: broker.answers(url), "no broker")
            queue.bind(url)
            assert queue.ring("deliver")
            ends_between_letters(worker, sink)
        queue.unbind()
        all_arrive_once(sink)


def test_a_clock_does_the_same(tmp_path: Path, outbox: str) -> None:
    nowhere = f"unix://{tmp_path / 'nobody'}"
    with slowly(LETTER_SECONDS) as sink:
        settings = {"DATABASE_URL": outbox, "REDIS_URL": nowhere, "SMTP_URL": sink.url}
        with started(tmp_path, "clock", **settings) as clock:
            ends_between_letters(clock, sink)
        all_arrive_once(sink)
