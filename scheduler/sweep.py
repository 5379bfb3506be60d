"""Everything that is due: unread mail, rounds, asks, chats, new times, and the letters that follow."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import db, limits
from scheduler.availability import asking
from scheduler.availability.ask import Ask
from scheduler.chats import answering, timekeeping
from scheduler.chats.chat import Chat
from scheduler.chats.proposal import Proposal
from scheduler.life import By
from scheduler.mail import inbound, outbox
from scheduler.mail.envelope import Incoming, Outgoing, Reading
from scheduler.mail.inbound import Noise, Reply
from scheduler.mail.transport import Transport
from scheduler.programme import roster, signing_up
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import RoundAct
from scheduler.rounds import digest, drafting, publishing, running

log = structlog.get_logger()
PLANNED_STEPS = (RoundAct.DRAFT, "refill")
TRIES = 3
MAILS_AT_ONCE = 200
FORGET_COUNTS, FORGET_SIGNUPS = timedelta(days=2), timedelta(days=30)


def sweep(transport: Transport, now: Callable[[], datetime]) -> int:
    """Carry out all that is due and send what is to be sent; how many things were done. Twice is once.

    Each item has a transaction of its own, and one that fails is put off alone.
    """
    moment = now()
    done = read_mails(moment)
    done += _plan_due(moment)
    done += db.each_due(Round, moment, lambda session, round_: running.step(session, round_, moment))
    done += db.each_due(Ask, moment, lambda session, ask: asking.remind(session, ask, moment))
    done += db.each_due(Chat, moment, lambda session, chat: timekeeping.step(session, chat, moment))
    done += db.each_due(Proposal, moment, lambda session, new: timekeeping.expire(session, new, moment))
    _write_mornings(moment)
    db.attempt(lambda: _forget(moment))
    sent = outbox.deliver(
        transport, now, on_refused=lambda session, letter, why: _refused(session, letter, why, now())
    )
    return done + sent


def _forget(now: datetime) -> None:
    """Drop what was kept for a while only."""
    with db.transaction() as session:
        limits.forget(session, now - FORGET_COUNTS)
        signing_up.forget_signups(session, now - FORGET_SIGNUPS)


def _plan_due(now: datetime) -> int:
    """Draft or refill the rounds for which it is time; planning holds no transaction."""
    with db.reading() as session:
        due = select(Round.id).where(Round.due_at <= now, Round.due_step.in_(PLANNED_STEPS))
        ids = list(session.scalars(due))
    for round_id in ids:
        db.one_due(Round, round_id, now, partial(plan_round, round_id, now, by=By.CLOCK))
    return len(ids)


def _write_mornings(now: datetime) -> None:
    """The coordinators' morning letters, a transaction for each programme: one that fails stops no other."""
    with db.reading() as session:
        ids = list(session.scalars(select(Programme.id).order_by(Programme.id)))
    for programme_id in ids:
        try:
            with db.transaction() as session:
                digest.write(session, session.get_one(Programme, programme_id), now)
        except Exception:
            log.exception("morning letter not written", programme=programme_id)


def _refused(session: Session, letter: Outgoing, why: str, now: datetime) -> None:
    """Mail to this address does not arrive, unless its person has got another address meanwhile."""
    person = session.get(Person, letter.person_id) if letter.person_id is not None else None
    if person is not None and person.email == letter.recipient:
        roster.mark_undeliverable(session, person, why, now)


def plan_round(round_id: int, now: datetime, *, by: By) -> int:
    """Plan a round, or fill a running one's freed times; how many chats were added. Raises life.NotNow.

    Facts are read, the plan is found, and it is kept, in three steps. Somebody who took a planned time in
    between makes a conflict of it: for `db.attempt`, by whoever calls.
    """
    with db.reading() as session:
        known = drafting.facts(session, session.get_one(Round, round_id), now)
    plan = drafting.planned(known)
    with db.transaction() as session:
        round_ = session.get_one(Round, round_id, with_for_update={"of": Round, "key_share": True})
        added = publishing.keep(session, round_, known, plan, now, by=by)
        is_let_go = round_.programme.publishes_itself and by is By.CLOCK
        if is_let_go and publishing.has_chats(session, round_):
            publishing.publish(session, round_, now)
        return added


def next_due(session: Session, now: datetime) -> datetime | None:
    """The next moment at which something falls due or a letter may leave; None when nothing is ahead."""
    moments = [
        session.scalar(select(func.min(model.due_at))) for model in (Incoming, Round, Ask, Chat, Proposal)
    ]
    moments.append(outbox.next_try(session, now))
    ahead = [max(moment, now) for moment in moments if moment is not None]
    return min(ahead, default=None)


def read_mails(now: datetime) -> int:
    """Read the kept mails that are due and do what they say; how many. One that fails is put off alone.

    What a mail means is found before its transaction begins: a hostile one may take seconds.
    """
    with db.reading() as session:
        due = select(Incoming.id).where(Incoming.due_at <= now, Incoming.state == Reading.UNREAD)
        ids = list(session.scalars(due.order_by(Incoming.due_at, Incoming.id).limit(MAILS_AT_ONCE)))
    meanings = {mail_id: _meaning(mail_id) for mail_id in ids}
    return db.each_due(
        Incoming,
        now,
        lambda session, mail: _apply(session, mail, meanings.get(mail.id), now),
        most=MAILS_AT_ONCE,
    )


def _meaning(mail_id: int) -> Reply | Noise:
    with db.reading() as session:
        raw = session.scalars(select(Incoming.raw).where(Incoming.id == mail_id)).one()
    return inbound.read(raw)


def _apply(session: Session, mail: Incoming, found: Reply | Noise | None, now: datetime) -> None:
    """Do what a mail says, if it is to be believed; after three failures, leave it to a human."""
    if mail.state is not Reading.UNREAD:
        mail.due_at = None
        return
    if mail.tries >= TRIES:
        mail.settle(Reading.DEAD, mail.kind, "could not be read; kept for a human")
        return
    if found is None:
        return  # it came in this very moment: the next sweep reads it
    if isinstance(found, Noise):
        mail.settle(Reading.KEPT, found.kind, found.reason)
        return
    came_to = answering.apply_reply(session, found, now, received_at=mail.received_at)
    state = Reading.APPLIED if came_to.startswith("applied") else Reading.KEPT
    mail.settle(state, "reply", came_to)
