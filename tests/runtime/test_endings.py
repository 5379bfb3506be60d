"""Told to end in the midst of letters: the one under way is finished, no other is begun, none comes twice."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from scheduler import broker, db, queue
from scheduler.mail import fates, transport
from scheduler.operating import schema
from tests.support import brokers, post
from tests.support.commands import eventually, service
from tests.support.mailroom import Mailroom
from tests.support.scripted_smtp import SILENCE, serving
from tests.support.slow_sink import SlowSmtp, slowly

pytestmark = pytest.mark.usefixtures("smtp_allowed")
ONE = {"MAIL_CONNECTIONS": "1"}
LETTERS, LETTER_SECONDS = 12, 1.0
SOON = 5.0
"""Within so many seconds it ends; the supervisor's patience is twice as long."""
ENDS_WITHIN = 12.0
"""The clock waits nine seconds for a letter under way, and a busy machine takes its time."""


@pytest.fixture
def outbox(database: str) -> Iterator[str]:
    """A database in which letters wait."""
    schema.upgrade(database)
    db.bind(database)
    post.put(*post.many(LETTERS))
    yield database
    db.unbind()


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
        settings = {"DATABASE_URL": outbox, "REDIS_URL": url, "SMTP_URL": sink.url, **ONE}
        with service(tmp_path, "work", "prompt", **settings) as worker:
            eventually(lambda: broker.answers(url), "no broker")
            queue.bind(url)
            assert queue.ring("deliver")
            ends_between_letters(worker, sink)
        queue.unbind()
        all_arrive_once(sink)


def test_a_clock_does_the_same(tmp_path: Path, outbox: str) -> None:
    nowhere = f"unix://{tmp_path / 'nobody'}"
    with slowly(LETTER_SECONDS) as sink:
        settings = {
            "DATABASE_URL": outbox,
            "REDIS_URL": nowhere,
            "SMTP_URL": sink.url,
            "MAIL_CONNECTIONS": "1",
        }
        with service(tmp_path, "clock", **settings) as clock:
            ends_between_letters(clock, sink)
        all_arrive_once(sink)


def test_a_clock_alone_ends_in_time_though_letters_hang_at_several_connections(
    tmp_path: Path, database: str
) -> None:
    schema.upgrade(database)
    db.bind(database)
    post.put(*post.many(60))
    nowhere = f"unix://{tmp_path / 'nobody'}"
    with slowly(20) as sink:
        settings = {"DATABASE_URL": database, "REDIS_URL": nowhere, "SMTP_URL": sink.url}
        with service(tmp_path, "clock", **settings, MAIL_CONNECTIONS="3") as clock:
            eventually(lambda: sink.taken, "no letter leaves")
            clock.terminate()
            told = monotonic()
            clock.wait(30)
            assert monotonic() - told < ENDS_WITHIN
    db.unbind()


def test_a_job_that_hangs_ends_its_worker_and_a_letter_under_way_counts_as_uncertain(
    tmp_path: Path, database: str
) -> None:
    schema.upgrade(database)
    db.bind(database)
    post.put(post.letter(1), post.letter(2, about="chat:2", never_twice=True))
    with brokers.running(tmp_path / "broker") as url, serving({"dot": ["250 kept", SILENCE]}) as sink:
        settings = {"DATABASE_URL": database, "REDIS_URL": url, "SMTP_URL": sink.url}
        with service(tmp_path, "work", "prompt", **settings) as worker:
            eventually(lambda: broker.answers(url), "no broker")
            with broker.connected(url) as connection:
                prompt = Queue("prompt", connection=connection, serializer=JSONSerializer)
                prompt.enqueue_call("scheduler.jobs.deliver", timeout=3)
            assert worker.wait(15) == -signal.SIGALRM
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert post.deliver(Mailroom()) == 0
    assert post.fates() == [("sent", 1, "250 kept"), ("given up", 1, fates.DIED)]
    db.unbind()
