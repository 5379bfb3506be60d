"""The supervisor: starts the processes of one machine, restarts what dies, and ends them all together."""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TextIO

import structlog

from scheduler.ending import LOOKS_EVERY, Mark

log = structlog.get_logger()

FIRST_WAIT, LONGEST_WAIT = 0.25, 10.0
"""Seconds before what died is started again: doubled each time, until it has lived a while."""
LIVED = 30.0
DRAIN_SECONDS = 9.5
READY_SECONDS = 5.0
ENDINGS = (signal.SIGINT, signal.SIGTERM)

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with(parent: int) -> None:
    """Let the calling process be killed when its parent, which should be `parent`, dies; Linux only.

    Killed and not asked: whatever hangs would stay behind, and nothing of ours is lost by a kill (prctl(2)).
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process to be kept running: its words, its surroundings, and the files it is handed."""

    name: str
    words: Sequence[str]
    environ: Mapping[str, str] | None = None
    files: Sequence[int] = ()
    is_ready: Callable[[], bool] | None = None
    """Those after it start when this holds, or five seconds later."""
    is_leaned_on: bool = False
    """It ends only when those that lean on it have ended."""
    lock: Path | None = None
    """A file that whoever runs such a process holds locked: while another does, it is left to them."""
    prepare: Callable[[], None] = lambda: None
    """What is to be done before each start."""
    is_lost: Callable[[], bool] = lambda: False
    """Whether nobody can reach it any more, though it lives; asked from five seconds after its start on."""


@dataclass
class _Child:
    part: Part
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    wait: float = FIRST_WAIT
    start_at: float = field(default_factory=monotonic)

    def start(self) -> None:
        """Start it, or try again later where the machine refuses: no room, no program, no folder."""
        self.started = monotonic()
        try:
            self.part.prepare()
            self._start_alone()
        except (OSError, subprocess.SubprocessError) as error:
            self._put_off()
            name, why = self.part.name, str(error)
            log.warning("a process cannot be started yet", name=name, why=why, wait=self.wait)

    def _start_alone(self) -> None:
        """Start it, with its lock: it keeps that until it has died, however that comes about."""
        if self.part.lock is None:
            self._start(self.part.files)
            return
        with self.part.lock.open("w") as lock:
            if _is_locked(lock):
                self._start([*self.part.files, lock.fileno()])

    def _start(self, files: Sequence[int]) -> None:
        parent = os.getpid()
        self.process = subprocess.Popen(  # noqa: S603 - our own programs, in our own words
            self.part.words,
            env=None if self.part.environ is None else dict(self.part.environ),
            pass_fds=tuple(files),
            start_new_session=True,  # a terminal's Ctrl-C is for the supervisor alone
            preexec_fn=lambda: die_with(parent),  # noqa: PLW1509 - this process has one thread
        )

    def look(self) -> None:
        """Start it when its time has come, end it when it is lost, and see to the next start when it died."""
        if self.process is None:
            if monotonic() >= self.start_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            if monotonic() - self.started > READY_SECONDS and self.part.is_lost():
                self.process.kill()
            return
        self.process = None
        self._put_off()
        log.warning("a process ended and is started again", name=self.part.name, code=code, wait=self.wait)

    def _put_off(self) -> None:
        self.wait = FIRST_WAIT if monotonic() - self.started > LIVED else min(self.wait * 2, LONGEST_WAIT)
        self.start_at = monotonic() + self.wait

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        if self.process is not None and self.is_running():
            self.process.send_signal(number)


def _is_locked(lock: TextIO) -> bool:
    """Whether it is ours now; whoever inherits the open file holds it as long as they live (flock(2))."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def keep_running(parts: Sequence[Part]) -> None:
    """Run all parts until this process is told to end (TERM, Ctrl-C), then end them within ten seconds.

    They start in their order, and what is leaned on ends last. Killed itself, it takes all along (Linux).
    Must be called in the main thread of a process with no other.
    """
    told = Mark()
    before = {number: signal.signal(number, told.set) for number in ENDINGS}
    children = [_Child(part) for part in parts]
    try:
        for last in range(len(children)):
            _begin(children[: last + 1], told)
        while not told.wait(LOOKS_EVERY):
            for child in children:
                child.look()
    finally:
        by = monotonic() + DRAIN_SECONDS
        for is_last in (False, True):
            _end([child for child in children if child.part.is_leaned_on is is_last], by)
        for number, former in before.items():
            signal.signal(number, former)


def _begin(children: Sequence[_Child], told: Mark) -> None:
    """Start the last of them, give it a few seconds to be ready, and keep the others running meanwhile."""
    if told.is_set():
        return
    end, is_ready = monotonic() + READY_SECONDS, children[-1].part.is_ready or (lambda: True)
    for child in children:
        child.look()
    while not is_ready() and monotonic() < end and not told.wait(LOOKS_EVERY / 4):
        for child in children:
            child.look()


def _end(children: Sequence[_Child], by: float) -> None:
    for child in children:
        child.send(signal.SIGTERM)
    while monotonic() < by and any(child.is_running() for child in children):
        time.sleep(LOOKS_EVERY / 4)
    for child in children:
        child.send(signal.SIGKILL)
        if child.process is not None:
            child.process.wait()
