"""A draft becomes a round: kept, changed by the coordinator, published, taken back, refilled."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from scheduler import localtime
from scheduler.availability import asking
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.chats import booking, record, room
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.lifecycle import Act, State
from scheduler.life import By, NotNow, Via
from scheduler.mail import outbox
from scheduler.planning import explain
from scheduler.planning.problem import Plan, Unmatched
from scheduler.programme.pairing import Exclusion, Why
from scheduler.programme.person import Person
from scheduler.programme.round import PUBLISH_AFTER, Round
from scheduler.programme.stages import RoundAct, Stage
from scheduler.rounds import telling
from scheduler.rounds.drafting import Facts
from scheduler.rounds.plan import LeftOut


def keep(session: Session, round_: Round, known: Facts, plan: Plan, now: datetime, *, by: By) -> int:
    """Keep the planner's answer: planned chats, which take their time, and the left-out with reasons.

    An unpublished round is a draft now, and the former draft goes but for its pinned pairs; who has not
    answered counts as silent, unless the moment to answer by lies ahead: then they are asked on. In a running
    one (a refill) the chats are proposed next. How many were added. Time taken since the facts were gathered
    raises IntegrityError: gather them anew. Raises NotNow.
    """
    if round_.state is Stage.RUNNING:
        round_.refill_at = None
        round_.plan_ahead(now)
    else:
        _draft(session, round_, now, by)
    session.execute(delete(LeftOut).where(LeftOut.round_id == round_.id, LeftOut.told_at.is_(None)))
    people = {
        person.id: person
        for person in session.scalars(select(Person).where(Person.programme_id == round_.programme_id))
    }
    for chat in plan.chats:
        mentor, student = people[int(chat.mentor)], people[int(chat.student)]
        starts_at = known.start(chat.start)
        if room.obstacle(session, round_, mentor, student, now):
            continue  # something has come between since the facts were gathered
        why = explain.why_pair(known.instance, chat.student, chat.mentor, chat.start)
        reasons = [f"both free {localtime.day(starts_at, round_.programme.timezone)}", *why]
        booking.plan(session, round_, mentor, student, starts_at, now, by=by, reasons=reasons)
    told = set(session.scalars(select(LeftOut.person_id).where(LeftOut.round_id == round_.id)))
    for row in plan.unmatched:
        if int(row.student) not in told:
            session.add(
                LeftOut(
                    round_id=round_.id,
                    person=people[int(row.student)],
                    reason=row.reason,
                    change=_named(row, people),
                )
            )
    session.flush()
    if round_.state is Stage.DRAFTED:
        telling.tell_planned(session, round_, now)
    return len(plan.chats)


def _named(row: Unmatched, people: Mapping[int, Person]) -> str:
    """What would have helped, with the mentor's name: the planner knows them by number alone."""
    if row.mentor is None:
        return row.change or ""
    return (row.change or "").replace("this mentor", people[int(row.mentor)].name)


def _draft(session: Session, round_: Round, now: datetime, by: By) -> None:
    round_.act(RoundAct.DRAFT, now, by=by)
    if not round_.is_asking(now):
        _stop_asking(session, round_, now)
    _drop(session, round_, Chat.is_pinned.is_(False))


def _stop_asking(session: Session, round_: Round, now: datetime) -> None:
    still_asked = select(Ask).where(Ask.round_id == round_.id, Ask.state == AskState.ASKED)
    for ask in session.scalars(still_asked):
        asking.close(session, ask, now)


def pin(session: Session, chat: Chat, *, is_pinned: bool) -> None:
    """Fix a pair of the draft, or let it go again: planning anew leaves a pinned one as it is."""
    _check_draft(chat.round)
    chat.is_pinned = is_pinned


def remove(session: Session, chat: Chat, now: datetime) -> None:
    """Take a pair out of the draft; the two are not planned together again in this round."""
    _check_draft(chat.round)
    session.add(
        Exclusion(
            person_id=chat.student_id,
            other_id=chat.mentor_id,
            why=Why.DRAFT,
            made_at=now,
            round_id=chat.round_id,
        )
    )
    session.add(LeftOut(round_id=chat.round_id, person=chat.student, reason="removed"))
    _drop(session, chat.round, Chat.id == chat.id)


def _check_draft(round_: Round) -> None:
    if round_.state is not Stage.DRAFTED:
        raise NotNow("This round has been published, so its plan can no longer be changed here.")


def _drop(session: Session, round_: Round, which: ColumnElement[bool]) -> None:
    """Delete planned chats of a draft, of which nobody has heard, with what hangs on them."""
    chats = select(Chat).where(Chat.round_id == round_.id, Chat.state == State.PLANNED, which)
    for chat in session.scalars(chats):
        session.execute(delete(ChatEvent).where(ChatEvent.chat_id == chat.id))
        session.delete(chat)
    session.flush()


def publish(session: Session, round_: Round, now: datetime) -> bool:
    """Send the plan out: in a minute, until which it can be taken back. Whether that is new.

    Nobody is asked for times any more; an answer still finds its place by a refill.
    Raises NotNow for a plan without a chat.
    """
    if round_.state is Stage.DRAFTED and not has_chats(session, round_):
        raise NotNow(
            "This plan has no chat in it, so there is nothing to send yet. "
            "When more people have given times, plan again."
        )
    if not round_.act(RoundAct.PUBLISH, now, by=By.COORDINATOR):
        return False
    _stop_asking(session, round_, now)
    round_.publish_at = now + PUBLISH_AFTER
    chats = Chat.round_id == round_.id, Chat.state == State.PLANNED
    starts = select(Chat.starts_at).where(*chats).order_by(Chat.starts_at.desc())
    programme, last_start = round_.programme, session.scalars(starts.limit(1)).one()
    round_.settle_by = min(round_.publish_at + programme.answer_time, last_start - programme.notice)
    session.execute(
        update(Chat)
        .where(*chats)
        .values(due_step=Act.PROPOSE.value, due_at=round_.publish_at, version=Chat.version + 1)
    )
    telling.tell_left_out(session, round_, now, wait=PUBLISH_AFTER)
    round_.plan_ahead(now)
    return True


def has_chats(session: Session, round_: Round) -> bool:
    """Whether a chat of this round is planned and nobody has heard of it yet."""
    which = exists().where(Chat.round_id == round_.id, Chat.state == State.PLANNED)
    return bool(session.scalar(select(which)))


def take_back(session: Session, round_: Round, now: datetime) -> bool:
    """Publishing taken back within its minute: a draft again; whether it was. Raises NotNow later on."""
    if round_.state is Stage.DRAFTED:
        return False
    gone = exists().where(
        Chat.round_id == round_.id, Chat.state != State.PLANNED, Chat.answer_by.is_not(None)
    )
    is_out = round_.publish_at is None or now >= round_.publish_at or session.scalar(select(gone))
    if round_.state is not Stage.RUNNING or is_out:
        raise NotNow("The invitations are on their way, so the plan can no longer be taken back.")
    round_.unpublish(now)
    chats = Chat.round_id == round_.id, Chat.state == State.PLANNED
    session.execute(update(Chat).where(*chats).values(due_step=None, due_at=None, version=Chat.version + 1))
    outbox.withdraw(session, now, "the plan was taken back", about=round_.key)
    if round_.is_asking(now):
        for ask in session.scalars(
            select(Ask).where(Ask.round_id == round_.id, Ask.state == AskState.SILENT)
        ):
            asking.reopen(session, ask, now)
    telling.take_back(session, round_)
    return True


def cancel_by_coordinator(session: Session, chat: Chat, now: datetime) -> bool:
    """The coordinator calls a chat off; whether anything changed. Raises NotNow."""
    return record.happen(session, chat, Act.CANCEL, now, via=Via.COORDINATOR, by=By.COORDINATOR)
