"""Who sends a letter is known by process and start, so that what the dead leave behind is seen at once."""

import os
import socket
from collections.abc import Iterator

import pytest

from scheduler import owners
from tests.support import neighbour
from tests.support.neighbour import Neighbour


@pytest.fixture
def other() -> Iterator[Neighbour]:
    """Another process that has begun to send, and its name."""
    with neighbour.living() as found:
        yield found


def test_a_name_is_nobody_else_s_and_fits_its_column() -> None:
    first, second = owners.begin(), owners.begin()
    assert first != second
    assert len(first) <= 80
    owners.end(first)
    assert (owners.is_gone(first), owners.is_gone(second)) == (True, False)
    owners.end(second)


def test_a_living_process_is_not_gone_and_a_killed_one_is(other: Neighbour) -> None:
    assert not owners.is_gone(other.name)
    other.kill()
    assert owners.is_gone(other.name)
    other.process.wait()
    assert owners.is_gone(other.name)


def test_whose_it_is_is_told_by_process_and_host(other: Neighbour) -> None:
    host = socket.gethostname()[:28]
    assert owners.in_words(other.name) == f"process {other.process.pid} of {host}"
    assert owners.in_words("rounds-1:4711:a1b2c3d4") == "process 4711 of rounds-1"  # an older version's


def test_a_process_number_given_out_anew_is_somebody_else(other: Neighbour) -> None:
    host, pid, started, number = other.name.split(":")
    assert owners.is_gone(f"{host}:{pid}:{int(started) - 1}:{number}")
    assert owners.is_gone(f"{host}:{os.getpid()}:{started}:{number}")


def test_of_another_host_nothing_is_known() -> None:
    _, pid, started, number = owners.begin().split(":")
    assert not owners.is_gone(f"elsewhere:{pid}:{started}:{number}")
    assert not owners.is_gone("elsewhere:1:1:1")
    assert not owners.is_gone("of an older version")
