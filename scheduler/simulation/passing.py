"""Time that passes at will: from one due moment to the next, so that nothing on the way is left out."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import clock, db, sweep
from scheduler.availability.ask import Ask
from scheduler.chats.chat import Chat
from scheduler.chats.proposal import Proposal
from scheduler.mail.envelope import Fate, Incoming, Outgoing
from scheduler.mail.transport import Transport
from scheduler.programme.round import Round

DUE = (Incoming, Round, Ask, Chat, Proposal)


def next_moment(session: Session, after: datetime) -> datetime | None:
    """The first moment later than `after` at which something falls due or a letter may leave; None if none.

    What is overdue at `after` already is passed over: the sweep has been there, and has put it off.
    """
    moments = [session.scalar(select(func.min(noun.due_at)).where(noun.due_at > after)) for noun in DUE]
    waiting = select(func.min(Outgoing.try_at)).where(Outgoing.state == Fate.WAITING, Outgoing.try_at > after)
    moments.append(session.scalar(waiting))
    return min((moment for moment in moments if moment is not None), default=None)


def walk(
    transport: Transport,
    now: datetime,
    until: datetime,
    go: Callable[[datetime], object] = lambda to: None,
    *,
    is_enough: Callable[[], bool] = lambda: False,
) -> None:
    """Let time pass from `now` to `until`, sweeping at both and at every due moment between.

    `go` is called before each sweep with its moment: the demo moves its clock there. After each sweep
    `is_enough` may end the walk early.
    """
    moment: datetime | None = now
    while moment is not None and moment <= until:
        _sweep_at(transport, moment, go)
        if is_enough():
            return
        last = moment
        with db.reading() as session:
            moment = next_moment(session, last)
    if until > last:
        _sweep_at(transport, until, go)


def _sweep_at(transport: Transport, moment: datetime, go: Callable[[datetime], object]) -> None:
    go(moment)
    sweep.sweep(transport, lambda: moment, machine_now=clock.machine_now)
