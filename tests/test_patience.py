"""A PostgreSQL server that says nothing: waited for as long as that makes sense, and no longer."""

import socket
import threading
from collections.abc import Iterator
from time import monotonic

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from scheduler import db, patience
from scheduler.patience import REST_SECONDS, SILENT, SILENT_SECONDS
from tests.support import databases
from tests.support.commands import eventually
from tests.support.databases import Server

pytestmark = pytest.mark.slow
AT_ONCE, BUSY = 1.0, 3.0
"""Seconds that what waits for nobody may take, and that a busy machine may add to any."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with no other visitors, at which this process is bound."""
    with databases.server() as made:
        db.bind(made.url)
        look()
        yield made


@pytest.fixture
def mute() -> Iterator[socket.socket]:
    """Where calls are taken and nothing is said; this process is bound there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(SILENT_SECONDS + REST_SECONDS + BUSY)
        db.bind(f"postgresql+psycopg://coffee:password@127.0.0.1:{listening.getsockname()[1]}/coffee")
        yield listening
        db.unbind()


def look() -> None:
    """Look something up, in a transaction."""
    with db.transaction() as session:
        session.execute(text("SELECT 1"))


def is_found() -> bool:
    """Whether that succeeds."""
    try:
        look()
    except OperationalError:
        return False
    return True


def is_told(within: float, why: str) -> None:
    """A look-up ends in words like these, within so many seconds."""
    began = monotonic()
    with pytest.raises(OperationalError, match=why):
        look()
    assert monotonic() - began < within


def test_a_server_that_says_nothing_is_tried_by_one_at_a_time(mute: socket.socket) -> None:
    is_told(SILENT_SECONDS + BUSY, "timeout expired")
    for _ in range(20):
        is_told(AT_ONCE, SILENT)
    is_over = threading.Event()
    other = threading.Thread(target=look_until, args=[is_over])
    other.start()
    with mute.accept()[0], mute.accept()[0]:  # the first call, and after a rest that of the other
        is_told(AT_ONCE, SILENT)
    is_over.set()
    other.join()


def look_until(is_over: threading.Event) -> None:
    """Look something up again and again."""
    while not is_over.is_set():
        is_found()


def test_a_server_that_hangs_amid_a_transaction_is_given_up_and_found_again(server: Server) -> None:
    with server.hanging():
        is_told(2 * SILENT_SECONDS + BUSY, SILENT)
        is_told(AT_ONCE, SILENT)
    eventually(is_found, "the server is not found again", within=REST_SECONDS + BUSY)
    with db.engine().connect(), db.engine().connect():
        look()


@pytest.mark.parametrize("step", ["execute", "commit", "rollback"])
def test_no_step_of_a_transaction_waits_for_ever(server: Server, step: str) -> None:
    with db.engine().connect() as connection:
        connection.execute(text("SELECT 1"))
        words = [text("SELECT 2")] if step == "execute" else []
        with server.hanging(), pytest.raises(OperationalError, match=SILENT):
            getattr(connection, step)(*words)


def test_a_server_that_answers_others_is_waited_for(server: Server) -> None:
    with db.engine().connect() as connection:
        connection.execute(text(f"SELECT pg_sleep({SILENT_SECONDS + 1})"))
        look()


def test_even_then_there_is_an_end(server: Server) -> None:
    engine = create_engine(server.url)
    patience.watch(engine, seconds=1)
    began = monotonic()
    with engine.connect() as connection, pytest.raises(OperationalError, match="within 1 s"):
        connection.execute(text("SELECT pg_sleep(60)"))
    assert monotonic() - began < 1 + BUSY
    engine.dispose()


def test_a_look_from_outside_ends_too(server: Server) -> None:
    with db.looking(server.url, 2) as session:
        began = monotonic()
        with server.hanging(), pytest.raises(OperationalError, match="within 2 s"):
            session.execute(text("SELECT 1"))
        assert monotonic() - began < 2 + BUSY
