"""The Dockerfile and compose.yaml hold together: whatever they name is there, and no more than is needed."""

import re
from typing import Any

import pytest

from scheduler import settings
from scheduler.settings import Settings
from tests.support import containers
from tests.support.sources import ROOT

GIVEN = {"BASE_URL": "https://rounds.example.edu", "MAIL_FROM": "rounds@example.edu"}
OURS = ("upgrade", "web", "worker")
KNOWN = {
    *("FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"),
}


@pytest.fixture
def compose() -> dict[str, Any]:
    return containers.compose(GIVEN)


def test_every_instruction_is_one_docker_knows_and_every_stage_begins_with_the_same_slim_python() -> None:
    stages = containers.instructions()
    assert {instruction.name for stage in stages for instruction in stage} == KNOWN
    images = {stage[0].text.partition(" AS ")[0] for stage in stages}
    assert len(images) == 1
    assert re.fullmatch(r"python:3\.\d+-slim", images.pop())


def test_nothing_is_compiled_and_no_system_package_is_added() -> None:
    runs = [line.text for stage in containers.instructions() for line in stage if line.name == "RUN"]
    assert [run for run in runs if re.search(r"\b(apt|apt-get|gcc|g\+\+|make|build-essential)\b", run)] == []
    assert any("--only-binary :all:" in run and "[embedded,postgres]" in run for run in runs)


def test_the_finished_image_runs_as_nobody_in_particular_and_asks_whether_it_is_ready() -> None:
    (user,) = containers.of_the_image("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert "'/readyz'" in containers.health_check()[-1]
    copied = containers.of_the_image("COPY")
    assert copied == ["--from=build /opt/coffee-rounds /opt/coffee-rounds"]


def test_the_builder_is_sent_what_it_copies_and_nothing_else() -> None:
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copies = [line.text.split()[:-1] for line in containers.instructions()[0] if line.name == "COPY"]
    copied = {path for paths in copies for path in paths}
    assert {line.removeprefix("!") for line in sent if line.startswith("!")} == copied
    assert all((ROOT / path).exists() for path in copied)
    assert "*" in sent


def test_whatever_a_service_is_told_is_a_setting(compose: dict[str, Any]) -> None:
    names = {name.upper() for name in Settings.model_fields} | {f"{name}_FILE" for name in settings.SECRETS}
    told = [pair for service in OURS for pair in compose["services"][service]["environment"].items()]
    assert {name for name, _ in told} - names == set()
    assert [pair for pair in told if not isinstance(pair[1], str)] == []
    image = containers.environment_of_the_image()
    assert {*image} - names == {"PATH", "PYTHONUNBUFFERED"}


def test_every_secret_volume_and_service_that_is_named_is_there(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert {*service.get("secrets", [])} <= {*compose["secrets"]}
        assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= {*compose["volumes"]}
        assert {*service.get("depends_on", {})} <= {*compose["services"]}
        told = service.get("environment", {})
        files = {value for name, value in told.items() if name.endswith("_FILE")}
        assert {path.removeprefix("/run/secrets/") for path in files} == {*service.get("secrets", [])}


def test_the_database_is_upgraded_before_anything_of_ours_starts(compose: dict[str, Any]) -> None:
    assert compose["services"]["upgrade"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("web", "worker"):
        needs = compose["services"][name]["depends_on"]
        assert needs["upgrade"] == {"condition": "service_completed_successfully"}


def test_only_the_pages_are_reached_and_from_this_machine_alone(compose: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    assert all(one["file"].startswith("./secrets/") for one in compose["secrets"].values())
    assert "/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()


def test_a_missing_address_is_told_in_words() -> None:
    with pytest.raises(AssertionError, match="BASE_URL must be set: where people reach the pages"):
        containers.compose({"MAIL_FROM": "rounds@example.edu"})
