"""Room on the disks, as the doctor sees it."""

import os
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.operating.conftest import Told

MEGABYTE = 1024 * 1024
pytestmark = pytest.mark.usefixtures("healthy")


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Lets every disk have so many megabytes left, and room for so many files."""

    def leave(megabytes: int, files: int) -> None:
        room = SimpleNamespace(
            f_bavail=megabytes * MEGABYTE // 4096, f_frsize=4096, f_files=10**6, f_favail=files
        )
        monkeypatch.setattr(os, "statvfs", lambda _: room)

    return leave


def test_a_disk_with_room_is_well_and_told_once_though_much_lies_on_it(
    left: Callable[[int, int], None], told: Told, given: dict[str, str]
) -> None:
    left(5000, 10**6)
    assert told("well")["disk"] == f"The disk of {given['DATA_DIR']} has 5,000 MB left."


def test_a_disk_that_fills_is_noticed_and_a_full_one_is_wrong(
    left: Callable[[int, int], None], told: Told, given: dict[str, str]
) -> None:
    left(1000, 10**6)
    assert told("note")["disk"] == f"The disk of {given['DATA_DIR']} has 1,000 MB left, which is not much."
    left(99, 10**6)
    assert told("wrong")["disk"].endswith(
        "has 99 MB left: when it is full nothing more can be kept. Make room."
    )


def test_a_disk_without_room_for_files_is_wrong_whatever_else_is_left(
    left: Callable[[int, int], None], told: Told
) -> None:
    left(5000, 3)
    assert told("wrong")["disk"].endswith("has room for 3 more files only.")
