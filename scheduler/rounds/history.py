"""What happened to chats, event by event, in words for the coordinator."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager, lazyload

from scheduler.chats import lifecycle
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.lifecycle import Act, Report, State
from scheduler.chats.proposal import Proposal, ProposalState
from scheduler.life import By, Via
from scheduler.programme.person import Person
from scheduler.rounds import progress

VIA_WORDS = {
    Via.LINK: "by the link in a mail",
    Via.CALENDAR: "from the calendar",
    Via.COORDINATOR: "on the board",
    Via.ABSENCE: "by pausing or leaving",
    Via.CLOCK: "by itself",
}
REPORT_WORDS = {
    Report.MET: "says they met",
    Report.ABSENT: "says the other did not come",
    Report.COULD_NOT: "says they could not come themselves",
    Report.MOVED: "says they moved it",
    Report.UNSAID: "would rather not say",
}
WORDS: dict[str, str] = {
    "nudge": "{student} was reminded to answer",
    "remind": "Both were reminded of the chat",
    "remind_again": "Both were reminded once more",
    "ask": "Both were asked whether they met",
    "ask_again": "Whoever had not said was asked again whether they met",
    "prompt": "New times were offered again",
    "list": "Put on your list: no new time was found",
    lifecycle.TELL_AGAIN: "{by} was told of it once more",
    Act.AGREE: "{by} picked {now}, and it is agreed",
    Act.ACCEPT: "{by} accepted",
    Act.DECLINE: "{by} declined",
    Act.LAPSE: "Not answered in time",
    Act.PLACE: "{by} set the place",
    Act.CANCEL: "{by} cancelled",
    Act.HOLD: "Counted as met",
    Act.MISS: "Counted as missed",
    Act.CLOSE: "Closed without knowing whether they met",
    lifecycle.REPORTED: "{by} said whether they met",
}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One event in words: when (the programme's zone), what, by whom and through which door."""

    when: str
    words: str
    by: str
    via: str


def history(session: Session, chat: Chat) -> list[Moment]:
    """The chat's events, and the times somebody wished it to have instead, oldest first."""
    wishes = select(Proposal).where(Proposal.chat_id == chat.id).order_by(Proposal.id)
    told = [(event.at, moment) for event, moment in _with_events(_events(session, chat), chat)]
    for wish in session.scalars(wishes.options(lazyload(Proposal.chat))):
        told += [(wish.put_at, _put(wish, chat)), *_kept(wish, chat)]
    return [moment for _, moment in sorted(told, key=lambda pair: pair[0])]


def words_of(session: Session, event: ChatEvent) -> str:
    """One event of a chat in words."""
    told = _with_events(_events(session, event.chat), event.chat)
    return next(moment.words for known, moment in told if known.id == event.id)


def related(session: Session, chat: Chat) -> list[Chat]:
    """The chat that this one follows, and the one that follows it, as far as there are such."""
    which = or_(Chat.id == chat.follows_id, Chat.follows_id == chat.id)
    return list(session.scalars(select(Chat).where(which).order_by(Chat.id)))


def of_person(session: Session, person: Person) -> list[tuple[Chat, list[Moment]]]:
    """The person's chats, the latest first, each with its events."""
    which = or_(Chat.student_id == person.id, Chat.mentor_id == person.id)
    chats = select(Chat).where(which).options(lazyload(Chat.copies))
    events = (
        select(ChatEvent)
        .join(ChatEvent.chat)
        .where(which)
        .options(contains_eager(ChatEvent.chat).options(lazyload(Chat.copies)))
        .order_by(ChatEvent.id)
    )
    by_chat: dict[int, list[ChatEvent]] = {}
    for event in session.scalars(events):
        by_chat.setdefault(event.chat_id, []).append(event)
    found = session.scalars(chats.order_by(Chat.starts_at.desc(), Chat.id.desc()))
    return [(chat, [moment for _, moment in _with_events(by_chat.get(chat.id, []), chat)]) for chat in found]


def reports(chat: Chat) -> list[tuple[str, str]]:
    """What each side said of whether they met, for the coordinator's eyes alone."""
    said = ((chat.student, chat.student_report), (chat.mentor, chat.mentor_report))
    return [(person.name, REPORT_WORDS[report] if report else "has not said") for person, report in said]


def _events(session: Session, chat: Chat) -> list[ChatEvent]:
    events = select(ChatEvent).where(ChatEvent.chat_id == chat.id).order_by(ChatEvent.id)
    return list(session.scalars(events.options(lazyload(ChatEvent.chat))))


def _put(wish: Proposal, chat: Chat) -> Moment:
    """That somebody wished the chat to be at another time."""
    start = progress.moment(wish.starts_at, chat.round.programme)
    words = f"{_name(wish.put_by, chat)} asked {_name(wish.put_to, chat)} for {start} instead"
    return _moment(wish.put_at, words, wish.put_by, Via.LINK, chat)


def _kept(wish: Proposal, chat: Chat) -> list[tuple[datetime, Moment]]:
    """That nothing came of it; where it did, the move is an event of its own."""
    if wish.state is not ProposalState.STANDS or wish.answered_at is None:
        return []
    words = f"The time {_name(wish.put_by, chat)} asked for was not taken"
    return [(wish.answered_at, _moment(wish.answered_at, words, wish.put_to, Via.CLOCK, chat))]


def _moment(at: datetime, words: str, by: By, via: Via, chat: Chat) -> Moment:
    when = progress.moment(at, chat.round.programme)
    return Moment(when=when, words=_sentence(words), by=_name(by, chat), via=VIA_WORDS[via])


def _with_events(events: Sequence[ChatEvent], chat: Chat) -> list[tuple[ChatEvent, Moment]]:
    undone = {event.id: event for event in events}
    starts = [*(event.was_starts_at for event in events[1:]), chat.starts_at]
    programme = chat.round.programme
    return [
        (event, _moment(event.at, _words(event, chat, there, undone.values()), event.by, event.via, chat))
        for event, start in zip(events, starts, strict=True)
        for there in [progress.moment(start, programme)]
    ]


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _words(event: ChatEvent, chat: Chat, start: str, events: Iterable[ChatEvent]) -> str:
    by = _name(event.by, chat)
    if event.what == Act.PROPOSE:
        is_born = event.was_state is State.NEW
        return f"Planned for {start}" if is_born else f"Proposed to {chat.student.name} for {start}"
    if event.what == Act.MOVE:
        was = progress.moment(event.was_starts_at, chat.round.programme)
        return f"{by} moved it from {was} to {start}"
    if event.what == Act.UNDO:
        undone = next((other for other in events if other.id == event.undoes_id), None)
        if undone is None:
            return f"{by} took the last step back"
        at = progress.moment(undone.at, chat.round.programme)
        return f"{by} took back what {_name(undone.by, chat)} did at {at}"
    template = WORDS.get(event.what, event.what)
    return template.format(by=by, student=chat.student.name, now=start)


def _name(by: By, chat: Chat) -> str:
    names = {By.STUDENT: chat.student.name, By.MENTOR: chat.mentor.name, By.COORDINATOR: "the coordinator"}
    return names.get(by, "the service")
