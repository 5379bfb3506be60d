"""The round's letters: to students left out, mentors not needed, and the coordinator."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, select
from sqlalchemy.orm import Session

from scheduler import links
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.chats.booking import USES_CAPACITY
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import State
from scheduler.mail import posting
from scheduler.mail.envelope import Lane, Outgoing
from scheduler.mail.invite import Mailbox
from scheduler.mail.outbox import HEARD
from scheduler.mail.posting import Posting
from scheduler.programme import contact
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import LETTERS, RoundAct
from scheduler.rounds import drafting
from scheduler.rounds.plan import LeftOut
from scheduler.rounds.round_card import RoundCard

REASONS = {
    "no_time": "The times you gave were too short for a chat.",
    "no_allowed_mentor": "There was no mentor this round whom you have not met already.",
    "no_common_time": "None of the mentors could meet at a time you gave.",
    "mentors_full": "More students than mentors could meet in this round.",
    "removed": "No chat could be arranged for you in this round.",
    "times_taken": "The times you and a mentor shared went to someone who had waited longer.",
}
"""What a student left out reads: true, kind, and about nobody else."""
OWN_DOING = "no_time"
"""The one reason that does not make a student go first next time: they gave no time for a chat."""
AGREED = (State.CONFIRMED, State.HELD, State.MISSED, State.UNKNOWN)
STILL_LOOKING = "A chat that was planned for you did not work out, and no other time was left."


def figures(
    session: Session, round_: Round, *, reason: str = "", items: Sequence[tuple[str, str]] = ()
) -> RoundCard:
    """The round in figures: people asked and answered, chats by how far they came, each counted once."""
    asks = _by_state(session, Ask, round_)
    chats = _by_state(session, Chat, round_)
    return RoundCard(
        id=round_.id,
        title=round_.title,
        minutes=round_.minutes,
        state=round_.state,
        asked=sum(asks.values()),
        answered=asks.get(AskState.ANSWERED, 0) + asks.get(AskState.OUT, 0),
        planned=sum(chats.values()),
        proposed=_count(session, round_, Chat.answer_by.is_not(None)),
        accepted=_count(session, round_, Chat.state.in_(AGREED)),
        met=chats.get(State.HELD, 0),
        missed=chats.get(State.MISSED, 0),
        unknown=chats.get(State.UNKNOWN, 0),
        left_out=len(left_out(session, round_)),
        reason=reason,
        items=list(items),
    )


def _by_state(session: Session, model: type[Ask] | type[Chat], round_: Round) -> dict[str, int]:
    rows = select(model.state, func.count(model.id)).where(model.round_id == round_.id)
    return dict(session.execute(rows.group_by(model.state)).all())


def _count(session: Session, round_: Round, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(Chat.id)).where(Chat.round_id == round_.id, which)) or 0


def left_out(session: Session, round_: Round) -> list[LeftOut]:
    """The students in the round's plan without a chat who still have none, and did not let one go."""
    has_chat = exists().where(
        Chat.round_id == round_.id, Chat.student_id == LeftOut.person_id, Chat.state.in_(USES_CAPACITY)
    )
    rows = select(LeftOut).where(LeftOut.round_id == round_.id, ~has_chat).order_by(LeftOut.person_id)
    content = drafting.content(session, round_)
    return [row for row in session.scalars(rows) if row.person_id not in content]


def tell_left_out(session: Session, round_: Round, now: datetime, *, wait: timedelta = timedelta(0)) -> None:
    """Write to each student without a chat who has not been told, with the reason; each hears it once."""
    _list_fallen_through(session, round_)
    for row in left_out(session, round_):
        if row.told_at is not None or not row.person.takes_part(now):
            continue
        row.told_at = now
        reason = REASONS.get(row.reason, STILL_LOOKING)
        card = replace(figures(session, round_, reason=reason), goes_first=row.reason != OWN_DOING)
        _to_person(session, round_, row.person, "left_out", card, now, wait)


def _list_fallen_through(session: Session, round_: Round) -> None:
    """A student whose chats all came to nothing is left out as well, unless they let go of it themselves."""
    chats = select(Chat).where(Chat.round_id == round_.id).order_by(Chat.student_id)
    listed = set(session.scalars(select(LeftOut.person_id).where(LeftOut.round_id == round_.id)))
    content = drafting.content(session, round_) | listed
    for student_id, theirs in groupby(session.scalars(chats), lambda chat: chat.student_id):
        found = list(theirs)
        if student_id not in content and not any(chat.state in USES_CAPACITY for chat in found):
            session.add(LeftOut(round_id=round_.id, person=found[0].student, reason="fell_through"))
    session.flush()


def tell_unused(session: Session, round_: Round, now: datetime) -> None:
    """Thank each mentor who gave times and never heard of a chat; only now, for all at once.

    Sent to some earlier it would show a decline they were never to hear of.
    """
    about = literal("chat:").concat(cast(Chat.id, String))
    heard = exists().where(
        Chat.round_id == round_.id, Outgoing.about == about, Outgoing.person_id == Ask.person_id, HEARD
    )
    asks = select(Ask).where(
        Ask.round_id == round_.id, Ask.role == "mentor", Ask.state == AskState.ANSWERED, ~heard
    )
    card = figures(session, round_)
    for ask in session.scalars(asks):
        if ask.person.takes_part(now):
            _to_person(session, round_, ask.person, "offer_unused", card, now)


def tell_planned(session: Session, round_: Round, now: datetime) -> None:
    """Tell the coordinators that a plan waits for them; only of the first draft."""
    for letter in LETTERS[RoundAct.DRAFT]:
        to_coordinators(
            session, round_.programme, letter, f"{round_.key}:drafted", figures(session, round_), now
        )


def tell_closed(session: Session, round_: Round, now: datetime) -> None:
    """Tell the coordinators how the round went."""
    for letter in LETTERS[RoundAct.CLOSE]:
        to_coordinators(
            session, round_.programme, letter, f"{round_.key}:closed", figures(session, round_), now
        )


def to_coordinators(
    session: Session, programme: Programme, letter: str, event: str, card: RoundCard, now: datetime
) -> None:
    """Write `letter` to every coordinator of the programme."""
    coordinators = select(Coordinator).where(Coordinator.programmes.any(Programme.id == programme.id))
    for coordinator in session.scalars(coordinators):
        posting.post(
            session,
            Posting(
                letter=letter,
                event=event,
                about=f"programme:{programme.id}",
                reader=Mailbox(coordinator.name, coordinator.email),
                context={
                    "reader": coordinator,
                    "round": card,
                    "programme": programme,
                    "link": _board_link(card.id, programme),
                },
                programme_id=programme.id,
                lane=Lane.ORDINARY,
            ),
            now,
        )


def _board_link(round_id: int, programme: Programme) -> Callable[[str], str]:
    pages = {"round": f"board/{programme.id}/rounds/{round_id}", "board": f"board/{programme.id}"}
    return lambda name: links.page(pages[name])


def _to_person(
    session: Session,
    round_: Round,
    person: Person,
    letter: str,
    card: RoundCard,
    now: datetime,
    wait: timedelta = timedelta(0),
) -> None:
    posting.post(
        session,
        Posting(
            letter=letter,
            event=f"{round_.key}:{letter}:{person.id}",
            about=round_.key,
            reader=Mailbox(person.name, person.email),
            context={
                "reader": person,
                "round": card,
                "programme": round_.programme,
                "link": lambda name: contact.preferences_url(person),
            },
            person_id=person.id,
            programme_id=round_.programme_id,
            unsubscribe=contact.unsubscribe_url(person),
            wait=wait,
            lane=Lane.ORDINARY,
        ),
        now,
    )
