"""The clock: one source, and in the demo an offset that all processes share."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler import clock
from tests.support import sources
from tests.support.clock import Clock


@pytest.fixture
def standing() -> Iterator[Clock]:
    with Clock() as moved:
        yield moved


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "demo" / "ahead"
    clock.bind(path)
    yield path
    clock.bind(None)


def test_now_is_the_machines_time_in_utc() -> None:
    before, now, after = clock.machine_time(), clock.now(), clock.machine_time()
    assert before <= now <= after
    assert now.tzinfo is UTC


def test_a_test_sets_the_clock_by_wall_time_and_zone(standing: Clock) -> None:
    standing.at("2027-03-02 09:00")
    assert clock.now() == datetime(2027, 3, 2, 14, tzinfo=UTC)
    standing.at("2027-03-02 09:00", zone="Asia/Kolkata")
    assert clock.now() == datetime(2027, 3, 2, 3, 30, tzinfo=UTC)


def test_a_day_is_24_hours_when_the_clocks_change(standing: Clock) -> None:
    standing.at("2027-03-13 09:00")
    standing.advance(days=1)
    assert clock.now() == datetime(2027, 3, 14, 14, tzinfo=UTC)


def test_an_hour_that_does_not_exist_is_refused(standing: Clock) -> None:
    with pytest.raises(ValueError, match="there is no 2027-03-14 02:30 in America/New_York"):
        standing.at("2027-03-14 02:30")


def test_the_machines_time_comes_back_after_a_test() -> None:
    with Clock() as moved:
        moved.at("2031-01-01 00:00")
    assert clock.source is clock.machine_time


def test_without_a_file_nothing_can_be_moved(standing: Clock) -> None:
    with pytest.raises(RuntimeError, match="Only the demo's clock can be moved"):
        clock.advance(timedelta(days=1))


def test_a_step_is_added_to_the_offset_before(standing: Clock, shared: Path) -> None:
    standing.at("2027-03-02 09:00", zone="UTC")
    assert clock.now() == datetime(2027, 3, 2, 9, tzinfo=UTC)
    assert clock.advance(timedelta(hours=1)) == datetime(2027, 3, 2, 10, tzinfo=UTC)
    assert clock.advance(timedelta(days=1)) == datetime(2027, 3, 3, 10, tzinfo=UTC)
    assert clock.now() == datetime(2027, 3, 3, 10, tzinfo=UTC)


def test_the_clock_never_goes_back(shared: Path) -> None:
    with pytest.raises(ValueError, match="ahead only"):
        clock.advance(timedelta(seconds=-1))
    assert clock.offset() == timedelta()


def test_steps_taken_at_once_add_up(shared: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: clock.advance(timedelta(minutes=1)), range(40)))
    assert clock.offset() == timedelta(minutes=40)


def test_another_process_sees_the_same_offset(shared: Path) -> None:
    clock.advance(timedelta(days=3))
    script = f"from pathlib import Path; from scheduler import clock; clock.bind(Path({str(shared)!r})); "
    script += "import sys; sys.stdout.write(str(clock.offset().days))"
    told = subprocess.run([sys.executable, "-c", script], cwd=sources.ROOT, capture_output=True, check=True)
    assert told.stdout == b"3"


def test_a_spoiled_file_says_what_to_do(shared: Path) -> None:
    shared.parent.mkdir()
    shared.write_text("soon")
    with pytest.raises(clock.BadOffset, match="should hold a number of seconds; delete it"):
        clock.now()
