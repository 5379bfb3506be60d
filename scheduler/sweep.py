"""Everything that is due: unread mail, rounds, asks, chats, new times, and the letters that follow."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from scheduler import db, leases, limits
from scheduler.availability import asking
from scheduler.availability.ask import Ask
from scheduler.chats import countering, replying, timekeeping
from scheduler.chats.chat import Chat
from scheduler.chats.proposal import Proposal
from scheduler.crashpoint import crashpoint
from scheduler.db import UtcDateTime
from scheduler.life import By
from scheduler.mail import delivery, inbound, inbox, outbox
from scheduler.mail.delivery import Run
from scheduler.mail.envelope import Incoming, Outgoing, Reading
from scheduler.mail.meaning import CameTo, Kind, Meaning, Weight
from scheduler.mail.transport import Transport
from scheduler.programme import bouncing, roster, signing_up
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import RoundAct
from scheduler.rounds import digest, drafting, noting, publishing, running

log = structlog.get_logger()
SWEEP = "sweep"
"""Under which name it stands when a sweep was last finished."""
PLANNED_STEPS = (RoundAct.DRAFT, "refill")
TRIES = 3
MAILS_AT_ONCE = 200
FORGET_COUNTS, FORGET_SIGNUPS = timedelta(days=2), timedelta(days=30)
DUE = (Incoming, Round, Ask, Chat, Proposal)
"""What has a `due_at`."""
OUTLIVED = {"counts": limits.outlived, "signups": signing_up.outlived, "texts": outbox.outlived}
"""What is kept for a while only."""
ANYTHING = select(
    or_(
        *(exists().where(model.due_at <= bindparam("now", type_=UtcDateTime)) for model in DUE),
        *(exists().where(which(bindparam(name, type_=UtcDateTime))) for name, which in OUTLIVED.items()),
    )
)
"""Whether anything at all is due, asked in one go: most sweeps find nothing."""


def sweep(
    transport: Transport, now: Callable[[], datetime], *, machine_now: Callable[[], datetime] | None = None
) -> int:
    """Carry out all that is due and send what is to be sent; how many things were done. Twice is once."""
    moment = now()
    done = carry_out(moment, plan=lambda round_id, _: plan_due(round_id, moment))
    return done + deliver(transport, now, machine_now=machine_now).sent


def carry_out(now: datetime, *, plan: Callable[[int, datetime], object]) -> int:
    """Do everything that is due but sending; how many things were done. Twice is once.

    Each item has a transaction of its own, and one that fails is put off alone. Rounds to be planned are
    handed to `plan`, with the moment at which their time came.
    """
    done = _carry_out_due(now, plan) if _is_anything_due(now) else 0
    _write_mornings(now)
    return done


def _is_anything_due(now: datetime) -> bool:
    with db.reading() as session:
        return bool(session.scalar(ANYTHING, {"now": now, **_kept_since(now)}))


def _kept_since(now: datetime) -> dict[str, datetime]:
    """From when on is kept what is kept for a while only."""
    keep = {"counts": FORGET_COUNTS, "signups": FORGET_SIGNUPS, "texts": delivery.pace().keep}
    return {name: now - length for name, length in keep.items()}


def _carry_out_due(now: datetime, plan: Callable[[int, datetime], object]) -> int:
    done = read_mails(now)
    done += _plan_due(now, plan)
    done += db.each_due(Round, now, lambda session, round_: running.step(session, round_, now))
    done += db.each_due(Ask, now, lambda session, ask: asking.remind(session, ask, now))
    done += db.each_due(Chat, now, lambda session, chat: timekeeping.step(session, chat, now))
    done += db.each_due(Proposal, now, lambda session, new: timekeeping.expire(session, new, now))
    db.attempt(lambda: _forget(now))
    return done


def _forget(now: datetime) -> None:
    """Drop what was kept for a while only."""
    with db.transaction() as session:
        limits.forget(session, now - FORGET_COUNTS)
        signing_up.forget_signups(session, now - FORGET_SIGNUPS)
        outbox.wipe(session, now, delivery.pace().keep)


def note_finished(machine_now: datetime) -> None:
    """Write down that a sweep has just been finished; the moment is the machine's own."""
    with db.transaction() as session:
        leases.note_done(session, SWEEP, machine_now)


def deliver(
    transport: Transport, now: Callable[[], datetime], *, machine_now: Callable[[], datetime] | None = None
) -> Run:
    """Send what may leave now, for ten seconds at most; how many letters left, and whether there are more."""
    return delivery.deliver(
        transport,
        now,
        machine_now=machine_now,
        on_refused=lambda session, letter, why: _refused(session, letter, why, now()),
    )


def _plan_due(now: datetime, plan: Callable[[int, datetime], object]) -> int:
    """Let the rounds be drafted or refilled for which it is time; planning holds no transaction."""
    with db.reading() as session:
        due = select(Round.id, Round.due_at).where(Round.due_at <= now, Round.due_step.in_(PLANNED_STEPS))
        rounds = session.execute(due).all()
    for round_id, due_at in rounds:
        plan(round_id, due_at or now)
    return len(rounds)


def plan_due(round_id: int, now: datetime) -> int:
    """Plan a round whose time for it has come, or refill it; how many chats were added. Twice is once.

    One that fails is put off alone.
    """
    return db.one_due(Round, round_id, now, lambda: plan_round(round_id, now, by=By.CLOCK))


def _write_mornings(now: datetime) -> None:
    """The coordinators' morning letters, a transaction for each programme: one that fails stops no other."""
    columns = Programme.id, Programme.timezone, Programme.needs_you_on
    with db.reading() as session:
        programmes = session.execute(select(*columns).order_by(Programme.id)).all()
    for programme_id, zone, last in programmes:
        try:
            if digest.morning(zone, now) in (None, last):
                continue
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
    between makes a conflict of it: for `db.attempt`, by whoever calls. For the clock, a round whose time is
    not (or no longer) come is left.
    """
    with db.reading() as session:
        round_ = session.get_one(Round, round_id)
        if by is By.CLOCK and not _is_to_be_planned(round_, now):
            return 0
        known = drafting.facts(session, round_, now)
    crashpoint("plan.after_facts")
    plan = drafting.planned(known)
    crashpoint("plan.after_solving")
    with db.transaction() as session:
        round_ = session.get_one(Round, round_id, with_for_update={"of": Round, "key_share": True})
        if by is By.CLOCK and not _is_to_be_planned(round_, now):
            return 0
        added = publishing.keep(session, round_, known, plan, now, by=by)
        crashpoint("plan.after_keeping")
        is_let_go = round_.programme.publishes_itself and by is By.CLOCK
        if is_let_go and publishing.has_chats(session, round_):
            publishing.publish(session, round_, now)
        return added


def _is_to_be_planned(round_: Round, now: datetime) -> bool:
    """Whether its time to be planned is here; another worker may have planned it meanwhile."""
    return round_.due_step in PLANNED_STEPS and round_.due_at is not None and round_.due_at <= now


def next_due(session: Session, now: datetime) -> datetime | None:
    """The next moment at which something falls due or a letter may leave; None when nothing is ahead."""
    moments = [session.scalar(select(func.min(model.due_at))) for model in DUE]
    moments.append(delivery.next_try(session, now))
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
    crashpoint("inbox.after_reading")
    return db.each_due(
        Incoming,
        now,
        lambda session, mail: _apply(session, mail, meanings.get(mail.id), now),
        most=MAILS_AT_ONCE,
    )


def tried(meaning: Meaning, now: datetime) -> CameTo:
    """What would come of a mail that came in now; nothing is changed or kept."""
    with db.reading() as session:
        return _came_to(session, meaning, now, received_at=now)


def _meaning(mail_id: int) -> Meaning:
    with db.reading() as session:
        mail = session.get_one(Incoming, mail_id)
        raw, recipient = mail.raw, mail.envelope_recipient
    return inbound.read(raw, inbox.border(), recipient=recipient)


def _apply(session: Session, mail: Incoming, found: Meaning | None, now: datetime) -> None:
    """Do what a mail says, if it is to be believed; after three failures, leave it to a human."""
    if mail.state is not Reading.UNREAD:
        mail.due_at = None
        return
    if mail.tries >= TRIES:
        mail.settle(Reading.DEAD, mail.kind, "could not be read; kept for a human")
        return
    if found is None:
        return  # it came in this very moment: the next sweep reads it
    crashpoint("inbox.before_apply")
    came_to = _came_to(session, found, now, received_at=mail.received_at)
    crashpoint("inbox.after_apply")
    if noting.is_for_reading(found) and (noted := noting.note(session, mail, found, now)):
        came_to = came_to._replace(words=noted)
    mail.settle(Reading.APPLIED if came_to.is_applied else Reading.KEPT, found.kind, str(came_to))


def _came_to(session: Session, found: Meaning, now: datetime, *, received_at: datetime) -> CameTo:
    if found.is_answer:
        return replying.apply_reply(session, found, now, received_at=received_at)
    if found.kind is Kind.COUNTER and found.is_clear:
        return countering.apply_counter(session, found, now, received_at=received_at)
    if found.kind is Kind.BOUNCE:
        return bouncing.apply_bounce(session, found, found.delivered_to, now)
    return CameTo(Weight.KEPT, False, found.reason)
