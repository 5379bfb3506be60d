"""Whether they met: each side's own report, and what two of them settle."""

from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.chats import lifecycle, record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Act, Report, State
from scheduler.life import By, NotNow, Via


def report(session: Session, chat: Chat, side: By, said: Report, now: datetime, *, via: Via) -> bool:
    """Keep what `side` said and settle what the two reports settle; whether the chat's state changed.

    Raises NotNow before the chat's time, and for a chat that never was to take place.
    """
    if now < chat.starts_at:
        raise NotNow("This chat has not begun yet.")
    if chat.state not in (State.CONFIRMED, State.HELD, State.MISSED, State.UNKNOWN):
        raise NotNow(lifecycle.WHY_NOT[chat.state])
    if chat.report(side) is not said:
        record.note(session, chat, lifecycle.REPORTED, now, via=via, by=side)
    chat.take_report(side, said)
    act = lifecycle.settle(chat.student_report, chat.mentor_report)
    if chat.state is not State.CONFIRMED or act is None:
        return False
    return record.happen(session, chat, act, now, via=via, by=side)


def close(session: Session, chat: Chat, now: datetime) -> bool:
    """Nobody will say more: one "we met" counts as met, anything else leaves it unknown."""
    act = lifecycle.settle_at_last(chat.student_report, chat.mentor_report)
    return record.happen(session, chat, act, now, via=Via.CLOCK, by=By.CLOCK)


def settle(session: Session, chat: Chat, act: Act, now: datetime) -> bool:
    """The coordinator's word where two reports contradict each other, undoing what came first.

    Whether the chat's state changed; where it stood so already, the matter is settled all the same. Raises
    NotNow when the chat has a follower, or cannot end so.
    """
    latest = record.last_act(session, chat)
    chat.is_settled = True
    if lifecycle.OUTCOMES[act] == chat.state:
        return False
    if chat.state is not State.CONFIRMED and latest is not None:
        record.undo(session, latest, now, via=Via.COORDINATOR, by=By.COORDINATOR)
    return record.happen(session, chat, act, now, via=Via.COORDINATOR, by=By.COORDINATOR)
