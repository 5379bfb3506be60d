"""Who takes part in a round: what each person answered, who was left out, and how full the mentors are."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.chats.chat import Chat
from scheduler.chats.room import USES_CAPACITY
from scheduler.programme.round import Round
from scheduler.rounds import board, telling

ASK_WORDS = {
    AskState.ASKED: "no answer yet",
    AskState.ANSWERED: "answered",
    AskState.OUT: "not this round",
    AskState.SILENT: "did not answer",
}


@dataclass(frozen=True, kw_only=True)
class AskRow:
    """One person asked in a round, and what they said."""

    person: str
    url: str
    role: str
    state: AskState
    state_words: str
    times: str
    note: str


@dataclass(frozen=True, kw_only=True)
class LeftOutRow:
    """One student without a chat: why, and the one thing that would help."""

    person: str
    url: str
    reason: str
    why: str
    change: str


@dataclass(frozen=True, kw_only=True)
class Load:
    """How many of the chats a mentor gives in a round are used."""

    mentor: str
    url: str
    used: int
    capacity: int


def ask_rows(session: Session, round_: Round) -> list[AskRow]:
    """Everyone asked in the round, by role and name, with how many times they gave."""
    asks = select(Ask).where(Ask.round_id == round_.id).options(selectinload(Ask.offered))
    found = sorted(session.scalars(asks), key=lambda ask: (ask.role, ask.person.name.casefold()))
    return [
        AskRow(
            person=ask.person.name,
            url=board.person_url(ask.person),
            role=ask.role,
            state=ask.state,
            state_words=ASK_WORDS[ask.state],
            times=_times(ask),
            note=ask.note,
        )
        for ask in found
    ]


def _times(ask: Ask) -> str:
    if ask.state is not AskState.ANSWERED:
        return ""
    if ask.any_hours:
        return "the programme’s hours"
    hours = sum((slot.ends_at - slot.starts_at for slot in ask.slots), timedelta(0)) / timedelta(hours=1)
    return f"{hours:g} {'hour' if hours == 1 else 'hours'}"


def left_out_rows(session: Session, round_: Round) -> list[LeftOutRow]:
    """The students in the plan without a chat, with the reason."""
    return [
        LeftOutRow(
            person=row.person.name,
            url=board.person_url(row.person),
            reason=row.reason,
            why=board.WHY_LEFT_OUT.get(row.reason, "is not in the plan"),
            change=row.change,
        )
        for row in telling.left_out(session, round_)
    ]


def loads(session: Session, round_: Round) -> list[Load]:
    """The mentors who gave times, nearest to their limit first."""
    rows = select(Ask).where(Ask.round_id == round_.id, Ask.role == "mentor", Ask.state == AskState.ANSWERED)
    given = select(Chat.mentor_id).where(
        Chat.round_id == round_.id, Chat.state.in_(USES_CAPACITY), Chat.has_follower.is_(False)
    )
    used = Counter(session.scalars(given))
    found = [
        Load(
            mentor=ask.person.name,
            url=board.person_url(ask.person),
            used=used[ask.person_id],
            capacity=ask.capacity,
        )
        for ask in session.scalars(rows)
    ]
    return sorted(found, key=lambda load: (load.used - load.capacity, load.mentor))[::-1]
