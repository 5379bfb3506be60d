"""The doctor: each illness in a sentence, and nothing but good words for the healthy."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from scheduler import db, settings, wiring
from scheduler.mail import inbox
from scheduler.mail.envelope import Incoming
from scheduler.operating import doctor, schema
from scheduler.settings import Settings
from tests.support.clock import Clock
from tests.support.commands import Commands
from tests.support.mailroom import Mailroom
from tests.support.world import World


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    return {"DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": "x" * 40}


@pytest.fixture
def healthy(given: dict[str, str], clock: Clock) -> Iterator[Settings]:
    """A service with its database."""
    known = settings.load(given)
    known.data_dir.mkdir()
    schema.upgrade(known.database_url)
    wiring.start(known)
    yield known
    db.unbind()


def ill(given: dict[str, str]) -> dict[str, str]:
    """What is wrong, by what it is about."""
    found = doctor.examine(lambda: settings.load(given))
    db.unbind()
    return {finding.about: finding.sentence for finding in found if not finding.is_well}


def test_a_healthy_service_has_nothing_wrong(healthy: Settings, given: dict[str, str]) -> None:
    assert ill(given) == {}


def test_settings_that_do_not_fit_are_told_one_by_one(given: dict[str, str]) -> None:
    found = doctor.examine(lambda: settings.load(given | {"PORT": "many", "INBOUND": "perhaps"}))
    assert [(finding.about, finding.is_well) for finding in found] == [("settings", False)] * 2


def test_a_database_without_tables_is_seen(given: dict[str, str]) -> None:
    assert list(ill(given)) == ["migrations"]


def test_a_database_that_does_not_answer_is_seen(given: dict[str, str]) -> None:
    assert list(ill(given | {"DATABASE_URL": "sqlite:////nowhere/at/all.db"})) == ["database"]


def test_a_mail_server_that_is_away_is_seen(
    healthy: Settings, given: dict[str, str], smtp_allowed: None
) -> None:
    with closing(socket.socket()) as door:
        door.bind(("127.0.0.1", 0))
        url = f"smtp://127.0.0.1:{door.getsockname()[1]}"
        said = ill(given | {"SMTP_URL": url})
    assert list(said) == ["mail out"]
    assert said["mail out"].startswith("The mail server 127.0.0.1:")


def test_work_nobody_does_is_seen(healthy: Settings, given: dict[str, str], clock: Clock) -> None:
    with db.transaction() as session:
        inbox.store(session, b"From: eve@example.org\r\n\r\nHello.\r\n", clock.now())
    clock.advance(minutes=5)
    assert ill(given) == {}
    clock.advance(minutes=175)
    wiring.start(healthy)
    assert ill(given) == {
        "work": "Work has been due for 3 hours: does  coffee-rounds clock  or  run  go on?",
    }


def test_mail_that_waits_too_long_is_seen(healthy: Settings, given: dict[str, str], clock: Clock) -> None:
    world = World(clock, Mailroom())
    world.begin()
    now = clock.now().date()
    world.round(first=now + timedelta(days=7), last=now + timedelta(days=11))
    clock.advance(minutes=30)
    assert ill(given) == {"mail waiting": "Mail has waited for 30 minutes."}


def test_mails_nobody_could_read_are_counted(healthy: Settings, given: dict[str, str], clock: Clock) -> None:
    with db.transaction() as session:
        inbox.store(session, b"From: eve@example.org\r\n\r\nHello.\r\n", clock.now())
        session.execute(update(Incoming).values(state="dead", due_at=None))
    assert list(ill(given)) == ["mail received"]


def test_the_command_tells_it_to_people_and_to_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    run = Commands()
    answer = run("doctor")
    assert answer.exit_code == 1
    assert "WRONG  migrations: The database does not have this version's tables" in answer.stdout
    run.must("upgrade")
    assert json.loads(run.must("doctor", "--json"))["is_well"] is True
    db.unbind()
