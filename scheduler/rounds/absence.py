"""Pausing, leaving, and *not this person*: silence kept at once, chats let go, others told."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scheduler import localtime
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.chats import freetime, letters, record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import LIVE, Act, State
from scheduler.life import By, Via
from scheduler.mail import outbox
from scheduler.mail.invite import Mailbox
from scheduler.mail.posting import Posting
from scheduler.programme import contact
from scheduler.programme.pairing import Exclusion, Why
from scheduler.programme.person import Person, Standing

SPARED = ("chat_reminder",)
"""Beside calendar mail, what a pause does not stop: reminders of confirmed chats."""


def pause(session: Session, person: Person, until: datetime | None, now: datetime) -> int:
    """No new chats, no letters until `until`: planned and proposed chats are cancelled, confirmed ones stay.

    So is an agreed one of which they have not heard yet: to them it is not agreed. How many chats were
    cancelled. Pausing again until the same moment changes nothing, until another the date alone.
    """
    _hold(session, person)
    if (person.standing, person.paused_until) == (Standing.PAUSED, until):
        return 0
    cancelled = _cancel(session, person, now, lambda chat: not _is_agreed_with(session, chat, person))
    person.pause(until)
    outbox.withdraw(session, now, "paused", person=person.id, spare=SPARED, with_calendar=False)
    words = localtime.day_long(until, person.timezone, year=True) if until is not None else ""
    _tell(session, person, "paused", words, cancelled, now)
    return cancelled


def resume(session: Session, person: Person) -> None:
    """Take part again; twice is once."""
    person.resume()


def leave(session: Session, person: Person, now: datetime) -> int:
    """Leave for good: all chats are cancelled, and those cancellations are the last letters.

    How many chats were cancelled. Leaving twice is leaving once.
    """
    _hold(session, person)
    if person.standing is Standing.LEFT:
        return 0
    cancelled = _cancel(session, person, now, lambda chat: True)
    outbox.withdraw(session, now, "left", person=person.id, spare=LAST_LETTERS, with_calendar=False)
    _tell(session, person, "left", "", cancelled, now)
    person.leave()
    return cancelled


LAST_LETTERS = ("chat_cancelled",)


def not_this_person(session: Session, chat: Chat, side: By, now: datetime) -> None:
    """Never plan these two together again; said by one of them, shown to neither. Twice is once."""
    me, other = chat.person(side), chat.other(side)
    said = select(Exclusion.id).where(
        Exclusion.person_id == me.id, Exclusion.other_id == other.id, Exclusion.why == Why.PERSON
    )
    if session.scalar(said) is not None:
        return
    session.add(Exclusion(person_id=me.id, other_id=other.id, why=Why.PERSON, made_at=now))
    outbox.withdraw(session, now, "not to be brought together again", about=chat.key, with_calendar=False)
    _cancel(session, me, now, lambda one: _is_unsettled_with(one, other))


def release(session: Session, ask: Ask, now: datetime) -> int:
    """An answer has changed: planned and proposed chats that it no longer covers are let go; how many."""
    is_in = ask.state is AskState.ANSWERED
    return _cancel(
        session,
        ask.person,
        now,
        lambda chat: (
            chat.round_id == ask.round_id
            and chat.side(ask.person).value == ask.role
            and chat.state is not State.CONFIRMED
            and not (is_in and freetime.still_given(session, chat))
        ),
    )


def _hold(session: Session, person: Person) -> None:
    """From now on nobody arranges a chat with them that we would not see (`room.hold` waits for us)."""
    session.refresh(person, with_for_update={"of": Person, "key_share": True})


def _is_unsettled_with(chat: Chat, other: Person) -> bool:
    return chat.state is not State.CONFIRMED and other.id in (chat.student_id, chat.mentor_id)


def _is_agreed_with(session: Session, chat: Chat, person: Person) -> bool:
    known = letters.knows(session, chat, chat.side(person))
    return chat.state is State.CONFIRMED and (known.told or known.acted)


def _cancel(session: Session, person: Person, now: datetime, which: Callable[[Chat], bool]) -> int:
    """Cancel those of this person's chats to come that `which` picks out; how many."""
    chats = select(Chat).where(
        or_(Chat.student_id == person.id, Chat.mentor_id == person.id),
        Chat.state.in_(LIVE),
        Chat.starts_at > now,
    )
    return sum(
        record.happen(session, chat, Act.CANCEL, now, via=Via.ABSENCE, by=chat.side(person))
        for chat in list(session.scalars(chats))
        if which(chat)
    )


def _tell(session: Session, person: Person, letter: str, until: str, cancelled: int, now: datetime) -> None:
    session.flush()
    contact.post(
        session,
        Posting(
            letter=letter,
            event=f"person:{person.id}:{letter}:{now.isoformat()}",
            about=f"person:{person.id}",
            reader=Mailbox(person.name, person.email),
            context={
                "reader": person,
                "pause": {"until": until, "cancelled": cancelled},
                "programme": person.programme,
                "link": lambda name: contact.preferences_url(person),
            },
            person_id=person.id,
            programme_id=person.programme_id,
        ),
        now,
    )
