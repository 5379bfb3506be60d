"""What follows a calendar's answer that is not simply done: held, too late, or maybe."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from scheduler import clock, db
from scheduler.chats import held
from scheduler.chats.chat import Chat
from scheduler.chats.held import HeldAnswer
from scheduler.chats.lifecycle import State
from scheduler.life import By
from scheduler.mail import inbox, replies
from scheduler.mail.envelope import Incoming
from scheduler.mail.invite import Mailbox
from scheduler.programme.programme import Programme
from scheduler.rounds import board

STRANGER = Mailbox("Sam", "sam.elsewhere@example.net")
TUESDAY, THURSDAY = "2027-03-09", "2027-03-11"


@pytest.fixture
def chat_id(world):
    """Sam is asked to meet Maya on Tuesday; both could also on Thursday."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, *((f"{day} 16:30", f"{day} 18:30") for day in (TUESDAY, THURSDAY)))
    chat = world.chat(round_id, "maya", "sam", f"{TUESDAY} 16:30")
    world.run()
    return chat


def receive(world, invitation, partstat, sender=None):
    raw = replies.reply(invitation.raw, partstat, stamp=clock.now(), sender=sender)
    with db.transaction() as session:
        inbox.store(session, raw, clock.now())
    world.run()


def chat_as_it_is(chat_id):
    with db.reading() as session:
        chat = session.get_one(Chat, chat_id)
        return chat.state, chat.answer_by, chat.copy(By.STUDENT).says_maybe


def test_an_answer_from_elsewhere_is_asked_about_once_a_day_and_changes_nothing(world, chat_id):
    before = chat_as_it_is(chat_id)
    invitation = world.last("sam")
    for partstat in ("ACCEPTED", "DECLINED", "ACCEPTED"):
        receive(world, invitation, partstat, STRANGER)
        world.clock.moment += timedelta(minutes=1)
    assert chat_as_it_is(chat_id)[0] is before[0] is State.PROPOSED
    assert world.letters("sam")[-2:] == ["chat_proposed", "held_answer"]
    assert "sam.elsewhere@example.net" in world.last("sam").text
    assert "held_answer" not in world.letters("maya")
    with db.reading() as session:
        assert [one.said for one in held.open_for(session, session.get_one(Chat, chat_id), By.STUDENT)] == [
            "ACCEPTED",
            "DECLINED",
        ]


def test_the_deadline_waits_for_who_was_asked(world, chat_id):
    _, answer_by, _ = chat_as_it_is(chat_id)
    invitation = world.last("sam")
    world.run(until=answer_by - timedelta(hours=1))
    receive(world, invitation, "ACCEPTED", STRANGER)
    world.run(until=answer_by + timedelta(hours=3))
    assert chat_as_it_is(chat_id)[0] is State.PROPOSED
    later = chat_as_it_is(chat_id)[1]
    assert answer_by < later <= answer_by + held.OPEN_FOR
    world.run(until=later + timedelta(hours=3))
    assert chat_as_it_is(chat_id)[0] is State.LAPSED


def test_who_says_it_was_theirs_has_answered(world, chat_id):
    receive(world, world.last("sam"), "ACCEPTED", STRANGER)
    world.last("sam").open("Tell us whether it was you").press("Yes, that was me")
    assert chat_as_it_is(chat_id)[0] is State.CONFIRMED
    with db.reading() as session:
        assert session.scalars(select(HeldAnswer.settled_at)).one() is not None


def test_what_was_shown_is_what_is_confirmed_whatever_came_in_since(world, chat_id):
    invitation = world.last("sam")
    receive(world, invitation, "ACCEPTED", STRANGER)
    page = world.last("sam").open("Tell us whether it was you")
    world.clock.moment += timedelta(minutes=1)
    receive(world, invitation, "DECLINED", Mailbox("Eve", "eve@example.net"))
    page.press("Yes, that was me")
    assert chat_as_it_is(chat_id)[0] is State.CONFIRMED


def test_the_mail_leads_to_the_answer_it_asks_about_though_others_wait(world, chat_id):
    invitation = world.last("sam")
    receive(world, invitation, "DECLINED", Mailbox("Eve", "eve@example.net"))
    first = world.last("sam")
    world.clock.moment += timedelta(days=1)
    receive(world, invitation, "ACCEPTED", STRANGER)
    second = world.last("sam")
    assert "eve@example.net" in first.open("Tell us whether it was you").text
    page = second.open("Tell us whether it was you")
    assert "sam.elsewhere@example.net" in page.text
    page.press("No, it was not")
    with db.reading() as session:
        waiting = held.open_for(session, session.get_one(Chat, chat_id), By.STUDENT)
        assert [one.sender for one in waiting] == ["eve@example.net"]


def test_another_word_after_the_question_is_answered_is_refused(world, chat_id):
    receive(world, world.last("sam"), "ACCEPTED", STRANGER)
    mail = world.last("sam")
    page, again = (mail.open("Tell us whether it was you") for _ in range(2))
    page.press("No, it was not")
    assert "has been answered already" in again.press("Yes, that was me").text
    assert chat_as_it_is(chat_id)[0] is State.PROPOSED


def test_a_second_press_is_as_good_as_the_first(world, chat_id):
    receive(world, world.last("sam"), "ACCEPTED", STRANGER)
    mail = world.last("sam")
    for page in [mail.open("Tell us whether it was you") for _ in range(2)]:
        assert "It is agreed" in page.press("Yes, that was me").text
    assert chat_as_it_is(chat_id)[0] is State.CONFIRMED


def test_an_answer_read_only_after_its_time_is_told_nothing_untrue(world, chat_id):
    raw = replies.reply(world.last("sam").raw, "ACCEPTED", stamp=clock.now())
    world.clock.moment += timedelta(days=30)  # an outage: nothing was read or done meanwhile
    with db.transaction() as session:
        inbox.store(session, raw, clock.now())
    world.run()
    assert "answer_too_late" not in world.letters("sam")


def test_who_says_it_was_not_theirs_is_asked_no_more(world, chat_id):
    receive(world, world.last("sam"), "DECLINED", STRANGER)
    page = world.last("sam").open("Tell us whether it was you")
    page.press("No, it was not")
    assert chat_as_it_is(chat_id)[0] is State.PROPOSED
    page = world.last("sam").open("Tell us whether it was you")
    assert "Was this answer yours" not in page.text
    assert "Yes, I’ll be there" in page.text


def test_the_board_shows_it_until_it_is_settled(world, chat_id):
    def needs():
        with db.reading() as session:
            programme = session.scalars(select(Programme)).one()
            return [need.sentence for need in board.needs_you(session, programme, clock.now())]

    receive(world, world.last("sam"), "DECLINED", STRANGER)
    assert any("Sam Lind’s name (“No”) came from sam.elsewhere@example.net" in line for line in needs())
    world.last("sam").open("Tell us whether it was you").press("No, it was not")
    assert not any("name (“No”)" in line for line in needs())


def test_a_yes_held_is_settled_by_the_persons_own_no(world, chat_id):
    invitation = world.last("sam")
    receive(world, invitation, "ACCEPTED", STRANGER)
    world.answers("sam", "DECLINED", to=invitation)
    with db.reading() as session:
        assert held.open_for(session, session.get_one(Chat, chat_id), By.STUDENT) == []
    assert chat_as_it_is(chat_id)[0] is State.DECLINED


def test_maybe_is_shown_and_nudged_once(world, chat_id):
    world.answers("sam", "TENTATIVE")
    assert chat_as_it_is(chat_id)[0::2] == (State.PROPOSED, True)
    world.run(until=chat_as_it_is(chat_id)[1])
    assert world.letters("sam").count("chat_nudge") == 1
    assert "Your calendar said “maybe”" in world.last("sam").text
    world.answers("sam", "ACCEPTED")
    assert chat_as_it_is(chat_id)[0::2] == (State.CONFIRMED, False)


def test_a_late_yes_is_told_how_the_chat_stands(world, chat_id):
    invitation = world.last("sam")
    world.run(until=chat_as_it_is(chat_id)[1] + timedelta(hours=3))
    assert chat_as_it_is(chat_id)[0] is State.LAPSED
    world.answers("sam", "ACCEPTED", to=invitation)
    assert chat_as_it_is(chat_id)[0] is State.LAPSED
    assert world.letters("sam")[-2:] == ["chat_lapsed", "answer_too_late"]


def test_a_late_no_needs_no_word(world, chat_id):
    invitation = world.last("sam")
    world.run(until=chat_as_it_is(chat_id)[1] + timedelta(hours=3))
    world.answers("sam", "DECLINED", to=invitation)
    assert world.letters("sam")[-1] == "chat_lapsed"


def test_an_answer_to_a_former_time_is_told_the_present_one(world, chat_id):
    first = world.last("sam")
    world.last("sam").open("I can't make this time").press("Send", act="move:1804800600")
    world.later(minutes=30)
    world.answers("sam", "DECLINED", to=first)
    assert chat_as_it_is(chat_id)[0] is State.CONFIRMED
    assert world.letters("sam")[-1] == "answer_too_late"
    assert "Thursday 11 March" in world.last("sam").text
    with db.reading() as session:
        assert (
            session.scalars(select(Incoming.came_to)).one() == "kept: it answers a former time of this chat"
        )
