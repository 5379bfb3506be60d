"""One sweep does all that is due, once; calendar answers are believed when they should be."""

from datetime import date, timedelta

import pytest

from scheduler import clock, db, sweep
from scheduler.chats import booking
from scheduler.chats.chat import Chat
from scheduler.life import By, Via
from scheduler.mail import inbox, replies
from scheduler.mail.envelope import Incoming
from scheduler.mail.invite import Mailbox
from scheduler.programme.round import Round
from tests.support.world import World

EVENINGS = [("2027-03-09 16:30", "2027-03-09 18:30"), ("2027-03-11 16:30", "2027-03-11 18:30")]


@pytest.fixture
def chat(world: World) -> int:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, *EVENINGS)
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    return chat_id


def answer(world: World, partstat: str, *, style: str = "google", sender: str = "", ago: int = 0) -> str:
    """Sam's calendar answers the newest invitation; what came of it, in words."""
    mail = world.mailroom.last("sam").raw
    who = Mailbox("Somebody", sender) if sender else None
    raw = replies.reply(mail, partstat, stamp=clock.now() - timedelta(minutes=ago), style=style, sender=who)
    with db.transaction() as session:
        kept = inbox.store(session, raw, clock.now()).id
    world.run()
    with db.reading() as session:
        return session.get_one(Incoming, kept).came_to


@pytest.mark.parametrize("style", replies.STYLES)
@pytest.mark.parametrize(("partstat", "state"), [("ACCEPTED", "confirmed"), ("DECLINED", "declined")])
def test_every_calendar_s_answer_is_read(
    world: World, chat: int, style: str, partstat: str, state: str
) -> None:
    assert answer(world, partstat, style=style).startswith("applied")
    assert world.state(chat) == state


def test_the_same_answer_twice_is_one(world: World, chat: int) -> None:
    answer(world, "ACCEPTED")
    letters = world.letters("sam")
    assert letters[-1] == "chat_confirmed"
    assert answer(world, "ACCEPTED").startswith("kept")
    assert world.letters("sam") == letters


def test_maybe_changes_nothing(world: World, chat: int) -> None:
    assert answer(world, "TENTATIVE") == "kept: maybe is neither yes nor no"
    assert world.state(chat) == "proposed"


def test_a_stranger_s_answer_is_held(world: World, chat: int) -> None:
    assert answer(world, "ACCEPTED", sender="eve@example.org").startswith("held")
    assert world.state(chat) == "proposed"


def test_an_answer_overtaken_by_a_later_one_changes_nothing(world: World, chat: int) -> None:
    answer(world, "TENTATIVE")
    assert answer(world, "DECLINED", ago=5) == "kept: a later answer was here first"
    assert world.state(chat) == "proposed"


def test_an_answer_to_a_former_time_changes_nothing(world: World, chat: int) -> None:
    former = world.mailroom.last("sam").raw
    with db.transaction() as session:
        start = world.clock.__class__("America/New_York").at("2027-03-11 16:30")
        booking.move(
            session, session.get_one(Chat, chat), start, clock.now(), by=By.COORDINATOR, via=Via.COORDINATOR
        )
    for wait in (0, 2):  # the new time's letter still waits, then has been sent
        world.later(minutes=wait)
        raw = replies.reply(former, "DECLINED", stamp=clock.now() + timedelta(seconds=wait))
        with db.transaction() as session:
            kept = inbox.store(session, raw, clock.now()).id
        world.run()
        with db.reading() as session:
            assert session.get_one(Incoming, kept).came_to == "kept: it answers a former time of this chat"
    assert world.state(chat) == "proposed"


def test_garbage_is_kept_and_stops_nobody(world: World, chat: int) -> None:
    with db.transaction() as session:
        inbox.store(session, b"\x00\xff garbage", clock.now())
    assert answer(world, "ACCEPTED").startswith("applied")
    with db.reading() as session:
        assert str(session.get_one(Incoming, 1).state) == "kept"


def test_a_lost_chat_s_time_goes_to_somebody_left_out(world: World) -> None:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam", "lee"):
        world.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 17:00"))
    sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)
    with db.transaction() as session:
        round_ = session.get_one(Round, round_id)
        sweep.publishing.publish(session, round_, clock.now())
    world.later(minutes=5)
    assert "left_out" in world.letters("lee")
    assert answer(world, "DECLINED").startswith("applied")
    world.later(minutes=9)
    assert "chat_proposed" not in world.letters("lee")  # an undo is still possible
    world.later(minutes=3)
    assert world.letters("lee")[-1] == "chat_proposed"


def test_a_second_sweep_at_the_same_moment_does_nothing(world: World, chat: int) -> None:
    assert sweep.sweep(world.mailroom, clock.now) == 0
