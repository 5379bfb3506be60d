"""The broker as the doctor sees it: which one, who works at it, and what it does when it is full."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.operating.conftest import Told
from tests.support import brokers
from tests.support.commands import Commands, eventually

pytestmark = pytest.mark.usefixtures("healthy")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A real broker with nobody at it."""
    with brokers.running(tmp_path / "elsewhere") as address:
        yield address


def test_a_named_broker_that_is_gone_is_wrong_and_its_password_is_not_told(told: Told) -> None:
    said = told("wrong", REDIS_URL="redis://:battery@127.0.0.1:1/0")
    assert list(said) == ["broker"]
    assert said["broker"].startswith("The broker that REDIS_URL names (127.0.0.1:1) does not answer: ")
    assert "battery" not in said["broker"]


def test_no_private_broker_is_no_illness(told: Told) -> None:
    assert "broker" not in told("wrong")
    assert told("note", "well")["broker"].startswith("No ")


def test_a_private_broker_that_runs_is_named_so(told: Told, given: dict[str, str]) -> None:
    with brokers.running(Path(given["DATA_DIR"])):
        assert told("well")["broker"] == "The private broker of this machine wakes the workers."


def test_a_private_broker_that_hangs_is_told_from_one_that_is_not_there(
    told: Told, given: dict[str, str]
) -> None:
    with brokers.started(Path(given["DATA_DIR"])) as server:
        server.process.send_signal(signal.SIGSTOP)
        assert told("wrong")["broker"] == (
            "The private broker of this machine runs but does not answer: end it, and another starts. "
            "Until then the clock does all work itself."
        )


def test_a_queue_without_a_worker_is_wrong_until_one_listens(
    told: Told, url: str, given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told("wrong", REDIS_URL=url)["workers"].startswith("No worker listens at the queue slow")
    for name, value in {**given, "REDIS_URL": url}.items():
        monkeypatch.setenv(name, value)
    with Commands().started("work", "slow"):
        eventually(lambda: "slow" in told("well", REDIS_URL=url).get("workers", ""), "no worker was seen")
        assert told("well", REDIS_URL=url)["workers"] == "1 worker listens at the queue slow."
        assert told("wrong", REDIS_URL=url)["workers"].startswith("No worker listens at the queue prompt")


def test_a_named_broker_that_may_drop_jobs_is_noticed(told: Told, url: str) -> None:
    with redis.Redis.from_url(url) as connection:
        connection.config_set("maxmemory-policy", "allkeys-lru")
    assert told("note", REDIS_URL=url)["broker memory"] == (
        "The broker may drop waiting jobs when its memory is full (maxmemory-policy allkeys-lru): set "
        "noeviction. What is dropped is not lost, but comes with the next sweep."
    )


def test_whether_a_named_broker_keeps_jobs_over_a_restart_is_told(told: Told, url: str) -> None:
    assert told("well", REDIS_URL=url)["broker memory"] == "The broker keeps waiting jobs over a restart."
    with redis.Redis.from_url(url) as connection:
        connection.config_set("appendonly", "no")
    assert told("well", REDIS_URL=url)["broker memory"].startswith("The broker forgets waiting jobs")
