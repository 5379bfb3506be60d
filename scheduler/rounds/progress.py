"""How far a round has come: its steps, its figures by role, who owes what, and its chats."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, lazyload

from scheduler import localtime
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.chats import card
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import LIVE, State
from scheduler.chats.proposal import Proposal, ProposalState
from scheduler.life import By
from scheduler.programme import names
from scheduler.programme.person import Person, Standing
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import Stage
from scheduler.rounds import board, telling

STEPS = ("Open", "Ask", "Plan", "Invite", "Meet", "Close")
STAGE_WORDS = {
    Stage.OPEN: "open, nobody asked yet",
    Stage.ASKING: "asking",
    Stage.DRAFTED: "planned, not published",
    Stage.RUNNING: "running",
    Stage.CLOSED: "closed",
    Stage.CANCELLED: "cancelled",
}
NEXT = {
    "draft": "the plan is made",
    "refill": "freed times are offered to those left out",
    "settle": "everyone without a chat hears so",
    "close": "the round closes",
}
ROLES = (("mentor", "Mentors"), ("student", "Students"))


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """How many people of one role came how far; each is counted once in a step."""

    role: str
    words: str
    asked: int
    answered: int
    out: int
    planned: int
    proposed: int
    accepted: int
    met: int

    @property
    def steps(self) -> list[tuple[str, int]]:
        """The steps in order, in words, with their counts."""
        return [
            ("asked", self.asked),
            ("answered", self.answered),
            ("planned", self.planned),
            ("proposed", self.proposed),
            ("accepted", self.accepted),
            ("met", self.met),
        ]


@dataclass(frozen=True, kw_only=True)
class Debt:
    """Something a round waits for: from whom, what, and since when."""

    person: str
    url: str
    what: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class ChatRow:
    """One chat of a round; its time is in the programme's zone."""

    id: int
    url: str
    student: str
    mentor: str
    when: str
    place: str
    state: State
    state_words: str
    why: str
    is_pinned: bool


def steps(round_: Round, now: datetime) -> tuple[list[tuple[str, str]], int]:
    """The round as six steps with their dates, and which of them is today's (-1 for a cancelled one)."""
    zone = round_.programme.timezone
    published = round_.publish_at
    dates = (
        localtime.day(round_.created_at, zone),
        f"answers by {localtime.day(round_.answer_by, zone)}",
        "",
        localtime.day(published, zone) if published is not None else "",
        round_.title,
        localtime.day(round_.since, zone) if round_.state is Stage.CLOSED and round_.since else "",
    )
    return list(zip(STEPS, dates, strict=True)), _current(round_, now)


def standing(round_: Round, now: datetime) -> str:
    """Where the round stands, like "day 9 of 12" or "answers by Friday 5 March, 11:59 pm"."""
    zone = round_.programme.timezone
    today = localtime.in_zone(now, zone).date()
    if round_.state is Stage.ASKING:
        by = round_.answer_by
        return f"answers by {localtime.day_long(by, zone)}, {localtime.clock(by, zone)}"
    if round_.state is Stage.RUNNING and round_.first_on <= today <= round_.last_on:
        return f"day {(today - round_.first_on).days + 1} of {(round_.last_on - round_.first_on).days + 1}"
    if round_.state is Stage.RUNNING and round_.publish_at is not None and now < round_.publish_at:
        return "published; the invitations leave in a minute"
    if round_.state is Stage.RUNNING and today < round_.first_on:
        return f"chats begin on {localtime.date_long(round_.first_on)}"
    return STAGE_WORDS[round_.state]


def coming(round_: Round) -> str:
    """What time does to the round next, as a sentence; empty when nothing."""
    if round_.due_at is None or round_.due_step not in NEXT:
        return ""
    return f"Next: {NEXT[round_.due_step]} on {moment(round_.due_at, round_.programme)}."


def quiet(round_: Round) -> str:
    """When nobody is reminded of anything in this round, in a sentence."""
    starts, ends = round_.quiet
    return f"Quiet hours: {localtime.wall_span(starts, ends)}." if starts != ends else "No quiet hours."


def _current(round_: Round, now: datetime) -> int:
    if round_.state is Stage.RUNNING:
        begun = now >= localtime.start_of_day(round_.first_on, round_.programme.timezone)
        return 4 if begun else 3
    return {Stage.OPEN: 0, Stage.ASKING: 1, Stage.DRAFTED: 2, Stage.CLOSED: 5}.get(round_.state, -1)


def funnel(session: Session, round_: Round) -> list[Funnel]:
    """The round's figures, one row for mentors and one for students."""
    asks = list(session.execute(select(Ask.role, Ask.state).where(Ask.round_id == round_.id)))
    rows = select(Chat.mentor_id, Chat.student_id, Chat.state, Chat.answer_by)
    chats = list(session.execute(rows.where(Chat.round_id == round_.id)))
    found = []
    for place, (role, words) in enumerate(ROLES):
        states = Counter(state for asked, state in asks if asked == role)
        people = [(chat[place], chat[2], chat[3]) for chat in chats]
        found.append(
            Funnel(
                role=role,
                words=words,
                asked=states.total(),
                answered=states[AskState.ANSWERED] + states[AskState.OUT],
                out=states[AskState.OUT],
                planned=len({who for who, _, _ in people}),
                proposed=len({who for who, _, answer_by in people if answer_by is not None}),
                accepted=len({who for who, state, _ in people if state in telling.AGREED}),
                met=len({who for who, state, _ in people if state is State.HELD}),
            )
        )
    return found


def owes(session: Session, round_: Round, now: datetime) -> list[Debt]:
    """Who owes the round an answer or a report, the longest waiting first."""
    chats = list(session.scalars(_chats(round_)))
    debts = [*_silent(session, round_), *_unanswered(session, round_, chats), *_unreported(chats, now)]
    return sorted(debts, key=lambda debt: (debt.since, debt.person))


def awaited(session: Session, round_: Round, now: datetime) -> int:
    """How many who were asked may still answer in time for a plan."""
    if not round_.is_asking(now):
        return 0
    rows = select(func.count()).where(Ask.round_id == round_.id, Ask.state == AskState.ASKED)
    return session.scalar(rows) or 0


def _silent(session: Session, round_: Round) -> Iterator[Debt]:
    rows = select(Ask).where(Ask.round_id == round_.id, Ask.state.in_([AskState.ASKED, AskState.SILENT]))
    for ask in session.scalars(rows):
        what = "times for a chat" if ask.is_mentor else "a word whether they are in"
        yield _debt(ask.person, what, ask.asked_at)


def _unanswered(session: Session, round_: Round, chats: list[Chat]) -> Iterator[Debt]:
    for chat in chats:
        if chat.state is State.PROPOSED:
            what = f"an answer to the chat with {chat.mentor.name}"
            yield _debt(chat.student, what, chat.since or round_.created_at)
    ids = {chat.id: chat for chat in chats if chat.state is State.CONFIRMED}
    still_open = (
        select(Proposal)
        .options(lazyload(Proposal.chat))
        .where(Proposal.chat_id.in_(ids), Proposal.state == ProposalState.OPEN)
    )
    for proposal in session.scalars(still_open):
        chat, side = ids[proposal.chat_id], proposal.put_to
        what = f"an answer to a new time for the chat with {chat.person(_other(side)).name}"
        yield _debt(chat.person(side), what, proposal.put_at)


def _unreported(chats: list[Chat], now: datetime) -> Iterator[Debt]:
    for chat in chats:
        if chat.state is not State.CONFIRMED or chat.ends_at > now:
            continue
        for side in (By.STUDENT, By.MENTOR):
            if chat.report(side) is None:
                what = f"a word whether the chat with {chat.person(_other(side)).name} took place"
                yield _debt(chat.person(side), what, chat.ends_at)


def _other(side: By) -> By:
    return By.MENTOR if side is By.STUDENT else By.STUDENT


def _debt(person: Person, what: str, since: datetime) -> Debt:
    return Debt(person=person.name, url=board.person_url(person), what=what, since=since)


def chat_rows(session: Session, round_: Round) -> list[ChatRow]:
    """The round's chats, soonest first."""
    return [row_of(chat) for chat in session.scalars(_chats(round_))]


def without_place(session: Session, round_: Round, now: datetime) -> int:
    """How many of the round's chats are still to come, and where they are to be is not known."""
    which = Chat.round_id == round_.id, Chat.state.in_(LIVE), Chat.starts_at > now, Chat.place == ""
    return session.scalar(select(func.count(Chat.id)).where(*which)) or 0


def blocked_for_nobody(session: Session, round_: Round) -> str:
    """A sentence naming the years with dates without chats that nobody in the programme is in, or none."""
    here = Person.programme_id == round_.programme_id, Person.standing != Standing.LEFT
    years = round_.blocked_for_nobody(session.scalars(select(Person.stage).where(*here).distinct()))
    if not years:
        return ""
    named = " or ".join(names.quoted(year) for year in years)
    those = "that year apply" if len(years) == 1 else "those years apply"
    return f"Nobody in this programme is in {named}, so the dates without chats for {those} to nobody yet."


def _chats(round_: Round) -> Select[Chat]:
    which = select(Chat).where(Chat.round_id == round_.id).options(lazyload(Chat.copies))
    return which.order_by(Chat.starts_at, Chat.id)


def row_of(chat: Chat) -> ChatRow:
    """One chat as the coordinator sees it."""
    return ChatRow(
        id=chat.id,
        url=board.chat_url(chat),
        student=chat.student.name,
        mentor=chat.mentor.name,
        when=moment(chat.starts_at, chat.round.programme, ends_at=chat.ends_at),
        place=chat.place,
        state=chat.state,
        state_words=card.STATE_WORDS[chat.state],
        why="; ".join(str(reason) for reason in chat.reasons),
        is_pinned=chat.is_pinned,
    )


def moment(at: datetime, programme: Programme, *, ends_at: datetime | None = None) -> str:
    """Like "Tue 3 Nov, 4:30 pm" or, with an end, "Tue 3 Nov, 4:30 – 5:00 pm", in the programme's zone."""
    zone = programme.timezone
    hours = localtime.clock(at, zone) if ends_at is None else localtime.span(at, ends_at, zone)
    return f"{localtime.day(at, zone)}, {hours}"
