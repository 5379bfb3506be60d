"""Reading: which of the times somebody gave are still theirs to give."""

from collections.abc import Collection, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.availability import slots
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.availability.slots import Slot
from scheduler.chats.chat import QUARTER, Chat, Quarter
from scheduler.life import By
from scheduler.planning import next_times
from scheduler.programme.person import Person
from scheduler.programme.round import Round


def taken(session: Session, people: Iterable[int], *, besides: Collection[int] = ()) -> dict[int, list[Slot]]:
    """The time each of these people has taken by chats, but for the chats `besides`; merged, by person."""
    rows = select(Quarter.person_id, Quarter.starts_at).where(Quarter.person_id.in_(list(people)))
    if besides:
        rows = rows.where(Quarter.chat_id.not_in(besides))
    spans: dict[int, list[Slot]] = {}
    for person_id, starts_at in session.execute(rows):
        spans.setdefault(person_id, []).append(Slot(starts_at, starts_at + QUARTER))
    return {person_id: slots.merge(spans[person_id]) for person_id in spans}


def given(session: Session, round_: Round, person: Person, side: By) -> list[Slot]:
    """The times this person gave for the round, taken or not."""
    ask = session.scalar(
        select(Ask).where(Ask.round_id == round_.id, Ask.person_id == person.id, Ask.role == side.value)
    )
    return ask.slots if ask is not None and ask.state is AskState.ANSWERED else []


def free(session: Session, chat: Chat, side: By, now: datetime) -> list[Slot]:
    """What is left of the times `side` gave for the chat's round, outside the notice; the chat's own is free.

    Nothing while the person does not take part.
    """
    person = chat.person(side)
    if not person.takes_part(now):
        return []
    earliest = now + chat.round.programme.notice
    rest = slots.within(given(session, chat.round, person, side), earliest, chat.round.ends_at)
    return slots.minus(rest, taken(session, [person.id], besides=[chat.id]).get(person.id, []))


def common_times(session: Session, chat: Chat, now: datetime, *, most: int = 3) -> list[datetime]:
    """Up to `most` next starts that suit both, from what both already gave; never the chat's present one."""
    present = frozenset({chat.starts_at})
    return next_times.best(
        free(session, chat, By.MENTOR, now),
        free(session, chat, By.STUDENT, now),
        length=chat.length,
        earliest=now + chat.round.programme.notice,
        latest=chat.round.ends_at - chat.length,
        k=most,
        avoid=present,
        zone=ZoneInfo(chat.round.programme.timezone),
    )


def suits(session: Session, chat: Chat, start: datetime, now: datetime, *sides: By) -> bool:
    """Whether a chat from `start` lies within the free time of each of `sides`."""
    whole = Slot(start, start + chat.length)
    return all(
        any(
            slot.starts_at <= whole.starts_at and whole.ends_at <= slot.ends_at
            for slot in free(session, chat, side, now)
        )
        for side in sides
    )
