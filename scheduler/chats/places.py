"""Reading: where a chat takes place, so that no two of a programme are in one place at the same time."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.chats import letters
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import LIVE
from scheduler.life import By
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round

HALF_A_DAY = timedelta(hours=12)


def find(session: Session, chat: Chat, starts_at: datetime, *, goes_back: bool = False) -> str:
    """The place for this chat if it starts then; "" where none is free.

    What the chat has comes first, then what the student's calendar shows; for one that `goes_back` to how it
    was, the other way round. Else it is the mentor's own place, which is theirs at any time, or one of the
    programme's that no other live chat has at that time: where the mentor sits for the chat nearest to this
    one, if that is within half a day, else by turns from the mentor's number. The programme is locked while
    we look.
    """
    programme = chat.round.programme
    session.execute(select(Programme.id).where(Programme.id == programme.id).with_for_update(key_share=True))
    own, taken = chat.mentor.place, _taken(session, chat, starts_at)
    by_turns = _by_turns(programme.places, chat.mentor.id)
    offered = [own] if own else [*_nearby(session, chat, starts_at), *by_turns]
    known = [chat.place, letters.place_shown(session, chat, By.STUDENT)]
    wanted = [*(reversed(known) if goes_back else known), *offered]
    return next((place for place in wanted if place and (place == own or place not in taken)), "")


def _taken(session: Session, chat: Chat, starts_at: datetime) -> set[str]:
    """The places of other live chats of the programme that are under way at some moment of this one."""
    others = (
        select(Chat.place)
        .join(Chat.round)
        .where(
            Round.programme_id == chat.round.programme.id,
            Chat.state.in_(LIVE),
            Chat.id != chat.id,
            Chat.starts_at < starts_at + chat.length,
            Chat.ends_at > starts_at,
        )
    )
    return set(session.scalars(others))


def _nearby(session: Session, chat: Chat, starts_at: datetime) -> list[str]:
    """The programme's places in which the mentor's other live chats of these hours are, the nearest first."""
    others = select(Chat.starts_at, Chat.place).where(
        Chat.mentor_id == chat.mentor.id,
        Chat.state.in_(LIVE),
        Chat.id != chat.id,
        Chat.place.in_(chat.round.programme.places),
        Chat.starts_at.between(starts_at - HALF_A_DAY, starts_at + HALF_A_DAY),
    )
    rows = sorted(session.execute(others), key=lambda row: abs(row[0] - starts_at))
    return [place for _, place in rows]


def _by_turns(places: list[str], number: int) -> list[str]:
    first = number % len(places) if places else 0
    return [*places[first:], *places[:first]]
