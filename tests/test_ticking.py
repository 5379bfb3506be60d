"""The clock: it rings, sweeps itself when nobody answers, and leaves the work to whoever holds its lease."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from scheduler import clock, db, leases, queue, sweep, ticking
from scheduler.operating import schema
from tests.support import brokers, neighbour
from tests.support.clock import Clock
from tests.support.commands import eventually
from tests.support.mailroom import Mailroom

pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture
def ringing(tmp_path: Path) -> Iterator[Queue]:
    """A broker with nobody working at it; its prompt queue."""
    with brokers.running(tmp_path) as url:
        queue.bind(url)
        yield Queue("prompt", connection=redis.Redis.from_url(url), serializer=JSONSerializer)
    queue.unbind()


def swept_at() -> object:
    with db.reading() as session:
        return leases.last_done(session, sweep.SWEEP)


def test_without_a_broker_the_clock_sweeps_itself_every_two_seconds(mailroom: Mailroom) -> None:
    queue.unbind()
    assert ticking.beat(mailroom) == 2.0
    assert swept_at() == clock.now()


def test_with_workers_that_work_the_clock_only_rings(
    mailroom: Mailroom, clock: Clock, ringing: Queue
) -> None:
    sweep.note_finished(clock.now())
    at = clock.now()
    clock.advance(minutes=1)
    assert ticking.beat(mailroom) == 30.0
    assert [job.func_name for job in ringing.get_jobs()] == ["scheduler.jobs.tick"]
    assert swept_at() == at


def test_when_no_worker_has_finished_for_two_minutes_the_clock_sweeps_itself(
    mailroom: Mailroom, clock: Clock, ringing: Queue
) -> None:
    sweep.note_finished(clock.now())
    clock.advance(minutes=2)
    assert ticking.beat(mailroom) == 30.0
    assert swept_at() == clock.now()


def test_a_second_clock_waits_until_the_first_is_gone(mailroom: Mailroom, clock: Clock) -> None:
    with db.transaction() as session:
        leases.take(session, ticking.CLOCK, "another clock", clock.now(), length=ticking.LEASE)
    ticking.beat(mailroom)
    assert swept_at() is None
    clock.advance(seconds=75)
    ticking.beat(mailroom)
    assert swept_at() == clock.now()


def test_a_clock_that_was_killed_on_this_machine_is_followed_at_once(
    mailroom: Mailroom, clock: Clock
) -> None:
    with neighbour.living() as other:
        with db.transaction() as session:
            leases.take(session, ticking.CLOCK, other.name, clock.now(), length=ticking.LEASE)
        ticking.beat(mailroom)
        assert swept_at() is None
        other.kill()
        ticking.beat(mailroom)
    assert swept_at() == clock.now()


def test_a_beat_that_fails_does_not_stop_the_clock_and_its_end_gives_the_lease_back(
    mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticking, "ALONE_EVERY_SECONDS", 0.01)
    stop, mailroom.trouble = threading.Event(), RuntimeError("a fault of ours")
    thread = threading.Thread(target=ticking.loop, args=(mailroom, stop))
    thread.start()
    eventually(lambda: swept_at() is not None, "it never swept")
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    with db.transaction() as session:
        assert leases.take(session, ticking.CLOCK, "next", clock.now(), length=timedelta(minutes=1))


def test_the_machine_s_trouble_is_one_line_until_it_is_over(
    mailroom: Mailroom, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    beats: list[int] = []

    class Stop(threading.Event):
        """A wait that takes no time: five beats fail, for two reasons, and the sixth goes well."""

        def wait(self, timeout: float | None = None) -> bool:
            beats.append(len(beats))
            if len(beats) == 3:
                db.bind(f"sqlite:///{tmp_path}")
            if len(beats) == 5:
                db.bind(f"sqlite:///{tmp_path / 'good'}")
            if len(beats) == 6:
                self.set()
            return self.is_set()

    schema.upgrade(f"sqlite:///{tmp_path / 'good'}")
    queue.unbind()
    (tmp_path / "empty").touch()
    db.bind(f"sqlite:///{tmp_path / 'empty'}")
    ticking.loop(mailroom, Stop())
    said = [(record.msg["event"], record.msg["why"]) for record in caplog.records]
    assert said == [
        ("the clock misses its beats", "no such table: lease"),
        ("the clock misses its beats", "unable to open database file"),
        ("the clock goes on", ""),
    ]
