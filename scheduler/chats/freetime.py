"""Which of the times somebody gave are still theirs to give, and times they turned out not to have."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.availability import ask_card, asking, boxes, slots
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.availability.slots import Slot, Window
from scheduler.chats.chat import Chat, Quarter
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
        spans.setdefault(person_id, []).append(Slot(starts_at, starts_at + slots.QUARTER))
    return {person_id: slots.merge(spans[person_id]) for person_id in spans}


def given(session: Session, round_: Round, person: Person, side: By) -> list[Slot]:
    """The times this person gave for the round, taken or not."""
    ask = asking.find(session, round_, person, side.value)
    return ask.slots if ask is not None and ask.state is AskState.ANSWERED else []


def still_given(session: Session, chat: Chat) -> bool:
    """Whether the chat's time is still among those its two people gave; who gave none was never asked."""
    for side in (By.STUDENT, By.MENTOR):
        ask = asking.find(session, chat.round, chat.person(side), side.value)
        if (
            ask is not None
            and ask.state is AskState.ANSWERED
            and not _covers(ask.slots, chat.starts_at, chat.ends_at)
        ):
            return False
    return True


def _covers(given_slots: Iterable[Slot], starts_at: datetime, ends_at: datetime) -> bool:
    return any(slot.starts_at <= starts_at and ends_at <= slot.ends_at for slot in given_slots)


def take_out(session: Session, chat: Chat, side: By, starts_at: datetime) -> None:
    """Whoever refuses a time does not have it after all: it is offered to nobody else in their name."""
    ask = _ask_of(session, chat, side)
    if ask is not None:
        ask.give(slots.minus(ask.slots, [Slot(starts_at, starts_at + chat.length)]))


def put_back(session: Session, chat: Chat, side: By) -> None:
    """The refusal is taken back: the time is theirs to give again."""
    ask = _ask_of(session, chat, side)
    if ask is not None:
        ask.give(slots.merge([*ask.slots, Slot(chat.starts_at, chat.ends_at)]))


def _ask_of(session: Session, chat: Chat, side: By) -> Ask | None:
    if side not in (By.STUDENT, By.MENTOR):
        return None
    ask = asking.find(session, chat.round, chat.person(side), side.value)
    return ask if ask is not None and ask.state is AskState.ANSWERED else None


def free(session: Session, chat: Chat, side: By, now: datetime) -> list[Slot]:
    """What is left of the times `side` gave for the chat's round, outside the notice; the chat's own is free.

    Nothing while the person does not take part, and once the round is over.
    """
    person = chat.person(side)
    if chat.round.is_over or not person.takes_part(now):
        return []
    earliest = now + chat.round.programme.notice
    rest = slots.within(given(session, chat.round, person, side), earliest, chat.round.extra_ends_at)
    return slots.minus(rest, taken(session, [person.id], besides=[chat.id]).get(person.id, []))


def window(session: Session, chat: Chat, side: By, now: datetime) -> Window | None:
    """The times that `side` may still add to look for another time of this chat, from the first such date.

    They go on past the round's last date, for a chat may come to nothing on that very day. None where there
    are none left, the round is over, or `side` was never asked for times.
    """
    ask = asking.find(session, chat.round, chat.person(side), side.value)
    if ask is None or chat.round.is_over:
        return None
    whole = ask_card.window(ask, now, last_on=chat.round.last_extra_on)
    dates = [day.on for day in boxes.days(whole, ()) if any(half.state == "free" for half in day.halves)]
    return replace(whole, first_on=dates[0]) if dates else None


def can_find(session: Session, chat: Chat, side: By, now: datetime) -> bool:
    """Whether another time of this chat is there to pick, or `side` can still add some."""
    return bool(common_times(session, chat, now)) or window(session, chat, side, now) is not None


def common_times(session: Session, chat: Chat, now: datetime, *, most: int = 3) -> list[datetime]:
    """Up to `most` next starts that suit both, from what both already gave, clear of the chat's own time."""
    # Whoever looks for another time cannot make this one, nor half of it.
    other = slots.minus(free(session, chat, By.MENTOR, now), [Slot(chat.starts_at, chat.ends_at)])
    return next_times.best(
        other,
        free(session, chat, By.STUDENT, now),
        length=chat.length,
        earliest=now + chat.round.programme.notice,
        latest=chat.round.extra_ends_at - chat.length,
        k=most,
        zone=ZoneInfo(chat.round.programme.timezone),
    )


def suits_wish(session: Session, chat: Chat, side: By, start: datetime, now: datetime) -> bool:
    """Whether the chat could start then, as `side` wishes: the other gave that time, and `side` takes part
    and has no other chat then. Whoever wishes for a time need not have given it before."""
    person, span = chat.person(side), Slot(start, start + chat.length)
    others = taken(session, [person.id], besides=[chat.id]).get(person.id, [])
    is_clear = person.takes_part(now) and slots.minus([span], others) == [span]
    return is_clear and suits(session, chat, start, now, By.MENTOR if side is By.STUDENT else By.STUDENT)


def suits(session: Session, chat: Chat, start: datetime, now: datetime, *sides: By) -> bool:
    """Whether a chat from `start` lies within the free time of each of `sides`."""
    return all(_covers(free(session, chat, side, now), start, start + chat.length) for side in sides)
