"""The wheel alone, in an empty environment far from the checkout, has everything the service needs."""

import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import fresh, sources

PAGE = """
from scheduler.app import create_app
answer = create_app().test_client().get("/healthz")
raise SystemExit(0 if answer.status_code == 200 else f"/healthz answered {answer.status}")
"""

# One group, so that parallel workers build and install it once.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", sources.ROOT, "--no-deps", "--wheel-dir", folder)
    fresh.must(fresh.run(*pip, folder=folder))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path) -> Path:
    """The bin folder of an empty environment into which the wheel has been installed."""
    environment = wheel.parent / "environment"
    fresh.must(fresh.run(sys.executable, "-m", "venv", environment, folder=wheel.parent))
    pip = (environment / "bin" / "python", "-m", "pip", "install", wheel)
    fresh.must(fresh.run(*pip, "-c", sources.ROOT / "constraints.txt", folder=wheel.parent))
    return environment / "bin"


def test_the_wheel_carries_templates_static_files_and_migrations(wheel: Path) -> None:
    carried = {*zipfile.ZipFile(wheel).namelist()}
    wanted = [
        path.relative_to(sources.ROOT).as_posix()
        for folder in ("templates", "scheduler")
        for path in (sources.ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    placed = {name if name.startswith("scheduler/") else f"scheduler/{name}" for name in wanted}
    assert placed - carried == set()


def test_the_wheel_carries_no_tests(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"scheduler"}


def test_the_installed_service_says_what_it_can_do(programs: Path, tmp_path: Path) -> None:
    said = fresh.must(fresh.run(programs / "coffee-rounds", "--help", folder=tmp_path))
    assert "upgrade" in said


def test_the_installed_service_makes_its_database_and_serves_a_page(programs: Path, tmp_path: Path) -> None:
    data = {"DATA_DIR": str(tmp_path / "data")}
    fresh.must(fresh.run(programs / "coffee-rounds", "upgrade", folder=tmp_path, environ=data))
    fresh.must(fresh.run(programs / "python", "-c", PAGE, folder=tmp_path, environ=data))
