"""Killed at a named point: at every commit and around every word to the mail server, three times each."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import select

from scheduler import clock, db, sweep
from scheduler.chats.chat import ChatEvent
from scheduler.mail import sending, transport
from scheduler.mail.envelope import Fate, Outgoing
from tests.support import crashing, truth
from tests.support.counting import CountingSink
from tests.support.world import World

IN_DOUBT = {"smtp.after_dot", "smtp.after_answer", "delivery.after_send", "delivery.before_settle"}
"""Here the mail server has the letter, perhaps, and nobody has written that down: it may come once more."""
EXPECTED = {"offer_wanted": 2, "wish_wanted": 2, "chat_proposed": 2}


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CountingSink]:
    """A mail server that counts."""
    with CountingSink(tmp_path_factory.mktemp("sink")) as server:
        yield server


def swept(url: str) -> None:
    """Sweeps, with connections and batches enough to die at."""
    transport.LETTERS_A_CONNECTION, sending.BATCH, sending.LEAST_BATCH = 1, 2, 2
    for _ in range(3):
        sweep.sweep(transport.to(url), clock.now)


def prepare(world: World) -> None:
    """Four people asked, one chat proposed and one planned whose time to be proposed has come."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.chat(round_id, "noor", "lee", "2027-03-10 16:30", proposed=False)


@pytest.mark.usefixtures("smtp_allowed")
@pytest.mark.parametrize("passing", [1, 2, 3])
@pytest.mark.parametrize("name", crashing.points("db.", "delivery.", "smtp."))
def test_a_sweep_that_dies_there_loses_nothing(
    world: World, sink: CountingSink, name: str, passing: int
) -> None:
    prepare(world)
    list(sink.arrived())  # of a case that failed
    crashing.dies_at(name, passing, lambda: swept(sink.url))
    while sweep.sweep(transport.to(sink.url), clock.now):
        pass
    arrived = list(sink.arrived())
    copies = Counter(raw for _, raw in arrived)
    with db.reading() as session:
        rows = session.execute(select(Outgoing.letter, Outgoing.state, Outgoing.raw)).all()
        acts = Counter(session.scalars(select(ChatEvent.chat_id).where(ChatEvent.what == "propose")))
        world.mailroom.mails = []
        for to, raw in arrived:
            world.mailroom.send("", to, raw)
        truth.check(session, world.mailroom, clock.now())
    assert Counter(letter for letter, state, _ in rows if state is Fate.SENT) == EXPECTED
    assert set(copies) == {raw for _, _, raw in rows}
    assert copies.total() - len(copies) <= (name in IN_DOUBT)
    assert sorted(acts.values()) == [2, 2], "planned once and proposed once, each"
