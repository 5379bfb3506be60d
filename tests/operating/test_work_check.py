"""Who keeps the clock, when was last swept, and what is overdue: as the doctor tells it."""

import pytest

from scheduler import clock, db, leases, sweep, ticking
from scheduler.mail import inbox
from tests.operating.conftest import Told
from tests.support import neighbour
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("healthy")
START = "start  coffee-rounds run  (or  clock  and  work)."


def kept(by: str) -> None:
    """The clock is kept for the next minute and a quarter."""
    with db.transaction() as session:
        assert leases.take(session, ticking.CLOCK, by, clock.machine_now(), length=ticking.LEASE)


def test_a_service_that_was_never_started_is_told_to_start(told: Told) -> None:
    assert told("note")["sweep"] == f"Nobody has looked yet for what is due: {START}"
    assert "clock" not in told("wrong", "note", "well")


def test_who_keeps_the_clock_is_named_and_when_was_swept(told: Told, clock: Clock) -> None:
    kept("rounds-1:4711:a1b2c3d4")
    sweep.note_finished(clock.now())
    clock.advance(seconds=40)
    said = told("well")
    assert said["clock"] == "The clock is kept by process 4711 of rounds-1."
    assert said["sweep"] == "The last sweep of what is due was finished 40 seconds ago."


def test_a_clock_that_has_stopped_is_wrong(told: Told, clock: Clock) -> None:
    kept("rounds-1:4711:a1b2c3d4")
    sweep.note_finished(clock.now())
    clock.advance(minutes=12)
    assert told("wrong") == {
        "clock": f"Nobody keeps the clock: {START}",
        "sweep": "The last sweep of what is due was finished 12 minutes ago.",
    }


def test_a_clock_that_was_killed_keeps_none_though_its_lease_runs_on(told: Told, clock: Clock) -> None:
    sweep.note_finished(clock.now())
    with neighbour.living() as other:
        kept(other.name)
        assert f"process {other.process.pid} of " in told("well")["clock"]
        other.kill()
        assert told("note")["clock"].startswith("Nobody keeps the clock, yet sweeps are finished")


def test_sweeps_by_a_command_of_the_hosts_need_no_clock(told: Told, clock: Clock) -> None:
    sweep.note_finished(clock.now())
    clock.advance(minutes=1)
    assert told("wrong") == {}
    assert told("note")["clock"] == (
        "Nobody keeps the clock, yet sweeps are finished: something else calls  coffee-rounds tick."
    )


def test_work_nobody_does_is_seen(told: Told, clock: Clock) -> None:
    with db.transaction() as session:
        inbox.store(session, b"From: eve@example.org\r\n\r\nHello.\r\n", clock.now())
    clock.advance(minutes=5)
    assert told("wrong") == {}
    clock.advance(minutes=175)
    assert told("wrong") == {"work": f"Work has been due for 3 hours: {START}"}
