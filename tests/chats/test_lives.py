"""Random lives of chats: whatever happens, calendars end true, and nobody hears too much or too little."""

import os
import random
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import db
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.lifecycle import ENDED_EARLY, Act, State
from scheduler.life import By
from scheduler.mail.envelope import Outgoing
from scheduler.programme.person import Person, Standing
from tests.support.clock import Clock
from tests.support.lives import SIDES, Life, a_round
from tests.support.mailroom import Mailroom

LIVES = 30_000 if os.environ.get("LONG") else 300
BATCH = 25
SHOWN = {By.STUDENT: {State.PROPOSED, State.CONFIRMED}, By.MENTOR: {State.CONFIRMED}}
END_LETTERS = {
    State.DECLINED: {"chat_try_again", "chat_declined"},
    State.LAPSED: {"chat_lapsed", "chat_cancelled"},
    State.CANCELLED: {"chat_cancelled"},
    State.MISSED: {"chat_missed", "chat_no_time_left"},
}


def calendars_are_true(life: Life, session: Session) -> None:
    """Everybody's calendar shows exactly the chats that stand, at their times."""
    for side in SIDES:
        calendar = life.mailroom.calendars.get(life.address(side))
        events = {} if calendar is None else calendar.events
        for chat in life.chats(session):
            uid = chat.copy(side).uid
            if chat.state in SHOWN[side] and life.clock.now() < chat.starts_at:
                assert uid in events, f"{side} lacks chat {chat.id} ({chat.state})"
                assert (events[uid].starts_at, events[uid].location) == (chat.starts_at, chat.place)
                agreed = chat.copy(side).agreed_start == chat.starts_at
                assert (events[uid].partstat == "ACCEPTED") is agreed or side is By.MENTOR
            if chat.state in ENDED_EARLY or (chat.state is State.PROPOSED and side is By.MENTOR):
                assert uid not in events, f"{side} still has chat {chat.id} ({chat.state})"


def _had(session: Session, life: Life, chat: Chat, side: By) -> list[Outgoing]:
    rows = select(Outgoing).where(
        Outgoing.about == chat.key, Outgoing.person_id == life.people[side], Outgoing.state == "sent"
    )
    return list(session.scalars(rows.order_by(Outgoing.settled_at, Outgoing.id)))


def mentors_hear_only_what_is_settled(life: Life, session: Session) -> None:
    """A mentor's letter about a chat needs a chat that was agreed, or that the mentor had a hand in."""
    for chat in life.chats(session):
        events = list(session.scalars(select(ChatEvent).where(ChatEvent.chat_id == chat.id)))
        for letter in _had(session, life, chat, By.MENTOR):
            before = [event for event in events if event.at <= letter.settled_at]
            agreed = any(event.what in (Act.ACCEPT, Act.AGREE, Act.MOVE) for event in before)
            had_a_hand = any(event.by is By.MENTOR for event in before)
            assert agreed or had_a_hand, f"the mentor got {letter.letter} of chat {chat.id}"


def nobody_is_left_without_a_word(life: Life, session: Session) -> None:
    """Who knew of a chat hears of its end, but for those who wished to hear nothing."""
    for chat in life.chats(session):
        for side in SIDES:
            letters = [letter.letter for letter in _had(session, life, chat, side)]
            wanted = END_LETTERS.get(chat.state)
            silent = session.get_one(Person, life.people[side]).standing is not Standing.ACTIVE
            # Nobody is offered a new time with somebody who has left.
            silent |= chat.state is State.MISSED and chat.other(side).standing is Standing.LEFT
            # Whoever has been told of a new time need not hear that the former one came to nothing.
            if letters and wanted and not silent and not chat.has_follower:
                assert wanted & set(letters), f"{side} heard {letters} of chat {chat.id} ({chat.state})"


def sequences_never_fall(life: Life, session: Session) -> None:
    for chat in life.chats(session):
        for side in SIDES:
            numbers = [letter.sequence for letter in _had(session, life, chat, side) if letter.method]
            assert numbers == sorted(numbers)


@pytest.mark.parametrize("batch", range(LIVES // BATCH))
def test_a_random_life_ends_true(service: None, clock: Clock, batch: int) -> None:
    with db.transaction() as session:
        round_id = a_round(session)
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        life = Life(seed, clock, Mailroom(), round_id)
        steps = random.Random(seed).randrange(2, 30)
        life.live(steps)
        life.pass_time(timedelta(minutes=61), posting=True)
        try:
            with db.reading() as session:
                calendars_are_true(life, session)
                mentors_hear_only_what_is_settled(life, session)
                nobody_is_left_without_a_word(life, session)
                sequences_never_fall(life, session)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}\n" + "\n".join(life.done)) from error
        life.pass_time(timedelta(days=40), posting=True)
