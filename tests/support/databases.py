"""Databases of a test's own without any table: a file, or one on the server TEST_POSTGRES_URL names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from scheduler import db
from tests.support import left_out

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "")
KINDS = ["sqlite", *(["postgresql"] if POSTGRES else [])]
"""What is to be had here."""


@contextmanager
def empty(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database, which is gone after the block."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'empty.sqlite3'}"
        return
    left_out.require(POSTGRES, "TEST_POSTGRES_URL names no PostgreSQL server")
    name = f"empty_{os.getpid()}"
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        admin.dispose()


@contextmanager
def away(tmp_path: Path, url: str) -> Iterator[None]:
    """The service's database is nowhere to be found while the block lasts."""
    db.bind(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}")
    try:
        yield
    finally:
        db.bind(url)
