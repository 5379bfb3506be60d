"""The programme's lead times have changed: what is still to come falls due by the new ones."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.chats.chat import Chat
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import Stage


def retime(session: Session, programme: Programme, now: datetime) -> None:
    """Count the next step of every open round, ask and chat anew; twice is once.

    What is done is not done again, and what people were told stays as they were told it: until when to
    answer, and when those without a chat hear so.
    """
    for still_open in _open(session, programme):
        still_open.plan_ahead(now)


def _open(session: Session, programme: Programme) -> Iterator[Round | Ask | Chat]:
    rounds = Round.programme_id == programme.id
    yield from session.scalars(select(Round).where(rounds, Round.due_at.is_not(None)))
    # More reminders may be wanted than before: also of those whose last has gone out.
    asks = select(Ask).join(Ask.round).where(rounds, Ask.state == AskState.ASKED)
    yield from session.scalars(asks.where(Round.state.in_([Stage.ASKING, Stage.DRAFTED])))
    chats = select(Chat).join(Chat.round).where(rounds, Chat.due_at.is_not(None))
    yield from session.scalars(chats.options(lazyload(Chat.copies)))
