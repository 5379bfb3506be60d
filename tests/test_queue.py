"""The bell: rung once for many, never waited for, and never missed when it is gone."""

import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from scheduler import jobs, queue
from tests.support import brokers


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A broker of the test's own, at which this process rings."""
    with brokers.running(tmp_path) as address:
        queue.bind(address)
        yield address
    queue.unbind()


def waiting(url: str, name: str) -> list[tuple[str, list[int]]]:
    held = Queue(name, connection=redis.Redis.from_url(url), serializer=JSONSerializer)
    return [(job.func_name, list(job.args)) for job in held.get_jobs()]


def test_every_job_has_a_name_in_the_jobs_module() -> None:
    assert all(callable(getattr(jobs, name)) for name in queue.JOBS)


def test_a_ring_is_a_job_of_its_queue_and_a_second_before_it_begins_is_the_same(url: str) -> None:
    assert [queue.ring("tick"), queue.ring("tick"), queue.ring("deliver")] == [True] * 3
    assert waiting(url, "prompt") == [("scheduler.jobs.tick", []), ("scheduler.jobs.deliver", [])]
    assert waiting(url, "slow") == []


def test_jobs_for_different_things_are_different(url: str) -> None:
    for number in (1, 12, 1):
        assert queue.ring("plan_round", number)
    assert waiting(url, "slow") == [("scheduler.jobs.plan_round", [1]), ("scheduler.jobs.plan_round", [12])]


def test_what_nobody_takes_falls_away_by_itself(url: str) -> None:
    queue.ring("tick")
    connection = redis.Redis.from_url(url)
    (key,) = connection.scan_iter("rq:job:tick-*")
    assert 0 < connection.ttl(key) <= 60


def test_without_a_broker_nothing_is_rung_and_nothing_raised(tmp_path: Path) -> None:
    queue.bind(f"unix://{tmp_path / 'nobody'}")
    assert queue.ring("tick") is False
    queue.bind("")
    assert queue.ring("tick") is False


def test_a_broker_that_hangs_is_waited_for_briefly_and_then_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        queue.bind(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = monotonic()
        assert queue.ring("tick") is False
        first = monotonic() - began
        began = monotonic()
        assert not any(queue.ring("tick") for _ in range(100))
        assert (first < 1.0, monotonic() - began < 0.2) == (True, True)
    queue.unbind()
