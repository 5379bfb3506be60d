"""Whether the service is ready: each reason why not, told in time whatever hangs, and to whoever asks."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from scheduler import clock, db, settings, sweep
from scheduler.app import create_app
from scheduler.mail import delivery, holds
from scheduler.operating import schema
from tests.conftest import SECRET
from tests.support import brokers, databases
from tests.support.clock import Clock
from tests.support.mailroom import Mailroom
from tests.support.world import World

BROKER_GONE = ["The broker that REDIS_URL names does not answer."]
DATABASE_GONE = ["The database does not answer."]


@pytest.fixture(params=databases.KINDS)
def given(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[dict[str, str]]:
    """The settings of a service that has been upgraded, and swept a moment ago."""
    with databases.empty(request.param, tmp_path) as url:
        schema.upgrade(url)
        yield {"DATABASE_URL": url, "DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": SECRET}
        db.unbind()


def serving(given: dict[str, str], **more: str) -> Flask:
    """Its pages, just after a sweep."""
    app = create_app(settings.load(given | more))
    sweep.note_finished(clock.machine_now())
    return app


def said(app: Flask) -> dict[str, list[str]]:
    """What /readyz says."""
    answer = app.test_client().get("/readyz")
    found: dict[str, list[str]] = answer.get_json()
    assert answer.status_code == (503 if found["reasons"] else 200)
    assert found.pop("ready") == (not found["reasons"])
    assert set(found) == {"reasons", "notes"}
    return found


def reasons(app: Flask) -> list[str]:
    """Why it is not ready, as /readyz says it."""
    return said(app)["reasons"]


def test_a_service_that_was_just_swept_is_ready_without_any_broker(given: dict[str, str]) -> None:
    assert reasons(serving(given)) == []


def test_a_look_alone_has_the_same_status_and_no_words(given: dict[str, str], clock: Clock) -> None:
    browser = serving(given).test_client()
    well = browser.head("/readyz")
    clock.advance(minutes=5)
    ill = browser.head("/readyz")
    assert [(answer.status_code, answer.data) for answer in (well, ill)] == [(200, b""), (503, b"")]


def test_whoever_watches_may_ask_by_the_machines_address_and_only_for_this(given: dict[str, str]) -> None:
    given |= {"ENVIRONMENT": "production", "BASE_URL": "https://rounds.example.edu"}
    browser = serving(given).test_client()
    asked = {
        path: browser.get(path, base_url="http://10.0.0.7:8000") for path in ("/healthz", "/readyz", "/")
    }
    assert {path: answer.status_code for path, answer in asked.items()} == {
        "/healthz": 200,
        "/readyz": 200,
        "/": 400,
    }


def test_a_broker_that_is_named_must_answer(given: dict[str, str], tmp_path: Path) -> None:
    with brokers.running(tmp_path / "broker") as url:
        app = serving(given, REDIS_URL=url)
        assert reasons(app) == []
    assert reasons(app) == BROKER_GONE


def test_a_broker_that_hangs_is_told_within_a_second_again_and_again(given: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = serving(given, REDIS_URL=f"redis://:password@127.0.0.1:{silent.getsockname()[1]}/0")
        for _ in range(3):
            began = monotonic()
            assert reasons(app) == BROKER_GONE
            assert monotonic() - began < 1.0


def test_a_database_that_hangs_is_told_within_a_few_seconds(given: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://coffee:password@127.0.0.1:{silent.getsockname()[1]}/coffee"
        app = create_app(settings.load(given | {"DATABASE_URL": url}))
        began = monotonic()
        assert reasons(app) == DATABASE_GONE
        assert monotonic() - began < 5.0


def test_a_database_file_that_was_taken_away_is_seen_and_none_is_put_in_its_place(
    given: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "rounds #1.sqlite3"
    schema.upgrade(f"sqlite:///{path}")
    app = serving(given | {"DATABASE_URL": f"sqlite:///{path}"})
    assert reasons(app) == []
    path.rename(tmp_path / "elsewhere")
    assert reasons(app) == DATABASE_GONE
    assert not path.exists()


def test_an_old_migration_is_a_reason_and_a_later_versions_is_none(given: dict[str, str]) -> None:
    app = serving(given)
    stand_at(given["DATABASE_URL"], "0001")
    assert reasons(app) == ["The database does not have this version's tables."]
    stand_at(given["DATABASE_URL"], "9999")
    assert reasons(app) == []


def stand_at(url: str, revision: str) -> None:
    """Let the database say that its tables are of this revision."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": revision})
    engine.dispose()


def test_the_last_sweep_must_be_less_than_five_minutes_ago(given: dict[str, str], clock: Clock) -> None:
    app = create_app(settings.load(given))
    assert reasons(app) == ["No sweep of what is due has been finished yet."]
    sweep.note_finished(clock.now())
    clock.advance(minutes=4, seconds=59)
    assert reasons(app) == []
    clock.advance(seconds=1)
    assert reasons(app) == ["The last sweep of what is due was finished 5 minutes ago."]


def test_a_letter_may_be_due_for_less_than_a_quarter_of_an_hour(given: dict[str, str], clock: Clock) -> None:
    app = serving(given)
    asked(clock)
    clock.advance(minutes=14, seconds=59)
    sweep.note_finished(clock.now())
    assert reasons(app) == []
    clock.advance(seconds=1)
    assert reasons(app) == ["A letter has been due for 15 minutes."]


def asked(clock: Clock) -> None:
    """People are asked for a round; their letters wait."""
    world = World(clock, Mailroom())
    world.begin()
    first = clock.now().date() + timedelta(days=7)
    world.round(first=first, last=first + timedelta(days=4))


@pytest.mark.parametrize(
    ("scope", "is_reason"),
    [
        (holds.ALL, False),
        (holds.programme(1), False),
        (holds.domain("example.org"), False),
        (holds.SERVER, True),
    ],
)
def test_letters_that_somebody_holds_are_no_reason_and_those_our_mail_server_holds_are_one(
    given: dict[str, str], clock: Clock, scope: str, is_reason: bool
) -> None:
    app = serving(given)
    asked(clock)
    with db.transaction() as session:
        holds.set_up(session, scope, "a test", clock.now(), by="Ada")
    clock.advance(minutes=15)
    sweep.note_finished(clock.now())
    assert bool(reasons(app)) is is_reason


def test_mail_the_operator_has_paused_is_noted_without_the_reason(
    given: dict[str, str], clock: Clock
) -> None:
    app = serving(given)
    assert said(app)["notes"] == []
    asked(clock)
    with db.transaction() as session:
        holds.set_up(session, holds.ALL, "sam@example.org complained", clock.now(), by=holds.OPERATOR)
    clock.advance(hours=3)
    sweep.note_finished(clock.now())
    note = "All mail has been held back by the operator for 3 hours."
    assert said(app) == {"reasons": [], "notes": [note]}
    with db.transaction() as session:
        holds.lift(session, holds.ALL)
    assert said(app) == {"reasons": ["A letter has been due for 3 hours."], "notes": []}


def test_at_a_pace_that_is_set_letters_may_wait_while_others_leave(
    given: dict[str, str], clock: Clock
) -> None:
    app = serving(given, MAIL_PER_MINUTE="1")
    asked(clock)
    clock.advance(minutes=15)
    delivery.deliver(Mailroom(), clock.now, most=1)
    sweep.note_finished(clock.now())
    assert reasons(app) == []
    clock.advance(minutes=5)
    sweep.note_finished(clock.now())
    assert reasons(app) == ["A letter has been due for 20 minutes."]


def test_no_reason_tells_an_address_or_a_password(given: dict[str, str]) -> None:
    app = create_app(
        settings.load(
            given
            | {
                "DATABASE_URL": "postgresql://coffee:horse@127.0.0.1:1/battery",
                "REDIS_URL": "redis://:staple@127.0.0.1:1",
            }
        )
    )
    assert reasons(app) == DATABASE_GONE + BROKER_GONE
