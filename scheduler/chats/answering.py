"""People's answers to a chat, from a link or a calendar: the same verbs for both doors."""

from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.chats import record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Act
from scheduler.life import By, Via


def accept(session: Session, chat: Chat, now: datetime, *, by: By, via: Via) -> bool:
    """Yes to the proposed time; whether anything changed. Raises NotNow."""
    return record.happen(session, chat, Act.ACCEPT, now, via=via, by=by)


def decline(session: Session, chat: Chat, now: datetime, *, by: By, via: Via) -> bool:
    """No to this time; whoever declines is offered the next ones. Whether anything changed. Raises NotNow."""
    return record.happen(session, chat, Act.DECLINE, now, via=via, by=by)


def cancel(session: Session, chat: Chat, now: datetime, *, by: By, via: Via) -> bool:
    """No chat at all; whether anything changed. Raises NotNow."""
    return record.happen(session, chat, Act.CANCEL, now, via=via, by=by)
