"""What needs the coordinator: one sentence for each person or thing, with the page that helps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session, lazyload

from scheduler import links, localtime
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.chats import lifecycle
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.held import HeldAnswer
from scheduler.chats.lifecycle import LIVE, State
from scheduler.chats.room import USES_CAPACITY
from scheduler.mail import texts
from scheduler.mail.envelope import Fate, Incoming, Outgoing
from scheduler.mail.meaning import Kind
from scheduler.programme import names
from scheduler.programme.person import Person, Standing
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import Stage
from scheduler.rounds.plan import LeftOut

NO_ANSWER_AFTER = timedelta(hours=48)
KEPT_IN_VIEW = timedelta(days=14)
"""How long a letter given up, or two who disagree, stay on the list."""
UNDER_WAY = (Stage.ASKING, Stage.DRAFTED, Stage.RUNNING)
EXCERPT = 160
WHY_LEFT_OUT = {
    "no_time": "gave times too short for a chat",
    "no_allowed_mentor": "has no mentor in this round",
    "late": "answered after the plan was made",
    "no_common_time": "shares no time with a mentor",
    "mentors_full": "found all mentors full",
    "times_taken": "shared only times that others took",
    "removed": "was taken out of the plan",
    "fell_through": "had a chat that came to nothing",
}
"""Why a student has no chat, for the coordinator; the letter to the student has kinder words."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing that needs a human: what, since when (None where that is not known), whom, and where."""

    sentence: str
    url: str
    since: datetime | None
    person: str = ""


def needs_you(session: Session, programme: Programme, now: datetime) -> list[Need]:
    """All that needs the programme's coordinator now, worst first, within each kind the oldest first.

    The number of queries does not grow with the list.
    """
    rounds = select(Round).where(Round.programme_id == programme.id, Round.state.in_(UNDER_WAY))
    under_way = {round_.id: round_ for round_ in session.scalars(rounds.order_by(Round.id))}
    people = _people(session, programme)
    asks = _asks(session, under_way)
    chats = _chats(session, programme, now)
    return [
        *_undeliverable(people),
        *_given_up(session, programme, now),
        *_drafts(under_way.values()),
        *_left_out(session, under_way),
        *_mails(session, programme),
        *_held(session, programme, now),
        *_without_place(chats, programme, now),
        *_silent(asks),
        *_disagreeing(session, chats, now),
        *_missed(chats),
        *_notes(asks),
        *_waiting(people),
        *_unanswered(chats, now),
    ]


def person_url(person: Person) -> str:
    """The board's page of a person."""
    return links.page(f"board/{person.programme_id}/people/{person.id}")


def round_url(round_: Round, tab: str = "") -> str:
    """The board's page of a round, at one of its tabs."""
    return links.page(f"board/{round_.programme_id}/rounds/{round_.id}") + (f"?tab={tab}" if tab else "")


def chat_url(chat: Chat) -> str:
    """The board's page of a chat."""
    return links.page(f"board/{chat.round.programme_id}/chats/{chat.id}")


def two(chat: Chat) -> str:
    """Both names of a chat, the student's first."""
    return f"{chat.student.name} and {chat.mentor.name}"


def disagrees(chat: Chat, now: datetime) -> bool:
    """Whether the two say different things of whether they met, and it is not too long ago to settle."""
    is_open = not chat.is_settled and now <= chat.ends_at + KEPT_IN_VIEW
    return is_open and lifecycle.contradicts(chat.student_report, chat.mentor_report)


def _people(session: Session, programme: Programme) -> list[Person]:
    wanted = or_(
        and_(Person.undeliverable != "", Person.standing != Standing.LEFT),
        Person.standing == Standing.WAITING,
    )
    rows = select(Person).where(Person.programme_id == programme.id, wanted)
    return list(session.scalars(rows.order_by(Person.created_at, Person.id)))


def _asks(session: Session, under_way: dict[int, Round]) -> list[Ask]:
    """Those of rounds not yet published: silent with no reminder to come, or with a note."""
    before_plan = [
        round_id for round_id, round_ in under_way.items() if round_.state in (Stage.ASKING, Stage.DRAFTED)
    ]
    was_reminded = and_(Ask.state == AskState.ASKED, Ask.last_step.is_not(None), Ask.due_at.is_(None))
    wanted = or_(was_reminded, Ask.state == AskState.SILENT, Ask.note != "")
    rows = select(Ask).where(Ask.round_id.in_(before_plan), wanted)
    return list(session.scalars(rows.order_by(Ask.asked_at, Ask.id)))


def _chats(session: Session, programme: Programme, now: datetime) -> list[Chat]:
    both_said = and_(Chat.student_report.is_not(None), Chat.mentor_report.is_not(None))
    wanted = or_(
        and_(or_(both_said, Chat.is_listed), Chat.ends_at >= now - KEPT_IN_VIEW),
        and_(Chat.state == State.PROPOSED, Chat.since <= now - NO_ANSWER_AFTER),
        and_(Chat.state.in_(LIVE), Chat.place == "", Chat.starts_at > now),
    )
    rows = select(Chat).join(Chat.round).where(Round.programme_id == programme.id, wanted)
    return list(session.scalars(rows.options(lazyload(Chat.copies)).order_by(Chat.since, Chat.id)))


def _undeliverable(people: Iterable[Person]) -> Iterator[Need]:
    for person in people:
        if person.undeliverable:
            sentence = f"Mail to {person.name} does not arrive: {person.undeliverable}"
            yield Need(sentence=sentence, url=person_url(person), since=None, person=person.name)


def _given_up(session: Session, programme: Programme, now: datetime) -> Iterator[Need]:
    """One row for each address that letters were given up to, the first such letter's."""
    rows = (
        select(Outgoing, Person.name)
        .outerjoin(Person, Person.id == Outgoing.person_id)
        .where(
            Outgoing.programme_id == programme.id,
            Outgoing.state == Fate.GIVEN_UP,
            Outgoing.settled_at >= now - KEPT_IN_VIEW,
            or_(Person.id.is_(None), Person.undeliverable == ""),
        )
        .order_by(Outgoing.settled_at, Outgoing.id)
    )
    seen = set()
    for letter, name in session.execute(rows):
        if letter.recipient not in seen:
            seen.add(letter.recipient)
            whom = name or letter.recipient
            yield Need(
                sentence=f"A letter to {whom} could not be sent: “{letter.subject}”.",
                url=links.page(f"board/{programme.id}/mail/{letter.id}"),
                since=letter.settled_at,
                person=whom,
            )


def _drafts(rounds: Iterable[Round]) -> Iterator[Need]:
    for round_ in rounds:
        if round_.state is Stage.DRAFTED:
            yield Need(
                sentence=f"The plan for the round of {round_.title} waits for you to look at it.",
                url=round_url(round_, "plan"),
                since=round_.since,
            )


def _left_out(session: Session, under_way: dict[int, Round]) -> Iterator[Need]:
    has_chat = exists().where(
        Chat.round_id == LeftOut.round_id,
        Chat.student_id == LeftOut.person_id,
        Chat.state.in_(USES_CAPACITY),
    )
    ids = [number for number, round_ in under_way.items() if round_.state is not Stage.ASKING]
    rows = select(LeftOut).where(LeftOut.round_id.in_(ids), ~has_chat)
    for row in session.scalars(rows.order_by(LeftOut.round_id, LeftOut.person_id)):
        round_ = under_way[row.round_id]
        why = WHY_LEFT_OUT.get(row.reason, "is not in the plan")
        yield Need(
            sentence=f"{row.person.name} has no chat in the round of {round_.title}: {why}.",
            url=round_url(round_, "plan"),
            since=round_.since,
            person=row.person.name,
        )


def _mails(session: Session, programme: Programme) -> Iterator[Need]:
    """What people wrote in their own words, until the coordinator has done with it."""
    which = Person.programme_id == programme.id, Incoming.handled_at.is_(None)
    rows = select(Incoming, Person.name).join(Person, Person.id == Incoming.person_id).where(*which)
    for mail, name in session.execute(rows.order_by(Incoming.received_at, Incoming.id)):
        words, suggestion = names.clean_text(mail.words, EXCERPT), texts.sounds_like(mail.words)
        sounds = f" (sounds like: {suggestion})" if suggestion else ""
        is_note = mail.kind == Kind.NOTE
        yield Need(
            sentence=f"{name} wrote: “{words}”{sounds}" if is_note else f"A mail from {name}: {words}",
            url=links.page(f"board/{programme.id}/mail/received/{mail.id}"),
            since=mail.received_at,
            person=name,
        )


def _held(session: Session, programme: Programme, now: datetime) -> Iterator[Need]:
    """Answers not believed, which their people have been asked about and have not settled."""
    which = HeldAnswer.settled_at.is_(None), Chat.starts_at > now, Round.programme_id == programme.id
    rows = select(HeldAnswer).join(HeldAnswer.chat).join(Chat.round).where(*which, Chat.state.in_(LIVE))
    for answer in session.scalars(rows.order_by(HeldAnswer.at, HeldAnswer.id)):
        chat, name = answer.chat, answer.chat.person(answer.side).name
        shown = answer.shown
        yield Need(
            sentence=f"An answer in {name}’s name (“{shown.word}”) came from {shown.sender}; we asked "
            f"whether it is theirs. It is about the chat with {chat.other(answer.side).name}.",
            url=chat_url(chat),
            since=answer.at,
            person=name,
        )


def _without_place(chats: Iterable[Chat], programme: Programme, now: datetime) -> Iterator[Need]:
    for chat in chats if programme.places else ():
        if chat.is_live and not chat.place and chat.starts_at > now:
            when = localtime.when(chat.starts_at, chat.ends_at, programme.timezone)
            yield Need(
                sentence=f"{two(chat)} have no place for {when}: none was free then.",
                url=chat_url(chat),
                since=chat.since,
                person=chat.student.name,
            )


def _silent(asks: Iterable[Ask]) -> Iterator[Need]:
    for ask in asks:
        if ask.state in (AskState.ASKED, AskState.SILENT) and not ask.person.undeliverable:
            what = "has given no times" if ask.is_mentor else "has not said whether they are in"
            yield Need(
                sentence=f"{ask.person.name} {what} for the round of {ask.round.title}.",
                url=person_url(ask.person),
                since=ask.asked_at,
                person=ask.person.name,
            )


def _disagreeing(session: Session, chats: Iterable[Chat], now: datetime) -> Iterator[Need]:
    found = [chat for chat in chats if disagrees(chat, now)]
    said = _last_said(session, found)
    for chat in found:
        sentence, since = f"{two(chat)} say different things of whether they met.", said.get(chat.id)
        yield Need(sentence=sentence, url=chat_url(chat), since=since, person=chat.student.name)


def _last_said(session: Session, chats: Iterable[Chat]) -> dict[int, datetime]:
    """When one of the two last said whether they met, by the chat's number."""
    ids = [chat.id for chat in chats]
    reported = ChatEvent.chat_id.in_(ids), ChatEvent.what == lifecycle.REPORTED
    last = func.max(ChatEvent.at, type_=ChatEvent.at.type)
    rows = session.execute(select(ChatEvent.chat_id, last).where(*reported).group_by(ChatEvent.chat_id))
    return {chat_id: at for chat_id, at in rows}


def _missed(chats: Iterable[Chat]) -> Iterator[Need]:
    for chat in chats:
        if chat.is_listed:
            sentence = f"{two(chat)} missed each other and have not found a new time."
            yield Need(sentence=sentence, url=chat_url(chat), since=chat.since, person=chat.student.name)


def _notes(asks: Iterable[Ask]) -> Iterator[Need]:
    for ask in asks:
        if ask.note:
            yield Need(
                sentence=f"{ask.person.name} left a note: “{ask.note}”",
                url=person_url(ask.person),
                since=ask.answered_at,
                person=ask.person.name,
            )


def _waiting(people: Iterable[Person]) -> Iterator[Need]:
    for person in people:
        if person.standing is Standing.WAITING:
            yield Need(
                sentence=f"{person.name} would like to join and waits for your approval.",
                url=person_url(person),
                since=person.created_at,
                person=person.name,
            )


def _unanswered(chats: Iterable[Chat], now: datetime) -> Iterator[Need]:
    for chat in chats:
        if chat.state is State.PROPOSED and chat.since is not None and chat.since <= now - NO_ANSWER_AFTER:
            yield Need(
                sentence=f"{two(chat)}: no answer to the invitation for two days.",
                url=chat_url(chat),
                since=chat.since,
                person=chat.student.name,
            )
