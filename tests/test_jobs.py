"""The jobs: each does its one thing, and what is left to another worker is not left for ever."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from scheduler import db, jobs, leases, queue, sweep
from scheduler.programme.round import Round
from tests.support import brokers
from tests.support.clock import Clock
from tests.support.world import World

TUESDAY = ("2027-03-09 16:30", "2027-03-09 18:30")


@pytest.fixture
def due(world: World, clock: Clock) -> int:
    """A round whose time to be planned has come this moment."""
    jobs.bind(world.mailroom)
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, TUESDAY)
    with db.reading() as session:
        moment = session.get_one(Round, round_id).due_at
    assert moment is not None
    clock.moment = moment
    return round_id


@pytest.fixture
def slow(due: int, tmp_path: Path) -> Iterator[Queue]:
    """The slow queue of a broker at which nobody works; bound last, for the service binds its own."""
    with brokers.running(tmp_path) as url:
        queue.bind(url)
        yield Queue("slow", connection=redis.Redis.from_url(url), serializer=JSONSerializer)
    queue.unbind()


def state(round_id: int) -> str:
    with db.reading() as session:
        return str(session.get_one(Round, round_id).state)


def test_a_round_is_left_to_the_slow_worker_who_plans_it_once(due: int, slow: Queue) -> None:
    jobs.tick()
    assert [(job.func_name, list(job.args)) for job in slow.get_jobs()] == [
        ("scheduler.jobs.plan_round", [due])
    ]
    assert state(due) == "asking"
    jobs.plan_round(due)
    assert state(due) == "drafted"
    with db.reading() as session:
        kept = session.get_one(Round, due).version
    jobs.plan_round(due)
    with db.reading() as session:
        assert session.get_one(Round, due).version == kept


def test_where_nobody_plans_for_ten_minutes_the_sweep_does(due: int, slow: Queue, clock: Clock) -> None:
    jobs.tick()
    clock.advance(minutes=10)
    jobs.tick()
    assert state(due) == "asking"
    clock.advance(seconds=1)
    jobs.tick()
    assert state(due) == "drafted"


def test_without_a_broker_the_sweep_plans_at_once(due: int) -> None:
    queue.unbind()
    jobs.tick()
    assert state(due) == "drafted"


def test_a_tick_sends_what_is_due_and_says_when_it_was_done(world: World, due: int, clock: Clock) -> None:
    jobs.tick()
    assert world.letters("ada") == ["round_planned", "needs_you"]
    with db.reading() as session:
        assert leases.last_done(session, sweep.SWEEP) == clock.now()
