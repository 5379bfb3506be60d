"""Who sends a letter is known by process and start, so that what the dead leave behind is seen at once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from scheduler.mail import owners

NAMED = "from scheduler.mail import owners; print(owners.begin(), flush=True); input()"


@pytest.fixture
def other() -> Iterator["tuple[subprocess.Popen[str], str]"]:
    """Another process that has begun to send, and its name."""
    words = [sys.executable, "-c", NAMED]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_a_name_is_nobody_else_s_and_fits_its_column() -> None:
    first, second = owners.begin(), owners.begin()
    assert first != second
    assert len(first) <= 80
    owners.end(first)
    assert (owners.is_gone(first), owners.is_gone(second)) == (True, False)
    owners.end(second)


def test_a_living_process_is_not_gone_and_a_killed_one_is(
    other: "tuple[subprocess.Popen[str], str]",
) -> None:
    process, name = other
    assert not owners.is_gone(name)
    process.send_signal(signal.SIGKILL)
    # It stays in the table of processes, unburied, until its parent waits for it.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert owners.is_gone(name)
    process.wait()
    assert owners.is_gone(name)


def test_a_process_number_given_out_anew_is_somebody_else(
    other: "tuple[subprocess.Popen[str], str]",
) -> None:
    host, pid, started, number = other[1].split(":")
    assert owners.is_gone(f"{host}:{pid}:{int(started) - 1}:{number}")
    assert owners.is_gone(f"{host}:{os.getpid()}:{started}:{number}")


def test_of_another_host_nothing_is_known() -> None:
    _, pid, started, number = owners.begin().split(":")
    assert not owners.is_gone(f"elsewhere:{pid}:{started}:{number}")
    assert not owners.is_gone("elsewhere:1:1:1")
    assert not owners.is_gone("of an older version")
