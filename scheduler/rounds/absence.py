"""Pausing, leaving, and *not this person*: silence kept at once, chats let go, others told."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scheduler import localtime
from scheduler.chats import letters, record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import LIVE, Act, State
from scheduler.life import By, Via
from scheduler.mail import outbox, posting
from scheduler.mail.invite import Mailbox
from scheduler.mail.posting import Posting
from scheduler.programme import contact
from scheduler.programme.pairing import Exclusion, Why
from scheduler.programme.person import Person, Standing

SPARED = ("chat_reminder",)
"""Beside calendar mail, what a pause does not stop: reminders of confirmed chats."""


def pause(session: Session, person: Person, until: datetime | None, now: datetime, *, via: Via) -> int:
    """No new chats, no letters until `until`: planned and proposed chats are cancelled, confirmed ones stay.

    So is an agreed one of which they have not heard yet: to them it is not agreed. How many chats were
    cancelled. Pausing again until the same moment changes nothing, until another the date alone.
    """
    if (person.standing, person.paused_until) == (Standing.PAUSED, until):
        return 0
    cancelled = _cancel(session, person, now, via, lambda chat: not _is_agreed_with(session, chat, person))
    person.pause(until)
    outbox.withdraw(session, now, "paused", person=person.id, spare=SPARED, with_calendar=False)
    words = localtime.day_long(until, person.timezone, year=True) if until is not None else ""
    _tell(session, person, "paused", words, cancelled, now)
    return cancelled


def resume(session: Session, person: Person) -> None:
    """Take part again; twice is once."""
    person.resume()


def leave(session: Session, person: Person, now: datetime, *, via: Via) -> int:
    """Leave for good: all chats are cancelled, and those cancellations are the last letters.

    How many chats were cancelled. Leaving twice is leaving once.
    """
    if person.standing is Standing.LEFT:
        return 0
    cancelled = _cancel(session, person, now, via, lambda chat: True)
    outbox.withdraw(session, now, "left", person=person.id, spare=LAST_LETTERS, with_calendar=False)
    _tell(session, person, "left", "", cancelled, now)
    person.leave()
    return cancelled


LAST_LETTERS = ("chat_cancelled",)


def not_this_person(session: Session, chat: Chat, side: By, now: datetime) -> None:
    """Never plan these two together again; said by one of them, shown to neither. Twice is once."""
    me, other = chat.person(side), chat.person(By.MENTOR if side is By.STUDENT else By.STUDENT)
    said = select(Exclusion.id).where(
        Exclusion.person_id == me.id, Exclusion.other_id == other.id, Exclusion.why == Why.PERSON
    )
    if session.scalar(said) is None:
        session.add(Exclusion(person_id=me.id, other_id=other.id, why=Why.PERSON, made_at=now))


def _is_agreed_with(session: Session, chat: Chat, person: Person) -> bool:
    known = letters.knows(session, chat, chat.side(person))
    return chat.state is State.CONFIRMED and (known.told or known.acted)


def _cancel(session: Session, person: Person, now: datetime, via: Via, which: Callable[[Chat], bool]) -> int:
    """Cancel those of this person's chats to come that `which` picks out; how many."""
    chats = select(Chat).where(
        or_(Chat.student_id == person.id, Chat.mentor_id == person.id),
        Chat.state.in_(LIVE),
        Chat.starts_at > now,
    )
    return sum(
        record.happen(session, chat, Act.CANCEL, now, via=via, by=chat.side(person))
        for chat in list(session.scalars(chats))
        if which(chat)
    )


def _tell(session: Session, person: Person, letter: str, until: str, cancelled: int, now: datetime) -> None:
    session.flush()
    posting.post(
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
