"""Small writes: each is there at once and outlives its process, though the disk is not waited for."""

import pytest
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.exc import IntegrityError

from scheduler import clock, db
from scheduler.limits import Count
from scheduler.small_writes import SmallWrites

RENAMED = update(Count).where(Count.key == bindparam("old")).values(key=bindparam("new"))


@pytest.fixture
def counts(service: None) -> None:
    """Two rows, "a" and "b"."""
    with db.transaction() as session:
        session.add_all([Count(key=key, began_at=clock.now()) for key in ("a", "b")])


def keys() -> set[str]:
    with db.reading() as session:
        return set(session.scalars(select(Count.key)))


def disk_setting() -> str:
    """How far the connections of everybody else wait for the disk."""
    with db.reading() as session:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        return str(session.scalar(text("PRAGMA synchronous" if is_sqlite else "SHOW synchronous_commit")))


def test_each_is_seen_by_others_at_once_and_stays(counts: None) -> None:
    with SmallWrites() as quick:
        assert quick.write(RENAMED, {"old": "a", "new": "c"}) == 1
        assert keys() == {"b", "c"}
        assert quick.write(RENAMED, {"old": "a", "new": "d"}) == 0
        assert quick.write(RENAMED, {"old": "b", "new": "e"}) == 1
    assert keys() == {"c", "e"}


def test_what_is_refused_changes_nothing_and_stops_nothing(counts: None) -> None:
    with SmallWrites() as quick:
        quick.write(RENAMED, {"old": "a", "new": "c"})
        with pytest.raises(IntegrityError):
            quick.write(RENAMED, {"old": "c", "new": "b"})
        assert quick.write(RENAMED, {"old": "c", "new": "d"}) == 1
    assert keys() == {"b", "d"}


def test_nobody_else_becomes_as_hasty(counts: None) -> None:
    before = disk_setting()
    with SmallWrites() as quick:
        quick.write(RENAMED, {"old": "a", "new": "c"})
        during = disk_setting()
    assert [during, disk_setting(), disk_setting()] == [before] * 3


def test_the_disk_is_not_waited_for(counts: None) -> None:
    with SmallWrites() as quick:
        quick.write(RENAMED, {"old": "a", "new": "c"})
        connection = quick._opened()  # noqa: SLF001  # its setting shows nowhere else
        is_sqlite = connection.dialect.name == "sqlite"
        asked = "PRAGMA synchronous" if is_sqlite else "SHOW synchronous_commit"
        assert connection.exec_driver_sql(asked).scalar() in (1, "off")
