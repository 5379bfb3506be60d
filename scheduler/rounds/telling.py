"""The round's letters: to students left out, mentors not needed, and the coordinator."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, select
from sqlalchemy.orm import Session

from scheduler import links
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import LIVE, State
from scheduler.chats.room import USES_CAPACITY
from scheduler.mail.envelope import Lane, Outgoing
from scheduler.mail.invite import Mailbox
from scheduler.mail.outbox import HEARD
from scheduler.mail.posting import Posting
from scheduler.programme import contact
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import LETTERS, RoundAct, Stage
from scheduler.rounds import drafting
from scheduler.rounds.plan import LeftOut
from scheduler.rounds.round_card import RoundCard

REASONS = {
    "no_time": "The times you gave were too short for a chat.",
    "no_allowed_mentor": "There was no mentor for you in this round.",
    "no_common_time": "None of the mentors could meet at a time you gave.",
    "mentors_full": "More students than mentors could meet in this round.",
    "late": "Your times came when the round was planned already, and no mentor was free at them.",
    "called_off": "The round was called off.",
    "removed": "No chat could be arranged for you in this round.",
    "times_taken": "The times you and a mentor shared went to other chats.",
}
"""What a student left out reads: true, kind, and about nobody else."""
OWN_DOING = "no_time"
"""The one reason that does not make a student go first next time: they gave no time for a chat."""
BEFORE_PLAN = (Stage.OPEN, Stage.ASKING)
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
    """The students who are in the round without a chat, and did not let one go; made a row of if new.

    Before there is a plan it is nobody. A plan gives its reason; who answered after it is *late*, whose chats
    all came to nothing *fell_through*.
    """
    if round_.state in BEFORE_PLAN:
        return []
    has_chat = exists().where(
        Chat.round_id == round_.id, Chat.student_id == Ask.person_id, Chat.state.in_(USES_CAPACITY)
    )
    asks = select(Ask).where(
        Ask.round_id == round_.id, Ask.role == "student", Ask.state == AskState.ANSWERED, ~has_chat
    )
    content = drafting.content(session, round_)
    rows = {
        row.person_id: row for row in session.scalars(select(LeftOut).where(LeftOut.round_id == round_.id))
    }
    return [
        rows.get(ask.person_id) or _newly_left_out(session, round_, ask.person)
        for ask in session.scalars(asks.order_by(Ask.person_id))
        if ask.person_id not in content
    ]


def _newly_left_out(session: Session, round_: Round, person: Person) -> LeftOut:
    had_chats = select(exists().where(Chat.round_id == round_.id, Chat.student_id == person.id))
    reason = "fell_through" if session.scalar(had_chats) else "late"
    return LeftOut(round_id=round_.id, person=person, reason=reason)


def tell_left_out(
    session: Session,
    round_: Round,
    now: datetime,
    *,
    wait: timedelta = timedelta(0),
    reason: str | None = None,
) -> None:
    """Write to each student without a chat who has not been told, why; each hears it once a publication.

    `reason` stands for all where the round itself is the reason.
    """
    rows = [row for row in left_out(session, round_) if row.told_at is None and row.person.takes_part(now)]
    card = figures(session, round_) if rows else None
    for row in rows:
        if card is None:
            break
        why = REASONS.get(reason or row.reason, STILL_LOOKING)
        shown = replace(card, reason=why, goes_first=row.reason != OWN_DOING)
        row.told_at = now
        _go_first(row)
        session.add(row)
        _to_person(session, round_, row.person, "left_out", shown, now, wait)


def _go_first(row: LeftOut) -> None:
    """What the letter says, and what the next plan goes by, from the moment that it is said."""
    row.person.passed += row.reason != OWN_DOING


def tell_unused(session: Session, round_: Round, now: datetime) -> None:
    """Thank each mentor who gave times and never heard of a chat; only now, for all at once.

    Sent to some earlier it would show a decline they were never to hear of.
    """
    about = literal("chat:").concat(cast(Chat.id, String))
    heard = exists().where(
        Chat.round_id == round_.id, Outgoing.about == about, Outgoing.person_id == Ask.person_id, HEARD
    )
    has_chat = exists().where(
        Chat.round_id == round_.id, Chat.mentor_id == Ask.person_id, Chat.state.in_(LIVE)
    )
    asks = select(Ask).where(
        Ask.round_id == round_.id, Ask.role == "mentor", Ask.state == AskState.ANSWERED, ~heard, ~has_chat
    )
    card = figures(session, round_)
    for ask in session.scalars(asks):
        if ask.person.takes_part(now):
            _to_person(session, round_, ask.person, "offer_unused", card, now)


def count_left_out(session: Session, round_: Round) -> None:
    """The round is over: who was left out but takes no part now goes first, too; who had a chat does not."""
    rows = {row.person_id: row for row in left_out(session, round_)}
    students = select(Ask).where(Ask.round_id == round_.id, Ask.role == "student")
    for ask in session.scalars(students):
        row = rows.get(ask.person_id)
        if row is not None and row.told_at is None:
            _go_first(row)
        elif row is None and ask.answers:
            ask.person.passed = 0
    session.flush()


def take_back(session: Session, round_: Round) -> None:
    """Nobody has been told: the letters that said so were withdrawn."""
    told = select(LeftOut).where(LeftOut.round_id == round_.id, LeftOut.told_at.is_not(None))
    for row in session.scalars(told):
        row.told_at = None
        row.person.passed -= row.reason != OWN_DOING


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
        contact.post(
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


def _publication(round_: Round) -> int:
    """Taken back and published again, a round writes anew."""
    return int(round_.publish_at.timestamp()) if round_.publish_at is not None else 0


def _to_person(
    session: Session,
    round_: Round,
    person: Person,
    letter: str,
    card: RoundCard,
    now: datetime,
    wait: timedelta = timedelta(0),
) -> None:
    contact.post(
        session,
        Posting(
            letter=letter,
            event=f"{round_.key}:{letter}:{person.id}:{_publication(round_)}",
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
