"""The schema: the database brought to the tables of this version, and whether it is there."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells at each look which database it sees
MIGRATIONS = Path(__file__).parents[1] / "migrations"
ONE_AT_A_TIME = 5_262_700_312
"""PostgreSQL's advisory lock of an upgrade; any number nobody else uses."""


def upgrade(url: str) -> bool:
    """Bring the database at `url` to the newest schema, all or nothing; whether anything was to do.

    Two at once wait for each other, and the second finds nothing to do. A later version's tables stay.
    """
    with alone(url) as connection:
        if is_current(connection):
            return False
        command.upgrade(alembic_config(connection), "head")
        return True


def is_current(connection: Connection) -> bool:
    """Whether the database has the tables this version wants: its own, or those of a later version.

    Revisions are numbered, and each version works on the next one's tables: so the tables are upgraded first,
    and what runs goes on until it is replaced.
    """
    found, own = MigrationContext.configure(connection).get_current_revision() or "", head() or ""
    return found == own or (found.isdecimal() and found > own)


def head() -> str | None:
    """The newest revision; there is one only."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def alembic_config(connection: Connection) -> Config:
    """How Alembic is to work on this connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


@contextmanager
def alone(url: str) -> Iterator[Connection]:
    """A connection in a transaction of its own, which holds off every other upgrade until it ends."""
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_begin_to_us)
        event.listen(engine, "begin", _begin_at_once)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
            yield connection
    finally:
        engine.dispose()


def _leave_begin_to_us(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # sqlite3's own connection has it


def _begin_at_once(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
