"""A disk that takes nothing more, as the doctor finds it: by a trial."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from scheduler import settings
from scheduler.operating import doctor, keeping_check
from scheduler.operating.finding import Finding, Mark
from scheduler.settings import Settings


@contextmanager
def full_beyond(most: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes, as on a disk that is full; root neither."""
    before, limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limit))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, limit))


def looked(known: Settings) -> list[Finding]:
    return list(keeping_check.look(known))


def test_where_there_is_room_nothing_is_wrong_and_nothing_is_left_behind(
    healthy: Settings, tmp_path: Path
) -> None:
    before = sorted(healthy.data_dir.rglob("*"))
    (found,) = looked(healthy)
    assert found.mark is Mark.WELL
    with closing(sqlite3.connect(tmp_path / "rounds.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM incoming").fetchone() == (0,)
    assert sorted(healthy.data_dir.rglob("*")) == before


def test_a_full_disk_is_told_of_the_database_and_of_the_folder(healthy: Settings) -> None:
    with full_beyond(64 * 1024):
        found = looked(healthy)
    assert [finding.mark for finding in found] == [Mark.WRONG, Mark.WRONG]
    assert found[0].sentence == "The database takes nothing more: disk I/O error."
    assert found[1].sentence == f"The folder {healthy.data_dir} takes nothing more: File too large."
    assert [finding.mark for finding in looked(healthy)] == [Mark.WELL]


def test_the_doctor_tells_it_first(healthy: Settings, given: dict[str, str]) -> None:
    with full_beyond(64 * 1024):
        found = doctor.examine(lambda: settings.load(given))
    assert [finding.about for finding in found][:2] == ["keeping", "keeping"]


def test_a_file_where_the_folder_should_be_is_told(healthy: Settings, tmp_path: Path) -> None:
    file = tmp_path / "data-of-nobody"
    file.write_text("")
    (found,) = looked(healthy.model_copy(update={"data_dir": file}))
    assert (found.mark, found.sentence) == (Mark.WRONG, f"The folder {file} takes nothing more: File exists.")


def test_a_folder_that_nothing_needs_is_left_alone(healthy: Settings, tmp_path: Path) -> None:
    elsewhere = {"redis_url": "redis://h", "smtp_url": "smtp://h", "data_dir": tmp_path / "none"}
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    looked(healthy.model_copy(update={**elsewhere, "database_url": url}))
    assert not (tmp_path / "none").exists()


def test_without_a_database_only_the_folder_is_tried(healthy: Settings) -> None:
    gone = healthy.model_copy(update={"database_url": "sqlite:////nowhere/at/all.db"})
    assert [finding.mark for finding in looked(gone)] == [Mark.WELL]
