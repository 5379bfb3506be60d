"""What follows a time that somebody's calendar proposes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from scheduler import clock, db
from scheduler.availability import asking
from scheduler.availability.slots import Slot
from scheduler.chats.chat import Chat
from scheduler.chats.held import HeldAnswer
from scheduler.chats.lifecycle import State
from scheduler.life import By
from scheduler.mail import inbox
from scheduler.mail.envelope import Incoming
from scheduler.programme.person import Standing
from tests.support import received

AT, LATER, ELSEWHEN = "20270309T213000Z", "20270311T213000Z", "20270310T150000Z"


@pytest.fixture
def chat_id(world):
    """Sam is asked to meet Maya on Tuesday 9 March, 4:30 pm; Maya gave Thursday too, Sam did not."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    tuesday, thursday = (("2027-03-09 16:30", "2027-03-09 18:30"), ("2027-03-11 16:30", "2027-03-11 18:30"))
    world.gives(round_id, "maya", tuesday, thursday)
    world.gives(round_id, "sam", tuesday)
    chat = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    return chat


def moment(text):
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def propose(world, chat_id, name, start, *, minutes=30, partstat="ACCEPTED", sender=None):
    """The COUNTER that `name`'s calendar would write now; its coming is another mail each time."""
    with db.reading() as session:
        chat = session.get_one(Chat, chat_id)
        copy = chat.copy(By.MENTOR if name == "maya" else By.STUDENT)
        uid, sequence = copy.uid, copy.sequence
    ends = f"{moment(start) + timedelta(minutes=minutes):%Y%m%dT%H%M%SZ}"
    lines = (
        *("BEGIN:VCALENDAR", "METHOD:COUNTER", "BEGIN:VEVENT", f"UID:{uid}", f"SEQUENCE:{sequence}"),
        *(f"DTSTAMP:{clock.now():%Y%m%dT%H%M%SZ}", f"DTSTART:{start}", f"DTEND:{ends}"),
        *(f"ATTENDEE;PARTSTAT={partstat}:mailto:{name}@example.org", "END:VEVENT", "END:VCALENDAR", ""),
    )
    part = received.part("\n".join(lines), "text/calendar; charset=utf-8; method=COUNTER")
    with db.transaction() as session:
        raw = received.mail(part, sender=sender or f"{name}@example.org")
        inbox.store(session, raw, clock.now())
    world.run()


def came_to():
    with db.reading() as session:
        return session.scalars(select(Incoming.came_to).order_by(Incoming.id.desc()).limit(1)).one()


def test_a_student_asked_proposes_a_time_the_mentor_gave_and_has_it(world, chat_id):
    propose(world, chat_id, "sam", LATER)
    assert came_to() == "applied: moved there"
    world.later(minutes=11)
    assert world.state(chat_id) == State.CONFIRMED
    assert world.events("sam") == [("2027-03-11T21:30:00+00:00", "ACCEPTED")]
    assert world.events("maya") == [("2027-03-11T21:30:00+00:00", "NEEDS-ACTION")]
    world.calendars_are_true()


def test_of_an_agreed_chat_it_is_put_to_the_other_side_and_moves_with_one_button(world, chat_id):
    world.answers("sam", "ACCEPTED")
    world.later(minutes=5)
    before = world.events("maya")
    propose(world, chat_id, "sam", LATER)
    assert came_to() == "applied: put to the other side"
    assert world.events("maya") == before
    assert world.letters("maya")[-1] == "chat_new_time"
    with db.reading() as session:
        sequences = {copy.side: copy.sequence for copy in session.get_one(Chat, chat_id).copies}
    world.last("maya").open("Say whether the new time suits you").press("Yes, the new time")
    world.later(minutes=11)
    with db.reading() as session:
        chat = session.get_one(Chat, chat_id)
        assert chat.starts_at == moment(LATER)
        assert all(copy.sequence == sequences[copy.side] + 1 for copy in chat.copies)
    world.calendars_are_true()


def test_a_time_that_does_not_suit_is_answered_with_those_that_do(world, chat_id):
    propose(world, chat_id, "sam", ELSEWHEN)
    assert world.letters("sam")[-1] == "chat_other_times"
    assert "Tuesday 9 March, 5:30" in " ".join(world.last("sam").text.split())
    assert world.state(chat_id) == State.PROPOSED
    assert world.events("sam") == [("2027-03-09T21:30:00+00:00", "NEEDS-ACTION")]


@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED", "NEEDS-ACTION"])
def test_a_counter_is_never_an_answer_to_the_time_that_stands(world, chat_id, partstat):
    propose(world, chat_id, "sam", ELSEWHEN, partstat=partstat)
    with db.reading() as session:
        chat = session.get_one(Chat, chat_id)
        assert (chat.state, chat.copy(By.STUDENT).says_maybe) == (State.PROPOSED, False)
        assert chat.copy(By.STUDENT).agreed_start is None


def test_a_time_too_short_for_a_chat_is_none(world, chat_id):
    propose(world, chat_id, "sam", LATER, minutes=15)
    assert world.letters("sam")[-1] == "chat_other_times"
    assert world.state(chat_id) == State.PROPOSED


def test_a_counter_from_elsewhere_is_held_and_asked_about(world, chat_id):
    propose(world, chat_id, "sam", LATER, sender="eve@example.net")
    assert world.state(chat_id) == State.PROPOSED
    assert world.letters("sam")[-1] == "held_answer"
    with db.reading() as session:
        assert session.scalars(select(HeldAnswer.said)).all() == ["COUNTER"]

    page = world.last("sam").open("Tell us whether it was you").press("Yes, that was me")
    assert "Which other time would suit you?" in page.text
    assert "Tuesday 9 March" in page.text
    assert world.state(chat_id) == State.PROPOSED
    with db.reading() as session:
        assert session.scalars(select(HeldAnswer.settled_at)).one() is not None


def test_the_same_counter_again_changes_nothing_more(world, chat_id):
    world.answers("sam", "ACCEPTED")
    world.later(minutes=5)
    propose(world, chat_id, "sam", LATER)
    letters = world.letters("maya")
    world.clock.moment += timedelta(minutes=5)
    propose(world, chat_id, "sam", LATER)
    assert world.letters("maya") == letters


def test_who_takes_no_part_at_present_has_nothing_put_to_the_other(world, chat_id):
    world.answers("sam", "ACCEPTED")
    world.later(minutes=5)
    with db.transaction() as session:
        world.person(session, "sam").standing = Standing.PAUSED
    propose(world, chat_id, "sam", LATER)
    assert "chat_new_time" not in world.letters("maya")
    assert world.letters("sam")[-1] == "chat_other_times"


def test_a_time_the_other_has_no_more_is_refused_when_it_is_taken(world, chat_id):
    world.answers("sam", "ACCEPTED")
    world.later(minutes=5)
    propose(world, chat_id, "sam", LATER)
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        ask = asking.find(session, chat.round, chat.mentor, "mentor")
        ask.give([Slot(chat.starts_at, chat.ends_at)])
    page = world.last("maya").open("Say whether the new time suits you").press("Yes, the new time")
    assert "That time is no longer free for both." in page.text
    with db.reading() as session:
        assert session.get_one(Chat, chat_id).starts_at == moment(AT)
