"""The wheel alone, in an empty environment far from the checkout, has everything the service needs."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import left_out, sources

# What pip says when it cannot reach a package index.
UNREACHABLE = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Could not find a version that satisfies the requirement",
)
PAGE = """
from scheduler.app import create_app
answer = create_app().test_client().get("/healthz")
raise SystemExit(0 if answer.status_code == 200 else f"/healthz answered {answer.status}")
"""

# One group, so that parallel workers build and install it once.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def run(*command: str | Path, folder: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """A command as a fresh machine runs it: in `folder`, with no more of our environment than pip needs."""
    kept = (
        "PATH",
        "HOME",
        "LANG",
        "TMPDIR",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "https_proxy",
    )
    environ = {name: value for name, value in os.environ.items() if name in kept or name.startswith("PIP_")}
    return subprocess.run(
        command, cwd=folder, env=environ | extra, capture_output=True, text=True, check=False, timeout=600
    )


def must(answer: subprocess.CompletedProcess[str]) -> str:
    """What the command wrote; one that fails fails the test, unless only the package index is missing."""
    said = answer.stdout + answer.stderr
    reached = answer.returncode == 0 or not any(sign in said for sign in UNREACHABLE)
    left_out.require(reached, "no package index in reach, so no wheel can be built and installed")
    assert answer.returncode == 0, said
    return answer.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", sources.ROOT, "--no-deps", "--wheel-dir", folder)
    must(run(*pip, folder=folder))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path) -> Path:
    """The bin folder of an empty environment into which the wheel has been installed."""
    environment = wheel.parent / "environment"
    must(run(sys.executable, "-m", "venv", environment, folder=wheel.parent))
    pip = (environment / "bin" / "python", "-m", "pip", "install", wheel)
    must(run(*pip, "-c", sources.ROOT / "constraints.txt", folder=wheel.parent))
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
    said = must(run(programs / "coffee-rounds", "--help", folder=tmp_path))
    assert "upgrade" in said


def test_the_installed_service_makes_its_database_and_serves_a_page(programs: Path, tmp_path: Path) -> None:
    must(run(programs / "coffee-rounds", "upgrade", folder=tmp_path, DATA_DIR=str(tmp_path / "data")))
    must(run(programs / "python", "-c", PAGE, folder=tmp_path, DATA_DIR=str(tmp_path / "data")))
