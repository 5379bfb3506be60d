"""`make` with a Python that cannot carry it: one sentence that says what to do, and nothing made."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import left_out
from tests.support.sources import ROOT

OLD = "sys.version_info = (3, 9, 2, 'final', 0)"
WITHOUT_VENV = "sys.modules['ensurepip'] = None"
"""Debian's Python without the package python3-venv: the module is there, what it needs is not."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what `make` reads before there is an environment."""
    left_out.require(shutil.which("make") is not None, "no make on this machine")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def pretending(folder: Path, what: str) -> str:
    """A Python that is like this in what it tells about itself, and does nothing else."""
    script = folder / "a-python"
    script.write_text(
        f"#!{sys.executable}\nimport sys\n{what}\nassert sys.argv[1] == '-c'\nexec(sys.argv[2])\n"
    )
    script.chmod(0o755)
    return str(script)


def made(checkout: Path, goal: str, python: str) -> str:
    """What `make` says before it gives up."""
    words = ["make", "--no-print-directory", f"PYTHON={python}", goal]
    # These tests may themselves run under a make, which hands its own flags down.
    env = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }
    answer = subprocess.run(words, cwd=checkout, env=env, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert not (checkout / ".venv").exists()
    said, last = answer.stderr.splitlines()
    assert last.startswith("make: ***")
    return said


@pytest.mark.parametrize("goal", ["run", "test"])
def test_a_python_that_is_too_old_is_said_in_one_sentence(checkout: Path, goal: str) -> None:
    python = pretending(checkout, OLD)
    assert made(checkout, goal, python) == (
        f"Coffee Rounds needs Python 3.11 or newer, and '{python}' is older: "
        f"name another, as in  make PYTHON=python3.12 {goal}."
    )


@pytest.mark.parametrize("goal", ["run", "test"])
def test_a_python_that_is_not_there_is_said_in_one_sentence(checkout: Path, goal: str) -> None:
    assert made(checkout, goal, "python-of-nowhere") == (
        "Coffee Rounds needs Python 3.11 or newer, and 'python-of-nowhere' does not start: "
        f"name another, as in  make PYTHON=python3.12 {goal}."
    )


@pytest.mark.parametrize("goal", ["run", "test"])
def test_a_python_without_venv_is_said_in_one_sentence(checkout: Path, goal: str) -> None:
    python = pretending(checkout, WITHOUT_VENV)
    assert made(checkout, goal, python) == (
        f"'{python}' cannot make an environment of its own, for its venv module is missing: install it "
        "(on Debian and Ubuntu  apt install python3-venv), or "
        f"name another, as in  make PYTHON=python3.12 {goal}."
    )
