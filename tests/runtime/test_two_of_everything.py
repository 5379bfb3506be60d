"""Two clocks and four workers at one database: each step is done once, and each letter leaves once."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from scheduler import clock, db
from scheduler.chats.chat import ChatEvent
from scheduler.chats.lifecycle import Act
from scheduler.life import Via
from tests.support import truth
from tests.support.commands import COMMAND, eventually
from tests.support.live import Live
from tests.support.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("two")]


def test_each_step_is_done_once_and_each_letter_leaves_once(tmp_path: Path, database: str, seed: int) -> None:
    with Live(tmp_path, database) as live:
        town = Town(live, seed)
        town.found()
        live.start()
        second = subprocess.Popen([COMMAND, "run", "--no-pages"], env=live.environ, start_new_session=True)
        eventually(lambda: words_of(live).count("clock") == 2, "no second clock")
        assert Counter(words_of(live)) >= Counter({"work prompt": 2, "work slow": 2, "clock": 2})
        town.begin()
        while town.go_on(hours=6):
            live.settle()
        second.terminate()
        second.wait(20)
        live.collect()
        check(live)
        assert town.answered >= 60


def words_of(live: Live) -> list[str]:
    """What each Python process of the service is there for."""
    lines = [" ".join(process.cmdline()) for process in live.processes()]
    return [line.partition("scheduler.cli ")[2] for line in lines if "scheduler.cli " in line]


def check(live: Live) -> None:
    """No step twice, no letter twice, and every calendar right."""
    with db.reading() as session:
        truth.check(session, live.mailroom, clock.now())
        by_itself = select(ChatEvent.chat_id, ChatEvent.what).where(ChatEvent.via == Via.CLOCK)
        events = session.execute(by_itself).all()
    steps = Counter((chat, what) for chat, what in events if what not in set(Act) or what == Act.LAPSE)
    assert steps, "nothing fell due by itself"
    assert set(steps.values()) <= {1}, steps.most_common(3)
    assert live.extra_copies == 0
