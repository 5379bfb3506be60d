"""The schema: migrations make exactly the tables the nouns have, on both databases, once and again."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text

from scheduler import wiring
from scheduler.db import Base
from scheduler.operating import schema
from tests.support import databases, sources


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database without any table."""
    with databases.empty(request.param, tmp_path) as address:
        yield address


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = create_engine(url)
    yield made
    made.dispose()


def differences(engine: Engine) -> list[object]:
    assert wiring.NOUNS
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def is_current(engine: Engine) -> bool:
    with engine.connect() as connection:
        return schema.is_current(connection)


def stand_at(engine: Engine, revision: str) -> None:
    """Let the database say that its tables are of this revision."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": revision})


def test_the_migrations_make_the_tables_the_nouns_have(url: str, engine: Engine) -> None:
    assert not is_current(engine)
    assert schema.upgrade(url)
    assert differences(engine) == []
    assert is_current(engine)


def test_an_older_database_is_not_current_and_a_later_versions_is_and_stays(url: str, engine: Engine) -> None:
    schema.upgrade(url)
    stand_at(engine, "0001")
    assert not is_current(engine)
    stand_at(engine, "9999")
    assert is_current(engine)
    assert not schema.upgrade(url)
    stand_at(engine, "some branch")
    assert not is_current(engine)


def test_a_column_that_is_missing_is_seen(url: str, engine: Engine) -> None:
    schema.upgrade(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE suppression DROP COLUMN why"))
    assert differences(engine) != []


def test_upgrading_twice_is_upgrading_once(url: str) -> None:
    assert [schema.upgrade(url), schema.upgrade(url)] == [True, False]


def test_of_two_upgrades_at_once_one_waits_for_the_other(url: str) -> None:
    answers: list[bool] = []
    both = [Thread(target=lambda: answers.append(schema.upgrade(url))) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    assert sorted(answers) == [False, True]


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(schema.MIGRATIONS)).get_heads()) == 1


def test_migrations_know_nothing_of_ours() -> None:
    files = sources.python_files("scheduler/migrations")
    assert len(files) >= 2
    assert [path.name for path in files if "scheduler" in path.read_text(encoding="utf-8")] == []
