"""Random lives of chats: whatever happens, calendars end true, and nobody hears too much or too little."""

import os
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import db
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.lifecycle import ENDED_EARLY, LIVE, Act, State
from scheduler.chats.proposal import Proposal
from scheduler.life import By
from scheduler.mail.envelope import Fate, Incoming, Outgoing
from scheduler.programme.person import Standing
from tests.support import passing
from tests.support.clock import Clock
from tests.support.lives import SIDES, Life, a_round
from tests.support.mailroom import Mailroom

LIVES = 30_000 if os.environ.get("LONG") else 300
BATCH = 25
SHOWN = {By.STUDENT: {State.PROPOSED, State.CONFIRMED}, By.MENTOR: {State.CONFIRMED}}
END_LETTERS = {
    State.DECLINED: {"chat_try_again", "chat_declined", "chat_cancelled"},
    State.LAPSED: {"chat_lapsed", "chat_cancelled"},
    State.CANCELLED: {"chat_cancelled"},
    State.MISSED: {"chat_missed", "chat_no_time_left"},
}
LETTER = (
    Outgoing.about,
    Outgoing.person_id,
    Outgoing.letter,
    Outgoing.state,
    Outgoing.why,
    Outgoing.settled_at,
    Outgoing.method,
    Outgoing.sequence,
)
EVENT = (ChatEvent.chat_id, ChatEvent.what, ChatEvent.by, ChatEvent.at)


class Past:
    """A life as the database tells it: its chats, what happened to them, and the letters that have left."""

    def __init__(self, life: Life, session: Session) -> None:
        self.life, self.chats = life, life.chats(session)
        about = [chat.key for chat in self.chats]
        written = select(*LETTER).where(Outgoing.about.in_(about)).order_by(Outgoing.settled_at, Outgoing.id)
        fates = [letter for letter in session.execute(written) if letter.settled_at is not None]
        self.letters = [letter for letter in fates if letter.state is Fate.SENT]
        # No mail went out for days, and so a word came too late to be of use.
        self.meant = [*self.letters, *(letter for letter in fates if letter.why == "no longer useful")]
        events = select(*EVENT).where(ChatEvent.chat_id.in_([chat.id for chat in self.chats]))
        self.events = session.execute(events.order_by(ChatEvent.id)).all()
        put = select(Proposal).where(Proposal.chat_id.in_([chat.id for chat in self.chats]))
        self.proposals = session.scalars(put).all()
        self.failed = list(session.scalars(select(Incoming.came_to).where(Incoming.tries > 0)))

    def had(self, chat: Chat, side: By) -> list[Any]:
        """The letters one side has had about a chat, in the order in which they left."""
        me = self.life.people[side]
        return [letter for letter in self.letters if (letter.about, letter.person_id) == (chat.key, me)]


def calendars_are_true(past: Past) -> None:
    """Everybody's calendar shows exactly the chats that stand, at their times."""
    for side in SIDES:
        calendar = past.life.mailroom.calendars.get(past.life.address(side))
        events = {} if calendar is None else calendar.events
        for chat in past.chats:
            uid = chat.copy(side).uid
            if chat.state in SHOWN[side] and past.life.clock.now() < chat.starts_at:
                assert uid in events, f"{side} lacks chat {chat.id} ({chat.state})"
                assert (events[uid].starts_at, events[uid].location) == (chat.starts_at, chat.place)
                agreed = chat.copy(side).agreed_start == chat.starts_at
                assert (events[uid].partstat == "ACCEPTED") is agreed or side is By.MENTOR
            if chat.state in ENDED_EARLY or (chat.state is State.PROPOSED and side is By.MENTOR):
                assert uid not in events, f"{side} still has chat {chat.id} ({chat.state})"


def mentors_hear_only_what_is_settled(past: Past) -> None:
    """A mentor's letter about a chat needs a chat that was agreed, or that the mentor had a hand in."""
    for chat in past.chats:
        for letter in past.had(chat, By.MENTOR):
            before = [event for event in past.events if event.chat_id == chat.id]
            before = [event for event in before if event.at <= letter.settled_at]
            agreed = any(event.what in (Act.ACCEPT, Act.AGREE, Act.MOVE) for event in before)
            had_a_hand = any(event.by is By.MENTOR for event in before)
            assert agreed or had_a_hand, f"the mentor got {letter.letter} of chat {chat.id}"


def nobody_is_left_without_a_word(past: Past) -> None:
    """Who knew of a chat hears of its end, but for those who wished to hear nothing."""
    for chat in past.chats:
        for side in SIDES:
            letters = [letter.letter for letter in past.had(chat, side)]
            wanted = END_LETTERS.get(chat.state)
            silent = chat.person(side).standing is not Standing.ACTIVE
            # Nobody is offered a new time with somebody who has left.
            silent |= chat.state is State.MISSED and chat.other(side).standing is Standing.LEFT
            # Whoever has been told of a new time need not hear that the former one came to nothing.
            if letters and wanted and not silent and not chat.has_follower:
                assert wanted & set(letters), f"{side} heard {letters} of chat {chat.id} ({chat.state})"


def whoever_wished_for_another_time_hears_what_came_of_it(past: Past) -> None:
    """Whatever ends a suggestion, who made it hears of the chat from then on, or does something to it."""
    for proposal in past.proposals:
        chat, wisher, ended_at = proposal.chat, proposal.put_by, proposal.answered_at
        if ended_at is None or ended_at >= chat.starts_at:
            continue
        if chat.person(wisher).standing is not Standing.ACTIVE:
            continue
        # Where a new time was found meanwhile, the word about the follow-up is the word.
        about = [chat] + [after for after in past.chats if after.follows_id == chat.id]
        ids, keys, me = [one.id for one in about], [one.key for one in about], past.life.people[wisher]
        own = [event.at for event in past.events if event.by is wisher and event.chat_id in ids]
        others = [other for other in past.proposals if other is not proposal and other.put_by is wisher]
        own += [other.put_at for other in others if other.chat is chat]
        heard = [word.settled_at for word in past.meant if word.about in keys and word.person_id == me]
        is_known = any(moment >= ended_at for moment in own + heard)
        assert is_known, f"{wisher} hears nothing of their wish for chat {chat.id}"


def sequences_never_fall(past: Past) -> None:
    for chat in past.chats:
        for side in SIDES:
            numbers = [letter.sequence for letter in past.had(chat, side) if letter.method]
            assert numbers == sorted(numbers)


def every_answer_was_read(past: Past) -> None:
    """No calendar's answer made the reading fail."""
    assert past.failed == []


def nothing_lingers(past: Past) -> None:
    """Weeks later every chat has come to an end, and time has nothing left to do."""
    for chat in past.chats:
        assert chat.state not in LIVE, f"chat {chat.id} is still {chat.state}"
        assert chat.due_at is None, f"chat {chat.id} ({chat.state}) still waits for {chat.due_step}"


ALWAYS = (
    calendars_are_true,
    mentors_hear_only_what_is_settled,
    nobody_is_left_without_a_word,
    sequences_never_fall,
    whoever_wished_for_another_time_hears_what_came_of_it,
    every_answer_was_read,
)


def look_over(life: Life, *checks: Callable[[Past], None]) -> None:
    """Whether all is as it must be; if not, the whole life is told."""
    try:
        with db.reading() as session:
            past = Past(life, session)
            for check in checks:
                check(past)
    except AssertionError as error:
        raise AssertionError(f"seed {life.seed}: {error}\n" + "\n".join(life.done)) from error


def live_through(life: Life) -> None:
    """Live a life and look it over; every third one to the end of all its chats, the others are cut off."""
    life.live(random.Random(life.seed).randrange(2, 30))
    life.pass_time(timedelta(minutes=61), posting=True)
    look_over(life, *ALWAYS)
    if life.seed % 3 == 0:
        life.pass_time(timedelta(days=40), posting=True)
        look_over(life, *ALWAYS, nothing_lingers)
    passing.stop_all()


@pytest.mark.parametrize("batch", range(LIVES // BATCH))
def test_a_random_life_ends_true(service: None, clock: Clock, batch: int) -> None:
    with db.transaction() as session:
        round_id = a_round(session)
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        live_through(Life(seed, clock, Mailroom(), round_id))
