"""The supervisor: what dies is started again, all end together, and nobody stays behind."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select

import psutil
import pytest

from tests.support import left_out
from tests.support.commands import eventually, running

pytestmark = pytest.mark.slow

SUPERVISOR = """
import sys
from scheduler.supervisor import Part, keep_running
told = enumerate(sys.argv[1:])
keep_running([Part(name=f"part {n}", words=[sys.executable, *words.split("|")]) for n, words in told])
"""
ONE_AFTER_ANOTHER = """
import sys
from pathlib import Path
from scheduler.supervisor import Part, keep_running
sleeps = [sys.executable, "-c", "import threading; threading.Event().wait()"]
first = Part(name="first", words=sleeps, is_ready=Path(sys.argv[1]).exists)
keep_running([first, Part(name="second", words=[sys.executable, "-c", "print('second', flush=True)"])])
"""
NOT_YET = """
import sys
from pathlib import Path
from scheduler.supervisor import Part, keep_running
program, folder = Path(sys.argv[1]), Path(sys.argv[2])
def prepare():
    if folder.is_file():
        raise PermissionError("somebody else's file stands there")
    folder.mkdir(exist_ok=True)
keep_running([
    Part(name="absent", words=[str(program)]),
    Part(name="kept out", words=[sys.executable, "-c", "print('in', flush=True)"], prepare=prepare,
         lock=folder / "lock"),
])
"""
LOST = """
import sys
from pathlib import Path
from scheduler.supervisor import Part, keep_running
sleeps = "import threading; print('up', flush=True); threading.Event().wait()"
keep_running([Part(name="lost", words=[sys.executable, "-c", sleeps], is_lost=Path(sys.argv[1]).exists)])
"""
SLEEPS = "-c|import threading; threading.Event().wait()"
DEAF = (
    "-c|import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('deaf', flush=True); threading.Event().wait()"
)
DIES = "-c|print('alive', flush=True)"


@contextmanager
def supervised(*parts: str) -> Iterator["subprocess.Popen[str]"]:
    with running(sys.executable, "-c", SUPERVISOR, *parts) as process:
        eventually(lambda: len(children(process)) == len(parts), "not all parts were started")
        yield process


def children(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    return psutil.Process(process.pid).children()


def all_gone(those: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in those)


def test_who_comes_after_waits_until_the_one_before_is_ready(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with running(sys.executable, "-c", ONE_AFTER_ANOTHER, str(mark)) as process:
        assert process.stdout is not None
        eventually(lambda: len(children(process)) == 1, "the first was not started")
        assert select([process.stdout], [], [], 1.0) == ([], [], [])
        mark.touch()
        assert process.stdout.readline() == "second\n"


def test_what_the_machine_refuses_to_start_is_started_once_it_can_be(tmp_path: Path) -> None:
    program, folder = tmp_path / "program", tmp_path / "folder"
    folder.touch()
    with running(sys.executable, "-c", NOT_YET, str(program), str(folder)) as process:
        assert process.stdout is not None
        said = process.stdout.readline() + process.stdout.readline()
        assert said.count("cannot be started yet") == 2
        assert f"No such file or directory: '{program}'" in said
        assert "somebody else's file stands there" in said
        program.write_text("#!/bin/sh\necho out\n")
        program.chmod(0o700)
        folder.unlink()
        said = ""
        while "in\n" not in said or "out\n" not in said:
            said += process.stdout.readline()
        process.terminate()
        process.communicate(timeout=15)
        assert process.returncode == 0


def test_what_nobody_can_reach_any_more_is_ended_and_started_again(tmp_path: Path) -> None:
    mark = tmp_path / "lost"
    with running(sys.executable, "-c", LOST, str(mark)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        mark.touch()
        assert "code=-9" in process.stdout.readline()
        mark.unlink()
        assert process.stdout.readline() == "up\n"


def test_what_is_killed_is_started_again_and_the_others_go_on() -> None:
    with supervised(SLEEPS, SLEEPS) as process:
        first, second = children(process)
        first.kill()
        eventually(
            lambda: len(children(process)) == 2 and first not in children(process), "not started again"
        )
        assert second in children(process)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_ends_all_and_says_it_went_well(ending: signal.Signals) -> None:
    with supervised(SLEEPS, SLEEPS) as process:
        those = children(process)
        process.send_signal(ending)
        process.communicate(timeout=15)
        assert process.returncode == 0
        assert all_gone(those)


def test_who_does_not_hear_is_killed_after_ten_seconds() -> None:
    with supervised(DEAF) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "deaf\n"
        (deaf,) = children(process)
        process.terminate()
        process.communicate(timeout=15)
        assert all_gone([deaf])


def test_killed_itself_it_takes_all_along() -> None:
    left_out.require(sys.platform == "linux", "only Linux tells a process that its parent has died")
    with supervised(SLEEPS, DEAF) as process:
        those = children(process)
        process.kill()
        eventually(lambda: all_gone(those), "a process was left behind", within=5)


def test_what_dies_at_once_is_started_less_and_less_often() -> None:
    said = ""
    with running(sys.executable, "-c", SUPERVISOR, DIES) as process:
        assert process.stdout is not None
        while said.count("alive") < 4:
            said += process.stdout.readline()
    waits = re.findall(r"wait=([0-9.]+)", said)
    assert waits == ["0.5", "1.0", "2.0"]
