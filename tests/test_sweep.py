"""One sweep does all that is due, once; calendar answers are believed when they should be."""

import re
from datetime import date, timedelta
from time import perf_counter

import pytest
from sqlalchemy import event, select, update

from scheduler import clock, db, sweep
from scheduler.chats import answering, booking
from scheduler.chats.chat import Chat
from scheduler.life import By, Via
from scheduler.mail import inbound, inbox, replies
from scheduler.mail.envelope import Incoming
from scheduler.mail.invite import Mailbox
from scheduler.mail.transport import Blame, Trouble
from scheduler.programme.person import Person, Standing
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.rounds import board
from tests.support.world import World

DAY = 24 * 60
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


def test_a_stamp_from_the_far_future_counts_for_one_day_only(world: World, chat: int) -> None:
    answer(world, "TENTATIVE", ago=-10 * 365 * DAY)
    assert answer(world, "DECLINED", ago=-DAY + 1) == "kept: a later answer was here first"
    assert answer(world, "DECLINED", ago=-DAY - 1).startswith("applied")
    assert world.state(chat) == "declined"


def test_an_answer_without_a_stamp_counts_from_its_receipt(world: World, chat: int) -> None:
    invitation = world.mailroom.last("sam").calendar
    known = re.findall(r"^(?:UID|SEQUENCE):.*", invitation, re.M)
    event_lines = [*(line.strip() for line in known), "ATTENDEE;PARTSTAT=DECLINED:mailto:sam@example.org"]
    head = ["From: sam@example.org", "Message-ID: <1@x>", "Content-Type: text/calendar; method=REPLY", ""]
    calendar = [
        "BEGIN:VCALENDAR",
        "METHOD:REPLY",
        "BEGIN:VEVENT",
        *event_lines,
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    bare = "\r\n".join([*head, *calendar, ""]).encode()
    with db.transaction() as session:
        kept = inbox.store(session, bare, clock.now() - timedelta(minutes=2))
        kept.due_at = clock.now() + timedelta(minutes=2)  # its reading failed, and was put off
        mail_id = kept.id
    answer(world, "TENTATIVE")
    world.later(minutes=3)
    with db.reading() as session:
        assert session.get_one(Incoming, mail_id).came_to == "kept: a later answer was here first"


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


def test_an_answer_to_the_same_time_counts_though_the_place_is_another_now(world: World, chat: int) -> None:
    former = world.mailroom.last("sam").raw
    with db.transaction() as session:
        booking.set_place(session, session.get_one(Chat, chat), "Library", clock.now())
    world.later(minutes=2)
    assert "LOCATION:Library" in world.mailroom.last("sam").calendar
    with db.transaction() as session:
        inbox.store(session, replies.reply(former, "ACCEPTED", stamp=clock.now()), clock.now())
    world.run()
    assert world.state(chat) == "confirmed"


def test_garbage_is_kept_and_stops_nobody(world: World, chat: int) -> None:
    with db.transaction() as session:
        inbox.store(session, b"\x00\xff garbage", clock.now())
    assert answer(world, "ACCEPTED").startswith("applied")
    with db.reading() as session:
        assert str(session.get_one(Incoming, 1).state) == "kept"


def test_reading_a_slow_mail_holds_no_transaction(world: World, chat: int) -> None:
    head = b"From: a@b.org\r\nMessage-ID: <1@x>\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n"
    slow = head + b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + b"X-A;B=C:1\r\n" * 15_000
    began = perf_counter()
    inbound.read(slow)
    alone = perf_counter() - began
    with db.transaction() as session:
        inbox.store(session, slow, clock.now())
    opened: list[float] = []
    lengths: list[float] = []

    def begin(_: object) -> None:
        opened.append(perf_counter())

    def close(_: object) -> None:
        lengths.append(perf_counter() - opened[-1])

    heard = (("begin", begin), ("commit", close), ("rollback", close))
    for name, listener in heard:
        event.listen(db.engine(), name, listener)
    world.run()
    for name, listener in heard:
        event.remove(db.engine(), name, listener)
    assert max(lengths) < alone / 2


def test_a_mail_that_keeps_failing_is_left_to_a_human(world: World, chat: int) -> None:
    with db.transaction() as session:
        inbox.store(session, b"Subject: hello\r\n\r\n", clock.now()).tries = sweep.TRIES
    world.run()
    with db.reading() as session:
        assert str(session.get_one(Incoming, 1).state) == "dead"


def test_a_refused_address_is_the_person_s_who_is_asked_no_more(world: World, chat: int) -> None:
    world.mailroom.trouble = Trouble(Blame.RECIPIENT, "550 5.1.1 no such user")
    with db.transaction() as session:
        answering.accept(session, session.get_one(Chat, chat), clock.now(), by=By.STUDENT, via=Via.LINK)
        world.person(session, "sam").email = "sam@example.net"  # corrected since: only Maya is refused
    world.later(minutes=5)
    with db.reading() as session:
        assert world.person(session, "maya").undeliverable == "550 5.1.1 no such user"
        assert session.scalars(select(Person.undeliverable).where(Person.name == "Sam Lind")).one() == ""
        programme = session.scalars(select(Programme)).one()
        told = [need.sentence for need in board.needs_you(session, programme, clock.now())]
    assert told[0] == "Mail to Dr Maya Okafor does not arrive: 550 5.1.1 no such user"


def test_a_programme_whose_morning_fails_stops_nobody_s_letters(world: World, chat: int) -> None:
    with db.transaction() as session:
        session.add(Programme(name="Mars", timezone="Mars/Olympus", created_at=clock.now()))
        session.flush()
        session.execute(update(Programme).where(Programme.name == "Mars").values(id=-1))  # its turn is first
        answering.accept(session, session.get_one(Chat, chat), clock.now(), by=By.STUDENT, via=Via.LINK)
        world.person(session, "lee").standing = Standing.WAITING
    world.at("2027-03-03 09:00")
    assert "chat_confirmed" in world.letters("sam")
    assert "needs_you" in world.letters("ada")


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
