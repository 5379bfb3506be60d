"""Everything that is due: unread mail, rounds, asks, chats, new times, and the letters that follow."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler import db, limits
from scheduler.availability import asking
from scheduler.availability.ask import Ask
from scheduler.chats import answering, timekeeping
from scheduler.chats.chat import Chat
from scheduler.chats.proposal import Proposal
from scheduler.life import By
from scheduler.mail import inbound, outbox
from scheduler.mail.envelope import Incoming, Reading
from scheduler.mail.inbound import Noise
from scheduler.mail.transport import Transport
from scheduler.programme import signing_up
from scheduler.programme.round import Round
from scheduler.programme.stages import RoundAct
from scheduler.rounds import digest, drafting, publishing, running

log = structlog.get_logger()
PLANNED_STEPS = (RoundAct.DRAFT, "refill")
TRIES = 3
FORGET_COUNTS, FORGET_SIGNUPS = timedelta(days=2), timedelta(days=30)


def sweep(transport: Transport, now: Callable[[], datetime]) -> int:
    """Carry out all that is due and send what is to be sent; how many things were done. Twice is once.

    Each item has a transaction of its own, and one that fails is put off alone.
    """
    moment = now()
    done = db.each_due(Incoming, moment, lambda session, mail: read(session, mail, moment))
    done += _plan_due(moment)
    done += db.each_due(Round, moment, lambda session, round_: running.step(session, round_, moment))
    done += db.each_due(Ask, moment, lambda session, ask: asking.remind(session, ask, moment))
    done += db.each_due(Chat, moment, lambda session, chat: timekeeping.step(session, chat, moment))
    done += db.each_due(Proposal, moment, lambda session, new: timekeeping.expire(session, new, moment))
    with db.transaction() as session:
        digest.write_due(session, moment)
        limits.forget(session, moment - FORGET_COUNTS)
        signing_up.forget_signups(session, moment - FORGET_SIGNUPS)
    return done + outbox.deliver(transport, now)


def _plan_due(now: datetime) -> int:
    """Draft or refill the rounds for which it is time; planning holds no transaction."""
    with db.reading() as session:
        due = select(Round.id).where(Round.due_at <= now, Round.due_step.in_(PLANNED_STEPS))
        ids = list(session.scalars(due))
    for round_id in ids:
        try:
            plan_round(round_id, now, by=By.CLOCK)
        except Exception:
            log.exception("round not planned", id=round_id)
            db.put_off(Round, round_id, now)
    return len(ids)


def plan_round(round_id: int, now: datetime, *, by: By) -> int:
    """Plan a round, or fill a running one's freed times; how many chats were added. Raises life.NotNow.

    Facts are read, the plan is found, and it is kept, in three steps; if somebody took a planned time in
    between, once more from the start.
    """
    for is_last in (False, True):
        with db.reading() as session:
            known = drafting.facts(session, session.get_one(Round, round_id), now)
        plan = drafting.planned(known)
        try:
            with db.transaction() as session:
                round_ = session.get_one(Round, round_id, with_for_update={"of": Round})
                added = publishing.keep(session, round_, known, plan, now, by=by)
                if round_.programme.publishes_itself and by is By.CLOCK:
                    publishing.publish(session, round_, now)
                return added
        except IntegrityError:
            if is_last:
                raise
    raise AssertionError("unreachable")


def next_due(session: Session, now: datetime) -> datetime | None:
    """The next moment at which something falls due or a letter may leave; None when nothing is ahead."""
    moments = [
        session.scalar(select(func.min(model.due_at))) for model in (Incoming, Round, Ask, Chat, Proposal)
    ]
    moments.append(outbox.next_try(session, now))
    ahead = [max(moment, now) for moment in moments if moment is not None]
    return min(ahead, default=None)


def read(session: Session, mail: Incoming, now: datetime) -> None:
    """Read one kept mail and do what it says, if it is to be believed; after three failures, leave it."""
    if mail.state is not Reading.UNREAD:
        mail.due_at = None
        return
    if mail.tries >= TRIES:
        mail.settle(Reading.DEAD, mail.kind, "could not be read; kept for a human")
        return
    found = inbound.read(mail.raw)
    if isinstance(found, Noise):
        mail.settle(Reading.KEPT, found.kind, found.reason)
        return
    came_to = answering.apply_reply(session, found, now)
    state = Reading.APPLIED if came_to.startswith("applied") else Reading.KEPT
    mail.settle(state, "reply", came_to)
