"""More times: what one side adds for a chat whose two have no time in common left; what a picker shows."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.availability import asking, slots
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskAct, AskState
from scheduler.availability.slots import Slot, Window
from scheduler.chats import freetime, letters
from scheduler.chats.chat import Chat, Quarter
from scheduler.chats.lifecycle import Knows
from scheduler.life import By, NotNow
from scheduler.programme.person import Person


def add(session: Session, chat: Chat, side: By, more: list[Slot], now: datetime) -> list[datetime]:
    """Add `more` to what `side` gave for the chat's round; up to three next starts that now suit both.

    What was given before stays; adding the same again changes nothing. No letter is written: whoever adds
    times picks one at once. Raises NotNow where `side` was never asked for times in this round.
    """
    ask = get_ask(session, chat, side)
    given = ask.slots if ask.state is AskState.ANSWERED else []
    whole = slots.merge([*given, *more])
    if whole != given:
        if ask.state is not AskState.ANSWERED:
            ask.act(AskAct.ANSWER, now, by=side)
        ask.give(whole)
        session.flush()
    return freetime.common_times(session, chat, now)


def window(session: Session, chat: Chat, side: By, now: datetime) -> Window:
    """As `freetime.window`. Raises NotNow as `add` does, and where no day is left."""
    get_ask(session, chat, side)
    left = freetime.window(session, chat, side, now)
    if left is None:
        raise NotNow("The days of this round are over. We ask again before the next one.")
    return left


def known(session: Session, person: Person) -> list[tuple[Chat, Knows]]:
    """The chats that hold this person's time, of those alone that they have heard of or acted on."""
    held = select(Quarter.chat_id).where(Quarter.person_id == person.id)
    chats = session.scalars(select(Chat).where(Chat.id.in_(held)).order_by(Chat.starts_at))
    found = [(chat, letters.knows(session, chat, chat.side(person))) for chat in chats]
    return [(chat, knows) for chat, knows in found if knows.told or knows.acted]


def taken(chats: Iterable[tuple[Chat, Knows]]) -> list[Slot]:
    """The time that these chats take: what a picker may show as taken."""
    return slots.merge(Slot(chat.starts_at, chat.ends_at) for chat, _ in chats)


def get_ask(session: Session, chat: Chat, side: By) -> Ask:
    """What `side` was asked in the chat's round. Raises NotNow where there was no ask."""
    ask = asking.find(session, chat.round, chat.person(side), side.value)
    if ask is None:
        raise NotNow("You were not asked for times in this round. The coordinator can still help.")
    return ask
