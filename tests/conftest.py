"""What tests are given: a database, the service bound to it, a clock that stands still, mail kept here."""

import os
import shutil
import smtplib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from scheduler import db, settings, wiring
from scheduler.app import create_app
from scheduler.settings import Settings
from tests.support.clock import Clock
from tests.support.mailroom import Mailroom
from tests.support.templates import COMPILED
from tests.support.world import World

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "")
IN_MEMORY = "/dev/shm"  # noqa: S108  # a folder of our own is made in it
DATABASES = ["sqlite", *(["postgresql"] if POSTGRES else [])]
SECRET = "a secret of tests that is long enough to sign with"


@pytest.fixture(autouse=True)
def _no_smtp(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks SMTP unless it asks for it by the fixture `smtp_allowed`."""
    if "smtp_allowed" in request.fixturenames:
        return

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("this test may not talk SMTP")

    monkeypatch.setattr(smtplib.SMTP, "connect", refused)


@pytest.fixture
def smtp_allowed() -> None:
    """For tests that talk SMTP to a server of their own."""


@pytest.fixture(scope="session")
def _template() -> Iterator[Path]:
    """A SQLite file with all tables, copied for each test; in memory where the machine has files there."""
    with TemporaryDirectory(dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None) as folder:
        path = Path(folder) / "empty.db"
        db.bind(f"sqlite:///{path}")
        db.Base.metadata.create_all(db.engine())
        db.unbind()  # closing the last connection writes the log back into the file
        yield path


def _empty(template: Path) -> Path:
    """The one file that all tests of this process use after each other, empty again."""
    path = template.with_name("rounds.db")
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    return shutil.copy(template, path)


@pytest.fixture(scope="session")
def _postgres(worker_id: str) -> Iterator[str]:
    """A PostgreSQL database of this worker's own, with all tables."""
    url = make_url(POSTGRES)
    name = f"rounds_{worker_id}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    own = url.set(database=name).render_as_string(hide_password=False)
    db.bind(own)
    db.Base.metadata.create_all(db.engine())
    db.unbind()
    yield own
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: each test that uses one runs on SQLite, and on PostgreSQL where one is to be had."""
    if request.param == "sqlite":
        return f"sqlite:///{_empty(request.getfixturevalue('_template'))}"
    url: str = request.getfixturevalue("_postgres")
    engine = create_engine(url)
    tables = ", ".join(f'"{table.name}"' for table in db.Base.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    engine.dispose()
    return url


@pytest.fixture
def known(database_url: str, tmp_path: Path) -> Settings:
    """The settings of a test."""
    return settings.load(
        {
            "DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": database_url,
            "BASE_URL": "http://localhost",
            "SECRET_KEY": SECRET,
            "MAIL_FROM": "Coffee Rounds <rounds@coffee.example.org>",
            "INBOUND": "true",
        }
    )


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The time, Monday 1 March 2027, 9:00 in New York, until the test moves it."""
    with Clock() as standing:
        yield standing


@pytest.fixture
def mailroom() -> Mailroom:
    """Where all letters of the test go."""
    return Mailroom()


@pytest.fixture
def service(known: Settings, clock: Clock) -> Iterator[None]:
    """The service bound to an empty database, without pages."""
    wiring.start(known)
    yield
    db.unbind()


@pytest.fixture
def app(known: Settings, clock: Clock) -> Iterator[Flask]:
    """The service with its pages, on an empty database."""
    made = create_app(known)
    made.testing = True
    made.jinja_env.bytecode_cache = COMPILED
    yield made
    db.unbind()


@pytest.fixture
def client(app: Flask, mailroom: Mailroom) -> FlaskClient:
    """A browser; links in the mails open in it."""
    mailroom.client = app.test_client()
    return mailroom.client


@pytest.fixture
def world(client: FlaskClient, clock: Clock, mailroom: Mailroom) -> World:
    """The cast in their programme, with pages and mail."""
    made = World(clock, mailroom)
    made.begin()
    return made
