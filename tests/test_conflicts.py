"""Writes that meet are done once more, then said in a sentence; a database that is away is said so too."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import click
import pytest
from click.testing import CliRunner
from flask import Flask, request
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.commands.speaking import Verb
from scheduler.limits import Count
from scheduler.mail import inbox
from scheduler.mail.envelope import Incoming
from scheduler.programme.round import Round
from scheduler.web import form_fields
from tests.support import databases
from tests.support.world import World


def add_twice(session: Session) -> None:
    """The same key twice, which the database lets nobody have."""
    session.add_all([Count(key="k", began_at=clock.now()), Count(key="k", began_at=clock.now())])
    session.flush()


def add_in_one(runs: list[int], *, fail: int) -> str:
    """A transaction whose first `fail` runs meet another's write."""
    with db.transaction() as session:
        runs.append(1)
        session.add(Count(key="k", began_at=clock.now()))
        if len(runs) <= fail:
            add_twice(session)
    return "done"


def keys() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Count.key).order_by(Count.id)))


def test_what_met_another_s_write_is_done_once_more_from_its_start(service: None) -> None:
    runs: list[int] = []
    assert db.attempt(lambda: add_in_one(runs, fail=1)) == "done"
    assert (len(runs), keys()) == (2, ["k"])


def test_what_meets_it_again_is_given_up_and_leaves_nothing(service: None) -> None:
    runs: list[int] = []
    with pytest.raises(db.Conflict, match="a moment faster"):
        db.attempt(lambda: add_in_one(runs, fail=2))
    assert (len(runs), keys()) == (2, [])


def test_a_fault_is_not_tried_again(service: None) -> None:
    runs: list[int] = []

    def ask_for_what_is_not_there() -> None:
        runs.append(1)
        with db.transaction() as session:
            session.execute(text("SELECT a FROM nowhere"))

    with pytest.raises(SQLAlchemyError):
        db.attempt(ask_for_what_is_not_there)
    assert len(runs) == 1


def test_a_row_changed_since_it_was_read_is_a_conflict(world: World) -> None:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19), ask=False)
    runs: list[int] = []

    def lengthen() -> None:
        with db.transaction() as session:
            runs.append(1)
            round_ = session.get_one(Round, round_id)
            if len(runs) == 1:
                session.execute(text("UPDATE round SET version = version + 1"))
            round_.minutes = 45

    db.attempt(lengthen)
    assert len(runs) == 2


def test_two_who_cross_are_both_done(service: None) -> None:
    """On PostgreSQL a deadlock, of which one gives way and comes again; on SQLite they queue."""
    with db.transaction() as session:
        session.add_all([Count(key="a", began_at=clock.now()), Count(key="b", began_at=clock.now())])
    both = Barrier(2)

    def add_one(first: str, second: str) -> None:
        with db.transaction() as session:
            for key in (first, second):
                session.execute(update(Count).where(Count.key == key).values(times=Count.times + 1))
                with suppress(BrokenBarrierError):
                    both.wait(timeout=0.5)

    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(db.attempt, lambda way=way: add_one(*way)) for way in (("a", "b"), ("b", "a"))]
        assert [run.result(timeout=20) for run in runs] == [None, None]
    with db.reading() as session:
        assert list(session.scalars(select(Count.times))) == [2, 2]


def test_a_snapshot_overtaken_is_a_conflict_and_a_lock_waited_for_in_vain_is_none(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}", connect_args={"timeout": 0})
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other, engine.connect() as ours:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("CREATE TABLE t (a)")
        ours.exec_driver_sql("BEGIN")
        ours.exec_driver_sql("SELECT * FROM t")
        other.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(OperationalError) as overtaken:
            ours.exec_driver_sql("INSERT INTO t VALUES (2)")
        ours.exec_driver_sql("ROLLBACK")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError) as locked:
            ours.exec_driver_sql("BEGIN IMMEDIATE")
    engine.dispose()
    assert (db.is_conflict(overtaken.value), db.is_conflict(locked.value)) == (True, False)


def two_mails() -> None:
    with db.transaction() as session:
        for number in range(2):
            inbox.store(session, f"Message-ID: <{number}@x>\r\n\r\n".encode(), clock.now())


def due_times() -> list[datetime | None]:
    with db.reading() as session:
        return list(session.scalars(select(Incoming.due_at).order_by(Incoming.id)))


def test_a_due_row_that_meets_another_s_write_comes_again_soon(service: None) -> None:
    two_mails()
    runs: list[int] = []

    def handle(session: Session, mail: Incoming) -> None:
        runs.append(mail.id)
        mail.due_at = None
        if mail.id == 1:
            add_twice(session)

    assert db.each_due(Incoming, clock.now(), handle) == 1
    assert runs == [1, 1, 2]
    assert due_times() == [clock.now() + timedelta(seconds=20), None]


def test_a_row_that_failed_is_not_put_off_when_it_has_another_time_by_now(service: None) -> None:
    two_mails()
    later = clock.now() + timedelta(days=3)

    def handle(session: Session, mail: Incoming) -> None:
        if mail.id == 1:
            session.execute(update(Incoming).where(Incoming.id == 1).values(due_at=later))
            session.commit()  # somebody else's change, kept while this one fails
            raise ValueError("poison")
        mail.due_at = None

    db.each_due(Incoming, clock.now(), handle)
    assert due_times() == [later, None]


def test_a_database_that_is_away_puts_no_row_off(service: None, tmp_path: Path) -> None:
    two_mails()
    nowhere = create_engine(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}")
    with pytest.raises(OperationalError):
        db.each_due(Incoming, clock.now(), lambda session, mail: nowhere.connect())
    assert due_times() == [clock.now(), clock.now()]


def test_a_page_whose_write_met_another_s_is_run_once_more(app: Flask) -> None:
    once: list[int] = []
    twice: list[int] = []
    app.add_url_rule("/once", view_func=lambda: add_in_one(once, fail=1), endpoint="once", methods=["POST"])
    app.add_url_rule("/twice", view_func=lambda: add_in_one(twice, fail=2), endpoint="twice")
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/once").text == "done"
    page = client.get("/twice")
    assert (page.status_code, len(once), len(twice), keys()) == (409, 2, 2, ["k"])
    assert "a moment faster" in page.text


def test_a_class_list_is_read_from_its_beginning_when_its_page_is_run_again(app: Flask) -> None:
    runs: list[int] = []

    def read() -> bytes:
        found = form_fields.class_list(request)
        add_in_one(runs, fail=1)
        return found

    app.add_url_rule("/list", view_func=read, methods=["POST"])
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().post("/list", data={"file": (BytesIO(b"name,email"), "list.csv")})
    assert (answer.data, len(runs)) == (b"name,email", 2)


def test_a_command_whose_write_met_another_s_ends_in_a_sentence(service: None) -> None:
    @click.command(cls=Verb)
    def clash() -> None:
        add_in_one([], fail=1)

    ended = CliRunner().invoke(clash)
    assert (ended.exit_code, ended.stderr) == (1, "Somebody was a moment faster. Please look again.\n")


def test_a_page_says_that_the_database_is_away_and_that_nothing_was_lost(
    world: World, tmp_path: Path, database_url: str
) -> None:
    assert world.mailroom.client is not None
    browser = world.mailroom.client
    with databases.away(tmp_path, database_url):
        for answer in (browser.get("/board"), browser.post("/sign-in", data={"email": "ada@example.org"})):
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
            assert "Nothing was lost" in answer.text
    assert browser.get("/sign-in").status_code == 200
