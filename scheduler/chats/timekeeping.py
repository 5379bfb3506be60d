"""What time does to chats and to new times put to someone: one due step, carried out."""

from datetime import datetime

from sqlalchemy.orm import Session

from scheduler import life
from scheduler.chats import freetime, letters, outcome, record, room
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Act
from scheduler.chats.proposal import Proposal
from scheduler.life import By, Via
from scheduler.programme import refill


def step(session: Session, chat: Chat, now: datetime) -> None:
    """Carry out the chat's due step and set the next; a droppable one that comes too late is left out."""
    name, moment = chat.due_step, chat.due_at
    if name is None or moment is None or moment > now:
        return
    if life.is_too_late(chat.agenda(), name, moment, now):
        chat.last_step = name
        chat.plan_ahead(now)
    elif name == Act.PROPOSE:
        _propose(session, chat, now)
    elif name == Act.LAPSE:
        _lapse(session, chat, now)
    elif name == Act.CLOSE:
        outcome.close(session, chat, now)
    else:
        chat.is_listed = chat.is_listed or name == "list"
        record.happen(session, chat, name, now, via=Via.CLOCK, by=By.CLOCK)


def _propose(session: Session, chat: Chat, now: datetime) -> None:
    """Propose the planned chat, unless something has come between since it was planned: then it is let go."""
    too_soon = chat.starts_at - chat.round.programme.notice <= now
    is_given = freetime.still_given(session, chat)
    why_not = room.obstacle(session, chat.round, chat.mentor, chat.student, now, besides=chat)
    if too_soon or why_not or not is_given:
        _let_go(session, chat, now)
    else:
        record.happen(session, chat, Act.PROPOSE, now, via=Via.CLOCK, by=By.CLOCK)


def _lapse(session: Session, chat: Chat, now: datetime) -> None:
    """The time to answer is over; who has not had the invitation yet gets theirs from when it can leave."""
    if letters.knows(session, chat, By.STUDENT).told:
        record.happen(session, chat, Act.LAPSE, now, via=Via.CLOCK, by=By.CLOCK)
    elif not chat.wait_longer(now):
        _let_go(session, chat, now)


def _let_go(session: Session, chat: Chat, now: datetime) -> None:
    """Nobody's doing: the two are looked after again by a refill."""
    record.happen(session, chat, Act.CANCEL, now, via=Via.CLOCK, by=By.CLOCK)
    refill.ask_for(session, chat.round, now)


def expire(session: Session, proposal: Proposal, now: datetime) -> None:
    """Nobody answered the new time: the chat stands."""
    record.keep_time(session, proposal, now)
