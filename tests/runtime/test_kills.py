"""Killed at any moment: web, workers, clock, broker and supervisor die at random, and no letter is lost."""

import os
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic

import psutil
import pytest
from sqlalchemy import select

from scheduler import clock, db
from scheduler.mail.envelope import Fate, Outgoing
from tests.support import left_out, truth
from tests.support.commands import eventually
from tests.support.live import WITHIN_SECONDS, Live
from tests.support.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kills")]
KILLS, KILLS_A_STEP = (200, 2) if os.environ.get("LONG") else (60, 1)
"""How many die, and how many at least while the round takes one step: they are spread over its length."""

KINDS = ("supervisor", "gunicorn", "work prompt", "work slow", "clock", "valkey-server")


class Killer:
    """Kills one process of the service after another at random; starts the supervisor anew."""

    def __init__(self, live: Live, seed: int) -> None:
        self._live, self._draw = live, random.Random(seed)
        self.kills: dict[str, int] = {}
        self.last = 0.0
        """When the last one died, on the monotonic clock."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        while not self._stop.wait(self._draw.uniform(0.1, 0.9)) and self.count < KILLS:
            name = self._draw.choice(KINDS)
            process = self._one(name)
            if process is None:
                continue
            with suppress(psutil.NoSuchProcess):
                process.kill()
                self.last = monotonic()
                self.kills[name] = self.kills.get(name, 0) + 1
            if name == "supervisor":
                assert self._live.service is not None
                self._live.service.wait()
                eventually(lambda: not self._live.processes(), "a process was left behind", within=10)
                self._live.start(wait=False)
                if self._draw.random() < 0.7:
                    eventually(self._is_whole, "the service does not come back", within=WITHIN_SECONDS)

    def _is_whole(self) -> bool:
        """Whether each kind of process is there again; the other times it is killed while it starts."""
        return {kind(process, self._live) for process in self._live.processes()} >= set(KINDS)

    def _one(self, name: str) -> psutil.Process | None:
        """A process of this kind, if one is there just now."""
        found = [process for process in self._live.processes() if kind(process, self._live) == name]
        return self._draw.choice(found) if found else None

    def __enter__(self) -> "Killer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def count(self) -> int:
        return sum(self.kills.values())

    def wait_for(self, kills: int, is_so: Callable[[], bool]) -> None:
        """Until so many more have died and it is so, or nobody dies any more."""
        enough = self.count + kills
        words = "nothing is done, though it rests at times"
        eventually(lambda: self.is_done or (self.count >= enough and is_so()), words, within=1200)

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()


def kind(process: psutil.Process, live: Live) -> str:
    """Which part of the service it is."""
    try:
        words = " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return "gone"
    if live.service is not None and process.pid == live.service.pid:
        return "supervisor"
    return next((name for name in KINDS if name in words), "other")


def test_nothing_is_lost_whoever_dies(
    tmp_path: Path, database: str, seed: int, record_property: Callable[[str, object], None]
) -> None:
    left_out.require(Path("/proc").exists(), "only Linux tells a process that its parent has died")
    with Live(tmp_path, database) as live:
        town = Town(live, seed)
        town.found()
        live.start()
        with Killer(live, seed) as killer:
            town.begin()
            while not killer.is_done and town.go_on():
                killer.wait_for(KILLS_A_STEP, live.is_settled)
        town.answer()
        live.passes_unheard(timedelta(hours=8))
        live.settle()
        took = monotonic() - killer.last
        while town.go_on(hours=8):
            live.settle()
        for name, figure in figures(live, killer, took).items():
            record_property(name, figure)
        assert took <= WITHIN_SECONDS
        assert killer.count == KILLS
        assert set(killer.kills) == set(KINDS)
        check(live, town)


def figures(live: Live, killer: Killer, took: float) -> dict[str, object]:
    """What the run was like, for its report."""
    return {
        "kills": killer.kills,
        "seconds until all was done": round(took, 1),
        "letters": len(live.ids),
        "extra copies": live.extra_copies,
        "connections broken off after a letter": live.sink.broken_off,
    }


def check(live: Live, town: Town) -> None:
    """Every letter arrived as it stands in the outbox; copies only where a sender died before it knew."""
    live.collect()
    with db.reading() as session:
        truth.check(session, live.mailroom, clock.now())
        rows = session.execute(select(Outgoing.message_id, Outgoing.raw, Outgoing.state)).all()
    taken: dict[str, set[bytes]] = {}
    for letter_id, (_, mail) in zip(live.ids, live.mails, strict=True):
        taken.setdefault(letter_id, set()).add(mail.raw)
    assert {state for _, _, state in rows} <= {Fate.SENT, Fate.WITHDRAWN}
    for letter_id, raw, state in rows:
        copies = taken.get(letter_id, set())
        assert copies or state is Fate.WITHDRAWN, f"{letter_id} is lost"
        assert copies <= {raw}, f"a copy of {letter_id} differs"
    assert live.extra_copies <= live.sink.broken_off
    assert town.answered >= 60
