"""The doctor: nothing but good words for the healthy, and the worst comes first."""

import json
from pathlib import Path

import pytest

from scheduler import db, settings
from scheduler.operating import doctor
from scheduler.settings import Settings
from tests.operating.conftest import Told
from tests.support.commands import Commands


def test_a_healthy_service_has_nothing_wrong(healthy: Settings, told: Told) -> None:
    assert told("wrong") == {}


def test_settings_that_do_not_fit_are_told_one_by_one(given: dict[str, str]) -> None:
    found = doctor.examine(lambda: settings.load(given | {"PORT": "many", "INBOUND": "perhaps"}))
    assert [(finding.about, finding.is_well) for finding in found] == [("settings", False)] * 2


def test_a_laptop_that_people_reach_from_elsewhere_is_noticed(healthy: Settings, told: Told) -> None:
    assert "settings" not in told("note")
    assert told("note", BASE_URL="https://rounds.example.edu")["settings"] == (
        "People come from elsewhere: set ENVIRONMENT=production, which refuses what is unsafe."
    )


def test_the_worst_comes_first(healthy: Settings, given: dict[str, str]) -> None:
    given |= {"REDIS_URL": "redis://127.0.0.1:1/0", "BASE_URL": "https://rounds.example.edu"}
    marks = [str(finding.mark) for finding in doctor.examine(lambda: settings.load(given))]
    assert marks == sorted(marks, key=["wrong", "note", "well"].index)
    assert {*marks} == {"wrong", "note", "well"}


def test_the_command_tells_it_to_people_and_to_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    run = Commands()
    answer = run("doctor")
    assert answer.exit_code == 1
    assert answer.stdout.startswith("WRONG  database: There is no database at ")
    run.must("upgrade")
    said = json.loads(run.must("doctor", "--json"))
    assert said["is_well"] is True
    assert {tuple(sorted(finding)) for finding in said["findings"]} == {
        ("about", "is_well", "mark", "sentence")
    }
    assert {finding["about"] for finding in said["findings"]} >= {
        *("settings", "database", "migrations", "time", "sweep", "work"),
        *("broker", "mail out", "mail in", "mail waiting", "disk", "keeping"),
    }
    db.unbind()
