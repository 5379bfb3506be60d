"""The database as the doctor sees it: away, empty, old, or living in another time."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler import settings
from scheduler.operating import database_check, schema
from tests.conftest import SECRET
from tests.operating.conftest import Told
from tests.support import databases
from tests.support.clock import Clock


@pytest.fixture(params=databases.KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with its tables, on each kind there is here."""
    with databases.empty(request.param, tmp_path) as address:
        schema.upgrade(address)
        yield address


def time(url: str) -> tuple[str, str]:
    known = settings.load({"DATABASE_URL": url, "DATA_DIR": os.devnull, "SECRET_KEY": SECRET})
    (found,) = [found for found in database_check.look(known) if found.about == "time"]
    return found.mark, found.sentence


def test_a_database_without_tables_is_seen(clock: Clock, tmp_path: Path, told: Told) -> None:
    (tmp_path / "bare.sqlite3").touch()
    assert told(DATABASE_URL=f"sqlite:///{tmp_path / 'bare.sqlite3'}") == {
        "migrations": "The database does not have this version's tables: run  coffee-rounds upgrade."
    }


def test_a_database_file_that_is_not_there_is_seen_and_not_made(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "nowhere.sqlite3"
    assert told(DATABASE_URL=f"sqlite:///{path}") == {
        "database": f"There is no database at {path} yet: coffee-rounds upgrade  makes one."
    }
    assert not path.exists()


def test_a_database_that_does_not_answer_is_seen_and_its_password_not_told(told: Told) -> None:
    said = told(DATABASE_URL="postgresql://coffee:battery@127.0.0.1:1/staple")
    assert list(said) == ["database"]
    assert said["database"].startswith("The database does not answer: ")
    assert "battery" not in said["database"]


def test_a_database_of_the_same_time_is_well(url: str) -> None:
    assert time(url)[0] == "well"


def test_a_database_server_that_lives_in_another_time_is_seen(url: str, clock: Clock) -> None:
    clock.at("1999-12-31 23:59")
    mark, sentence = time(url)
    if url.startswith("postgresql"):
        assert (mark, sentence.endswith(" seconds apart.")) == ("wrong", True)
    else:
        assert (mark, sentence) == ("well", "The time is this machine's, and so is the database's.")
