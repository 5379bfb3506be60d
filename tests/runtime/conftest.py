"""Databases for the service as real processes: a file, and a PostgreSQL of the test's own."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import databases

SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().getrandbits(31)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The seed of what was drawn, and the figures of each run."""
    ended = [report for word in ("passed", "failed") for report in terminalreporter.stats.get(word, [])]
    for report in ended:
        if report.user_properties:
            told = ", ".join(f"{name}: {value}" for name, value in report.user_properties)
            terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {told}")


@pytest.fixture
def seed(record_property: Callable[[str, object], None]) -> int:
    """What is drawn is drawn by this number; SEED in the environment repeats a run."""
    record_property("SEED", SEED)
    return SEED


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The address of an SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'rounds.sqlite3'}"


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    with databases.empty(request.param, tmp_path) as url:
        yield url
