"""What happened to chats, event by event, in words for the coordinator."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager, lazyload

from scheduler.chats import lifecycle
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.lifecycle import Act, Report, State
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
}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One event in words: when (the programme's zone), what, by whom and through which door."""

    when: str
    words: str
    by: str
    via: str


def history(session: Session, chat: Chat) -> list[Moment]:
    """The chat's events, oldest first."""
    events = select(ChatEvent).where(ChatEvent.chat_id == chat.id).order_by(ChatEvent.id)
    return _told(list(session.scalars(events.options(lazyload(ChatEvent.chat)))), chat)


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
    return [(chat, _told(by_chat.get(chat.id, []), chat)) for chat in found]


def reports(chat: Chat) -> list[tuple[str, str]]:
    """What each side said of whether they met, for the coordinator's eyes alone."""
    said = ((chat.student, chat.student_report), (chat.mentor, chat.mentor_report))
    return [(person.name, REPORT_WORDS[report] if report else "has not said") for person, report in said]


def _told(events: Sequence[ChatEvent], chat: Chat) -> list[Moment]:
    undone = {event.id: event for event in events}
    starts = [*(event.was_starts_at for event in events[1:]), chat.starts_at]
    programme = chat.round.programme
    return [
        Moment(
            when=progress.moment(event.at, programme),
            words=_sentence(_words(event, chat, progress.moment(start, programme), undone.values())),
            by=_by(event, chat),
            via=VIA_WORDS[event.via],
        )
        for event, start in zip(events, starts, strict=True)
    ]


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _words(event: ChatEvent, chat: Chat, start: str, events: Iterable[ChatEvent]) -> str:
    by = _by(event, chat)
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
        return f"{by} took back what {_by(undone, chat)} did at {at}"
    template = WORDS.get(event.what, event.what)
    return template.format(by=by, student=chat.student.name, now=start)


def _by(event: ChatEvent, chat: Chat) -> str:
    names = {By.STUDENT: chat.student.name, By.MENTOR: chat.mentor.name, By.COORDINATOR: "the coordinator"}
    return names.get(event.by, "the service")
