"""The database: its engine, its transactions, and the few column types of ours.

`with db.transaction() as session:` is the boundary of every change; `with db.reading() as session:` is for
pages that only look. Actions never commit.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import structlog
from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Engine,
    Enum,
    MetaData,
    create_engine,
    event,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import TypeDecorator

from scheduler import crashpoint, patience
from scheduler.refusal import Refusal
from scheduler.turns import Turn

log = structlog.get_logger()
T = TypeVar("T")

BUSY_TIMEOUT_MS = 30_000
AFTER_CONFLICT, AFTER_FAULT = timedelta(seconds=20), timedelta(hours=1)
"""How long a due row rests when its handling met another's write twice, and when it failed."""
DEADLOCK, SERIALIZATION_FAILURE = "40P01", "40001"
"""PostgreSQL's SQLSTATEs for transactions of which one had to give way."""
MET_MIDWAY = frozenset({sqlite3.SQLITE_BUSY_RECOVERY, sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_LOCKED})
"""SQLite's codes for the same. Its plain BUSY is none: it comes when all of BUSY_TIMEOUT_MS was in vain."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database, on SQLite too. A naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: instants are aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words(enum: type[StrEnum]) -> Enum:
    """A column of a StrEnum, stored as its words (SQLAlchemy alone would store the members' names)."""
    return Enum(enum, values_callable=lambda e: [m.value for m in e], native_enum=False, length=24)


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False, repr=False):
    """The mapped class is the domain object; keyword-only, compared by identity."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}


class Unbound(RuntimeError):
    """The service was used before `wiring.start` bound a database."""


class _Bound:
    engine: Engine | None = None
    sessions: sessionmaker[Session] | None = None
    new_lock: Callable[[], AbstractContextManager[Any]] = nullcontext
    one_writer: AbstractContextManager[Any] = nullcontext()


_bound = _Bound()


def bind(url: str) -> Engine:
    """Bind this process to the database at `url`; binding again closes the former connections."""
    unbind()
    engine = _engine(url)
    path = engine.url.database
    is_file = engine.dialect.name == "sqlite" and path
    _bound.new_lock = partial(Turn, Path(f"{path}-turn")) if is_file else nullcontext
    _bound.engine, _bound.one_writer = engine, _bound.new_lock()
    _bound.sessions = sessionmaker(engine, expire_on_commit=False)
    return engine


@cache
def _engine(url: str) -> Engine:
    """One engine for each database: bound again to the same one, it knows its statements already."""
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_pre_ping=True)
        patience.watch(engine, BUSY_TIMEOUT_MS // 1000)
        return engine
    waits = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000}
    engine = create_engine(url, connect_args=waits)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def unbind() -> None:
    """Close the connections of this process; a second call does nothing."""
    if _bound.engine is not None:
        _bound.engine.dispose()
    _bound.engine = _bound.sessions = None


def _forget_in_child() -> None:
    """A forked child has neither its parent's connections nor its locks; it makes its own."""
    if _bound.engine is not None:
        _bound.engine.dispose(close=False)
    _bound.one_writer = _bound.new_lock()


os.register_at_fork(after_in_child=_forget_in_child)


def engine() -> Engine:
    """The bound engine. Raises Unbound."""
    if _bound.engine is None:
        raise Unbound("no database is bound; call wiring.start first")
    return _bound.engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours: pysqlite's own would come too late
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN" if options.get("reads_only") else "BEGIN IMMEDIATE")


def one_writer() -> AbstractContextManager[Any]:
    """The turn at writing: within it no other process of this machine writes to the same SQLite file."""
    return _bound.one_writer


def _session() -> Session:
    if _bound.sessions is None:
        raise Unbound("no database is bound; call wiring.start first")
    return _bound.sessions()


@contextmanager
def transaction() -> Iterator[Session]:
    """A session whose changes are kept together when the block ends, or not at all when it raises."""
    with one_writer(), _session() as session:
        with session.begin():
            yield session
            crashpoint.crashpoint("db.before_commit")
        crashpoint.crashpoint("db.after_commit")


@contextmanager
def reading() -> Iterator[Session]:
    """A session that only looks; whatever was changed in it is dropped."""
    with _session() as session:
        session.connection(execution_options={"reads_only": True})
        yield session
        session.rollback()


@contextmanager
def looking(url: str, seconds: int) -> Iterator[Session]:
    """A session that only looks at the database of `url`, and gives up after so many seconds a step.

    On a connection of its own: a kept one would not see that a file was taken away. It makes no file either.
    """
    address = make_url(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    if is_sqlite:
        path = f"file:{quote(address.database or '')}"
        address = address.set(database=path, query={"mode": "rw", "uri": "true"})
    engine = create_engine(address, connect_args={"timeout": seconds} if is_sqlite else {})
    if not is_sqlite:
        patience.watch(engine, seconds)
    try:
        with Session(engine) as session:
            if not is_sqlite:
                session.execute(text(f"SET LOCAL statement_timeout = '{seconds}s'"))
            yield session
    finally:
        engine.dispose()


class Conflict(Refusal):
    """Two writes met, twice in a row; the text is a sentence for whoever made the second."""

    def __init__(self) -> None:
        super().__init__("Somebody was a moment faster. Please look again.")


def is_conflict(error: Exception) -> bool:
    """Whether two writes met: what was undone for it may well succeed when done again from its start.

    Time or a name taken, a row changed since it was read, a deadlock. Nothing else is worth a second try.
    """
    if isinstance(error, OperationalError):
        gave_way = getattr(error.orig, "sqlstate", None) in (DEADLOCK, SERIALIZATION_FAILURE)
        return gave_way or getattr(error.orig, "sqlite_errorcode", None) in MET_MIDWAY
    return isinstance(error, (IntegrityError, StaleDataError))


def attempt(work: Callable[[], T]) -> T:
    """What `work` gives, which has a transaction of its own; run once more, from its start, if writes met.

    The one retry there is: of a page, a due row, a batch of letters. Raises Conflict when they meet again.
    """
    for is_last in (False, True):
        try:
            return work()
        except SQLAlchemyError as error:
            if not is_conflict(error):
                raise
            if is_last:
                raise Conflict from error
            log.info("met another's write, once more", kind=type(error).__name__)
    raise AssertionError("unreachable")


def each_due(
    model: type[Any], now: datetime, handle: Callable[[Session, Any], None], *, most: int = 1000
) -> int:
    """Handle every row of `model` whose `due_at` has come, each in a transaction of its own, soonest first.

    The row is locked and looked at again before it is handled; one that fails stops nobody else. Returns
    how many were handled.
    """

    def handled(row_id: int) -> bool:
        with transaction() as session:
            row = session.get(model, row_id, with_for_update={"skip_locked": True, "of": model})
            if row is None or row.due_at is None or row.due_at > now:
                return False
            handle(session, row)
            return True

    with reading() as session:
        due = select(model.id).where(model.due_at <= now).order_by(model.due_at, model.id).limit(most)
        ids = list(session.scalars(due))
    return sum(one_due(model, row_id, now, partial(handled, row_id)) for row_id in ids)


def one_due(model: type[Any], row_id: int, now: datetime, work: Callable[[], int]) -> int:
    """How much `work` did for one due row, tried so that its failing stops nobody else: 0 when it failed.

    The row comes again soon after a conflict, in an hour after a fault of its own. A database that is
    locked or gone is no fault of a row: that raises, and the whole sweep comes again.
    """
    try:
        return attempt(work)
    except OperationalError:
        raise
    except Conflict:
        log.warning("due item met another's write", table=model.__tablename__, id=row_id)
        _put_off(model, row_id, now, AFTER_CONFLICT)
    except Exception:
        log.exception("due item failed", table=model.__tablename__, id=row_id)
        _put_off(model, row_id, now, AFTER_FAULT)
    return 0


def _put_off(model: type[Any], row_id: int, now: datetime, rest: timedelta) -> None:
    """Let a row that is still due rest, and count the try where the row counts them."""
    columns = model.__table__.c
    values = {"due_at": now + rest} | ({"tries": columns.tries + 1} if "tries" in columns else {})
    still_due = model.__table__.update().where(columns.id == row_id, columns.due_at <= now).values(values)

    def put_off() -> None:
        with transaction() as session:
            session.execute(still_due)

    attempt(put_off)
