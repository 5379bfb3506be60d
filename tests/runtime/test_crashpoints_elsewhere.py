"""Killed at a named point of what else is done: mails read, rounds planned, letters filed, the bell rung."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from scheduler import clock, db, sweep
from scheduler.availability.ask import Ask
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.lifecycle import State
from scheduler.life import By
from scheduler.mail import inbox, replies
from scheduler.mail.envelope import Fate, Incoming, Outgoing, Reading
from scheduler.mail.transport import Maildir
from tests.support import crashing
from tests.support.world import World

SWEPT = "db.", "delivery.", "smtp."
"""Those of the sweep and its letters: `test_crashpoints.py`."""
PASSINGS = pytest.mark.parametrize("passing", [1, 2, 3])


def on(*beginnings: str) -> pytest.MarkDecorator:
    """Each point that begins so."""
    return pytest.mark.parametrize("name", crashing.points(*beginnings))


@pytest.fixture
def round_id(world: World) -> int:
    """Everybody has given two evenings."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "noor", "sam", "lee"):
        evenings = [(f"2027-03-{day} 16:30", f"2027-03-{day} 18:30") for day in ("09", "11")]
        world.gives(round_id, name, *evenings)
    return round_id


def answers(world: World) -> list[bytes]:
    """Sam accepts, Lee accepts, Sam thinks better of it: three mails, a minute apart."""
    given = []
    for name, word in (("sam", "ACCEPTED"), ("lee", "ACCEPTED"), ("sam", "DECLINED")):
        world.later(minutes=1)
        raw = world.mailroom.last(name).raw if not given else invitation(world, name)
        given.append(replies.reply(raw, word, stamp=clock.now(), style="google"))
    return given


def invitation(world: World, name: str) -> bytes:
    return next(mail.raw for mail in world.mailroom.to(name) if mail.method == "REQUEST")


def store(raw: bytes) -> None:
    with db.transaction() as session:
        inbox.store(session, raw, clock.now())


def test_every_point_is_died_at() -> None:
    known = crashing.points()
    assert len(known) >= 25
    here = crashing.points("inbox.", "chat.", "plan.", "maildir.", "queue.")
    assert sorted([*crashing.points(*SWEPT), *here]) == known


@PASSINGS
@on("inbox.before_store", "inbox.after_store")
def test_a_mail_is_kept_or_comes_again(world: World, round_id: int, name: str, passing: int) -> None:
    world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.chat(round_id, "noor", "lee", "2027-03-11 16:30")
    world.run()
    mails = answers(world)
    crashing.dies_at(name, passing, lambda: [store(raw) for raw in mails])
    for raw in mails:  # whoever brings them had no word of thanks, and brings them all again
        store(raw)
    with db.reading() as session:
        assert sorted(session.scalars(select(Incoming.raw))) == sorted(mails)


@PASSINGS
@on("inbox.after_reading", "inbox.before_apply", "inbox.after_apply", "chat.")
def test_an_answer_counts_once(world: World, round_id: int, name: str, passing: int) -> None:
    world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.chat(round_id, "noor", "lee", "2027-03-11 16:30")
    world.run()
    mails = answers(world)

    def read_one_by_one() -> None:
        for raw in mails:
            store(raw)
            sweep.read_mails(clock.now())

    crashing.dies_at(name, passing, read_one_by_one)
    read_one_by_one()
    with db.reading() as session:
        states = list(session.scalars(select(Chat.state).order_by(Chat.id)))
        acts = Counter(session.execute(select(ChatEvent.chat_id, ChatEvent.what)).all())
        assert set(session.scalars(select(Incoming.state))) == {Reading.APPLIED}
    assert states == [State.DECLINED, State.CONFIRMED]
    assert acts[1, "accept"] == acts[1, "decline"] == acts[2, "accept"] == 1
    world.later(minutes=20)
    world.calendars_are_true()


@PASSINGS
@on("plan.")
def test_a_round_is_planned_whole_or_not(world: World, round_id: int, name: str, passing: int) -> None:
    def plan() -> None:
        for _ in range(3):
            sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)

    crashing.dies_at(name, passing, plan)
    with db.reading() as session:
        assert len(list(session.scalars(select(Chat)))) == (0 if passing == 1 else 2)
    plan()
    with db.reading() as session:
        chats = session.scalars(select(Chat)).all()
        assert {chat.state for chat in chats} == {State.PLANNED}
        assert sorted(chat.student.first_name for chat in chats) == ["Lee", "Sam"]
        assert len({chat.mentor_id for chat in chats}) == 2


@PASSINGS
@on("maildir.")
def test_a_letter_is_filed_whole(
    world: World, round_id: int, tmp_path: Path, name: str, passing: int
) -> None:
    folder = tmp_path / "mail"
    crashing.dies_at(name, passing, lambda: sweep.sweep(Maildir(folder), clock.now))
    while sweep.sweep(Maildir(folder), clock.now):
        pass
    filed = Counter(path.read_bytes() for path in (folder / "new").iterdir())
    with db.reading() as session:
        sent = list(session.scalars(select(Outgoing.raw).where(Outgoing.state == Fate.SENT)))
    assert set(filed) == set(sent)
    assert filed.total() - len(sent) <= 1


@PASSINGS
@on("queue.")
def test_a_page_that_dies_before_the_bell_has_kept_what_was_sent(
    world: World, app: Flask, round_id: int, name: str, passing: int
) -> None:
    world.run()
    pages = [world.mailroom.to(who)[0].open("Not this round").url for who in ("maya", "noor", "sam")]

    def send() -> None:
        for page in pages:
            app.test_client().post(page, data={"answer": "out"})

    crashing.dies_at(name, passing, send)
    with db.reading() as session:
        states = [ask.state for ask in session.scalars(select(Ask).order_by(Ask.id))]
    assert states.count("out") == passing
