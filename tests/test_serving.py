"""The commands that last: they answer, they work, and they are gone within seconds of being told."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from scheduler import settings
from scheduler.commands import lasting, paging
from scheduler.operating import schema
from tests.support import left_out
from tests.support.commands import COMMAND, Commands, eventually, free_port, running
from tests.support.sources import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database of an empty service, and the environment that names it."""
    monkeypatch.chdir(tmp_path)
    for name in ("SMTP_URL", "DATABASE_URL", "ENVIRONMENT", "BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return f"sqlite:///{tmp_path / 'data' / 'coffee-rounds.sqlite3'}"


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def members(process: "subprocess.Popen[str]") -> list[int]:
    """The processes started by it that are still there."""
    tasks = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(child) for child in tasks.read_text().split()] if tasks.exists() else []


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def of_the_procfile() -> list[str]:
    """The web process as the Procfile starts it, on this machine alone."""
    (line,) = re.findall(r"^web: (.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    return ["sh", "-c", "exec " + re.sub(r"\S+:\$PORT", "127.0.0.1:$PORT", line)]


@pytest.mark.parametrize("command", ["run", "web", "Procfile"])
def test_the_server_leaves_no_file_in_anybodys_home(
    url: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.upgrade(url)
    homes = [tmp_path / "home", tmp_path / "runtime", tmp_path / "working"]
    for home in homes:
        home.mkdir()
    monkeypatch.setenv("HOME", str(homes[0]))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(homes[1]))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.chdir(homes[2])
    port = free_port()
    monkeypatch.setenv("PORT", str(port))
    with running(*(of_the_procfile() if command == "Procfile" else [COMMAND, command])) as process:
        eventually(lambda: answers(port), "no page in time")
        assert [path for home in homes for path in home.rglob("*")] == []
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 0, said


@pytest.mark.parametrize("command", ["run", "web"])
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_pages_are_served_until_told_to_end(url: str, command: str, ending: signal.Signals) -> None:
    if command == "web":
        schema.upgrade(url)
    port = free_port()
    with Commands().started(command, "--port", str(port)) as process:
        eventually(lambda: answers(port), "no page in time")
        children = members(process)
        process.send_signal(ending)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 0, said
        eventually(lambda: not any(map(is_there, children)), "an orphan is left", within=5)


def test_the_clock_ends_at_once_when_told(url: str) -> None:
    left_out.require(Path("/proc/self/task").exists(), "no /proc to see what a process waits for")
    schema.upgrade(url)
    with Commands().started("clock") as process:
        tasks = Path(f"/proc/{process.pid}/task")
        eventually(lambda: any(map(holds_term, tasks.glob("*/status"))), "it never waited for its end")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 0, said


def holds_term(status: Path) -> bool:
    """Whether a thread has TERM held back for the one that waits for it."""
    (held,) = (line.split()[1] for line in status.read_text().splitlines() if line.startswith("SigBlk"))
    return bool(int(held, 16) >> (signal.SIGTERM - 1) & 1)


def test_run_on_an_unfit_setting_says_so(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_URL", "rounds.example.org")
    answer = Commands()("run")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("BASE_URL should look like")


@pytest.mark.usefixtures("url")
def test_pages_come_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://redis.example.org/0")
    with paging.door("127.0.0.1", 0) as door:
        parts = lasting.parts(settings.load(), door)
        assert [part.name for part in parts] == ["web", "prompt", "slow", "clock"]
        assert parts[0].is_ready is not None
        assert not parts[0].is_ready()  # nobody serves there, and it is not waited for
