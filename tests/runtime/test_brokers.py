"""Redis forgets, dies, is away or slow: the round goes the same, and nobody waits for it."""

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis
from sqlalchemy import select

from scheduler import broker, clock, db
from scheduler.mail.envelope import Fate, Outgoing
from tests.support import brokers, truth
from tests.support.live import Live
from tests.support.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("brokers")]
FAULTS, SLOW_SECONDS = 20, 5.0
LONGEST_WAIT, LATE = 1.0, 2
"""Seconds in which a page must be there; how many may not, since a shared machine stands still at times."""


def walk(live: Live, seed: int, record: Callable[[str, object], None]) -> None:
    """A whole round; what must be so at its end, whatever the broker did."""
    town = Town(live, seed)
    town.found()
    live.start()
    live.client.waits.clear()  # until it was there at all
    town.begin()
    while town.go_on(hours=6):
        live.settle()
    waits = sorted(live.client.waits)
    record("slowest pages", [round(wait, 2) for wait in waits[-3:]])
    assert len(waits) > 200
    assert sum(wait >= LONGEST_WAIT for wait in waits) <= LATE
    assert town.answered >= 60
    live.collect()
    with db.reading() as session:
        truth.check(session, live.mailroom, clock.now())
        fates = set(session.scalars(select(Outgoing.state)))
    assert fates <= {Fate.SENT, Fate.WITHDRAWN}
    assert live.extra_copies == 0


@contextmanager
def now_and_then(act: Callable[[], object], draw: random.Random) -> Iterator[list[int]]:
    """`act` happens again and again, twenty times at most; how often, at the end."""
    stop, done = threading.Event(), [0]

    def go_on() -> None:
        while done[0] < FAULTS and not stop.wait(draw.uniform(0.2, 1.5)):
            act()
            done[0] += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


def test_a_broker_that_forgets_everything_is_only_a_doorbell(
    tmp_path: Path, file: str, seed: int, record_property: Callable[[str, object], None]
) -> None:
    with brokers.running(tmp_path / "broker") as url, Live(tmp_path, file, REDIS_URL=url) as live:

        def forget() -> None:
            with suppress(redis.RedisError):
                redis.Redis.from_url(url).flushall()

        with now_and_then(forget, random.Random(seed)) as times:
            walk(live, seed, record_property)
        assert times == [FAULTS]


def test_a_broker_that_dies_again_and_again_is_found_again(
    tmp_path: Path, database: str, seed: int, record_property: Callable[[str, object], None]
) -> None:
    with (
        brokers.started(tmp_path / "broker") as server,
        Live(tmp_path, database, REDIS_URL=server.url) as live,
    ):
        with now_and_then(server.restart, random.Random(seed)) as times:
            walk(live, seed, record_property)
        assert times == [FAULTS]


def test_a_broker_away_for_the_whole_round_is_done_without(
    tmp_path: Path, file: str, seed: int, record_property: Callable[[str, object], None]
) -> None:
    url = f"unix://{tmp_path / 'nobody'}"
    assert not broker.answers(url)
    with Live(tmp_path, file, REDIS_URL=url) as live:
        walk(live, seed, record_property)


def test_a_broker_that_answers_after_five_seconds_is_not_waited_for(
    tmp_path: Path, file: str, seed: int, record_property: Callable[[str, object], None]
) -> None:
    with (
        brokers.running(tmp_path / "broker") as url,
        slowly(url) as there,
        Live(tmp_path, file, REDIS_URL=there) as live,
    ):
        walk(live, seed, record_property)


@contextmanager
def slowly(url: str) -> Iterator[str]:
    """A way to the broker on which every answer takes five seconds."""
    stop = threading.Event()
    door = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, to: socket.socket, wait: float) -> None:
        with suppress(OSError):
            while words := source.recv(65536):
                if stop.wait(wait):
                    break
                to.sendall(words)
        for end in (source, to):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def listen() -> None:
        with suppress(OSError):
            while True:
                near, _ = door.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(url.removeprefix("unix://"))
                for ends in ((near, far, 0.0), (far, near, SLOW_SECONDS)):
                    threading.Thread(target=carry, args=ends, daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"redis://127.0.0.1:{door.getsockname()[1]}/0"
    finally:
        stop.set()
        door.shutdown(socket.SHUT_RDWR)
        door.close()
