"""Small writes one after another, each kept by itself, for which SQLite does not wait for the disk."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Update
from sqlalchemy.exc import SQLAlchemyError

from scheduler import db
from scheduler.crashpoint import crashpoint

WITHOUT_DISK = "PRAGMA synchronous=NORMAL"
"""SQLite hands each to the system at once, and only a power cut undoes it. PostgreSQL would keep them to
itself for half a second, and lose them whenever its server is killed: there, each waits like any other."""


class SmallWrites:
    """Statements that are a transaction each, on a connection of their own, while the block lasts.

    Each counts at once and outlives every process. But on SQLite a power cut may undo those since the last
    `db.transaction` of anybody: they may only tell of what does no harm when it happens once more.
    """

    def __init__(self) -> None:
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def write(self, statement: Update, values: Mapping[str, Any]) -> int:
        """Carry it out; how many rows it changed. After SQLAlchemyError the next opens another connection."""
        with db.one_writer():
            try:
                changed = self._opened().execute(statement, values).rowcount
            except SQLAlchemyError:
                self._close()
                raise
        crashpoint("db.after_small_write")
        return changed

    def _opened(self) -> Connection:
        if self._connection is None:
            made = db.engine().connect().execution_options(isolation_level="AUTOCOMMIT")
            made.detach()  # nobody else gets one that is so hasty
            if made.dialect.name == "sqlite":
                made.exec_driver_sql(WITHOUT_DISK)
            self._connection = made
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
