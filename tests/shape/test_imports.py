"""Who may import whom: the contracts of pyproject.toml hold, and would be seen to break."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import sources

# One line put into one file of a copy breaks the contract that stands beside it.
PLANTED = [
    ("scheduler/mail/__init__.py", "from scheduler import chats", "layers"),
    ("scheduler/db.py", "from scheduler import clock", "layers"),
    ("scheduler/drawer.py", "", "layers"),
    ("scheduler/chats/lifecycle.py", "import sqlalchemy", "rules are pure"),
    ("scheduler/planning/__init__.py", "import smtplib", "rules are pure"),
    ("scheduler/rounds/__init__.py", "import flask", "only edges read the world"),
    ("scheduler/chats/__init__.py", "from scheduler import clock", "only edges read the world"),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over the package in `folder`, under the contracts of its pyproject.toml."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def broken(answer: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in answer.stdout.splitlines() if line.rstrip().endswith("BROKEN")]


def test_every_import_goes_down_the_ladder() -> None:
    answer = lint(sources.ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(("place", "line", "contract"), PLANTED)
def test_an_import_that_breaks_a_contract_is_seen(
    tmp_path: Path, place: str, line: str, contract: str
) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(sources.ROOT / "scheduler", tmp_path / "scheduler", ignore=ignored)
    shutil.copy(sources.ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / place).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    answer = lint(tmp_path)
    assert any(found.startswith(contract) for found in broken(answer)), answer.stdout + answer.stderr
