"""Turns at writing, between real processes: nobody overtakes, and nobody takes a turn into the grave."""

import os
import signal
import subprocess
import sys
import threading
from itertools import groupby
from pathlib import Path
from time import monotonic

import pytest

from scheduler import turns

WRITER = """
import os, sys, time
from pathlib import Path
from scheduler.turns import Turn
folder, name, often = Path(sys.argv[1]), sys.argv[2].encode(), int(sys.argv[3])
log = os.open(folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
turn = Turn(folder / "turn")
print("ready", flush=True)
sys.stdin.readline()
for _ in range(often):
    with turn:
        os.write(log, name.lower())
        time.sleep(0.005)
        os.write(log, name.upper())
"""
HOLDER = """
import sys
from pathlib import Path
from scheduler.turns import Turn
with Turn(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.readline()
"""


def begun(code: str, *words: str) -> "subprocess.Popen[str]":
    """A process that runs `code` and has said its first word."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code, *words], stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() in ("ready", "mine")
    return process


def test_two_processes_that_write_all_the_time_take_turns(tmp_path: Path) -> None:
    writers = [begun(WRITER, str(tmp_path), name, "100") for name in "ab"]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=30)
        assert writer.returncode == 0
    log = (tmp_path / "log").read_text()
    assert log.replace("aA", "").replace("bB", "") == "", "two wrote at one moment"
    runs = [len(list(run)) for _, run in groupby(log[::2])]
    assert len(runs) > 50, f"somebody was overtaken again and again: {runs}"


def test_a_turn_ends_with_its_process(tmp_path: Path) -> None:
    holder = begun(HOLDER, str(tmp_path / "turn"))
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate(timeout=10)
    began = monotonic()
    with turns.Turn(tmp_path / "turn"):
        assert monotonic() - began < turns.PATIENCE_SECONDS / 2


def test_within_a_turn_the_same_thread_has_it(tmp_path: Path) -> None:
    turn = turns.Turn(tmp_path / "turn")
    with turn, turn:
        pass
    holder = begun(HOLDER, str(tmp_path / "turn"))  # it has been given back
    holder.communicate("go\n", timeout=10)
    assert holder.returncode == 0


def test_who_is_broken_off_while_waiting_keeps_nobody_of_their_own_process_out(tmp_path: Path) -> None:
    turn, holder = turns.Turn(tmp_path / "turn"), begun(HOLDER, str(tmp_path / "turn"))

    def rings(*_: object) -> None:
        raise LookupError("a job's time is over")

    before = signal.signal(signal.SIGALRM, rings)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(LookupError), turn:
            raise AssertionError("two have the turn at once")
    finally:
        signal.signal(signal.SIGALRM, before)
    holder.communicate("go\n", timeout=10)
    taken = threading.Event()

    def takes() -> None:
        with turn:
            taken.set()

    threading.Thread(target=takes, daemon=True).start()
    assert taken.wait(5)


def test_without_a_file_one_goes_on(tmp_path: Path) -> None:
    with turns.Turn(tmp_path / "nowhere" / "turn") as taken:
        assert taken is None
