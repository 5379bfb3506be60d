"""What time does to chats and to new times put to someone: one due step, carried out."""

from datetime import datetime

from sqlalchemy.orm import Session

from scheduler import life
from scheduler.chats import booking, outcome, record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Act
from scheduler.chats.proposal import Proposal
from scheduler.life import By, Via


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
    elif name == Act.CLOSE:
        outcome.close(session, chat, now)
    else:
        chat.is_listed = chat.is_listed or name == "list"
        record.happen(session, chat, name, now, via=Via.CLOCK, by=By.CLOCK)


def _propose(session: Session, chat: Chat, now: datetime) -> None:
    """Propose the planned chat, unless its time is too near by now or one of the two takes no part."""
    too_soon = chat.starts_at - chat.round.programme.notice <= now
    if too_soon or not (chat.student.takes_part(now) and chat.mentor.takes_part(now)):
        record.happen(session, chat, Act.CANCEL, now, via=Via.CLOCK, by=By.CLOCK)
        chat.round.want_refill(now)
        return
    record.happen(session, chat, Act.PROPOSE, now, via=Via.CLOCK, by=By.CLOCK)


def expire(session: Session, proposal: Proposal, now: datetime) -> None:
    """Nobody answered the new time: the chat stands."""
    booking.keep_time(session, proposal, now)
