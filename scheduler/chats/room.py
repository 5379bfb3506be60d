"""Reading: whether a chat of two may stand, by everything but time itself."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import LIVE, State
from scheduler.programme.pairing import Exclusion
from scheduler.programme.person import Person
from scheduler.programme.round import Round

USES_CAPACITY = (*LIVE, State.HELD, State.MISSED, State.UNKNOWN)


class _Ask(NamedTuple):
    """One person's ask in the round, as far as it matters here."""

    role: str
    state: AskState
    capacity: int


def obstacle(
    session: Session,
    round_: Round,
    mentor: Person,
    student: Person,
    now: datetime,
    *,
    besides: Chat | None = None,
) -> str:
    """Why these two should not have a chat in this round, in a sentence; empty when nothing speaks against.

    The chat `besides` is the one in question: it uses none of the mentor's room. Both people and their asks
    are locked while we look, so that of two who want the same room one sees the other's chat.
    """
    if round_.is_over:
        return f"The round of {round_.title} is over."
    hold(session, mentor, student)
    if not (mentor.takes_part(now) and student.takes_part(now)):
        return "One of the two takes no part at present."
    if any(ask.state is not AskState.ANSWERED for ask in _locked(session, round_, mentor, student).values()):
        return "One of the two is not in this round any more."
    if is_barred(session, round_, mentor, student):
        return "These two are not to be brought together again."
    return taken_up(session, round_, mentor, student, besides=besides)


def hold(session: Session, *people: Person) -> None:
    """These people as they are now; none of them pauses or leaves until the transaction is over."""
    fresh = select(Person).where(Person.id.in_([person.id for person in people])).order_by(Person.id)
    shared = fresh.with_for_update(read=True, of=Person)
    session.scalars(shared.execution_options(populate_existing=True)).all()


def taken_up(
    session: Session, round_: Round, mentor: Person, student: Person, *, besides: Chat | None = None
) -> str:
    """Whether the mentor's room, or the student's one chat, has gone to somebody else; empty when not."""
    asks = _locked(session, round_, mentor, student)
    gives = asks["mentor"].capacity if "mentor" in asks else mentor.capacity
    if _given(session, round_, mentor, besides=besides) >= gives:
        return f"{mentor.name} has given all the chats they offered this round."
    if other_chat(session, round_, student, besides=besides) is not None:
        return f"{student.first_name} has another chat in this round by now."
    return ""


def _locked(session: Session, round_: Round, mentor: Person, student: Person) -> dict[str, _Ask]:
    """The asks of the two, by role, locked in the order of their ids; none of whom nobody asked.

    Those were put into the round by the coordinator.
    """
    theirs = or_(
        and_(Ask.person_id == mentor.id, Ask.role == "mentor"),
        and_(Ask.person_id == student.id, Ask.role == "student"),
    )
    asks = select(Ask.role, Ask.state, Ask.capacity).where(Ask.round_id == round_.id, theirs)
    rows = session.execute(asks.order_by(Ask.id).with_for_update(of=Ask))
    return {row.role: _Ask(*row) for row in rows}


def _given(session: Session, round_: Round, mentor: Person, *, besides: Chat | None) -> int:
    """How many of the chats the mentor gives in this round have been used."""
    used = select(func.count(Chat.id)).where(
        Chat.round_id == round_.id,
        Chat.mentor_id == mentor.id,
        Chat.state.in_(USES_CAPACITY),
        Chat.has_follower.is_(False),
    )
    if besides is not None:
        used = used.where(Chat.id != besides.id)
    return session.scalar(used) or 0


def other_chat(
    session: Session, round_: Round, student: Person, *, besides: Chat | None = None
) -> int | None:
    """A live chat of the student in this round: they have one at a time."""
    others = select(Chat.id).where(
        Chat.round_id == round_.id, Chat.student_id == student.id, Chat.state.in_(LIVE)
    )
    if besides is not None:
        others = others.where(Chat.id != besides.id)
    return session.scalar(others.limit(1))


def is_barred(session: Session, round_: Round, one: Person, other: Person) -> bool:
    """Whether either of the two, their class list or the coordinator will not have them meet."""
    either_way = or_(
        and_(Exclusion.person_id == one.id, Exclusion.other_id == other.id),
        and_(Exclusion.person_id == other.id, Exclusion.other_id == one.id),
    )
    in_force = or_(Exclusion.round_id.is_(None), Exclusion.round_id == round_.id)
    return bool(session.scalar(select(exists().where(either_way, in_force))))
