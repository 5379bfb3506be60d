"""Samples of every letter: what its template is given, for one ordinary reader of each kind."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from scheduler import links, localtime
from scheduler.availability import ask_card
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.availability.slots import Slot
from scheduler.chats import card, letters
from scheduler.chats.card import Card
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.held import Shown
from scheduler.chats.lifecycle import Act, State
from scheduler.life import By, Via
from scheduler.programme import contact
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.greeting import Reader
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import Stage
from scheduler.rounds.round_card import RoundCard

ZONE = "America/New_York"
DAY, WEEK = timedelta(days=1), timedelta(days=7)
AFTERNOON, LUNCH = time(16, 30), time(12, 15)
STUDENT, MENTOR = By.STUDENT, By.MENTOR
BOTH = (STUDENT, MENTOR)

CHATS: Mapping[str, tuple[State, tuple[By, ...], Mapping[str, Any]]] = {
    "chat_proposed": (State.PROPOSED, (STUDENT,), {}),
    "chat_nudge": (State.PROPOSED, (STUDENT,), {}),
    "chat_confirmed": (State.CONFIRMED, BOTH, {}),
    "chat_moved": (State.CONFIRMED, BOTH, {"was": True}),
    "chat_placed": (State.CONFIRMED, BOTH, {}),
    "chat_declined": (State.DECLINED, BOTH, {}),
    "chat_try_again": (State.DECLINED, BOTH, {"times": 3, "undo": True}),
    "chat_lapsed": (State.LAPSED, (STUDENT,), {"may_add": True}),
    "chat_cancelled": (State.CANCELLED, BOTH, {}),
    "chat_reminder": (State.CONFIRMED, BOTH, {"near": True}),
    "chat_how_was_it": (State.CONFIRMED, BOTH, {}),
    "chat_missed": (State.MISSED, BOTH, {"times": 3}),
    "chat_no_time_left": (State.MISSED, BOTH, {"may_add": True}),
    "chat_prompt": (State.MISSED, BOTH, {"times": 2}),
    "chat_new_time": (State.CONFIRMED, BOTH, {"times": 1}),
    "chat_time_stands": (State.CONFIRMED, BOTH, {"times": 1}),
    "held_answer": (State.CONFIRMED, BOTH, {}),
    "chat_other_times": (State.CONFIRMED, BOTH, {"times": 3}),
    "answer_too_late": (State.LAPSED, (STUDENT,), {}),
}
"""Letters about a chat: its state, who reads, and what the card shows besides."""
ASKS = {
    "offer_wanted": ("mentor", AskState.ASKED),
    "offer_reminder": ("mentor", AskState.ASKED),
    "offer_received": ("mentor", AskState.ANSWERED),
    "wish_wanted": ("student", AskState.ASKED),
    "wish_reminder": ("student", AskState.ASKED),
    "wish_received": ("student", AskState.ANSWERED),
}
ROUNDS = {
    "round_planned": "coordinator",
    "round_closed": "coordinator",
    "needs_you": "coordinator",
    "left_out": "student",
    "offer_unused": "mentor",
}


class Sample(NamedTuple):
    """A letter, who reads it, and what its template is given."""

    letter: str
    reader: str
    context: dict[str, Any]


class _Stage:
    """The people and the round of all samples; nothing of it is ever kept in a database."""

    def __init__(self, now: datetime, name: str, texts: Mapping[str, str]) -> None:
        today = localtime.in_zone(now, ZONE).date()
        monday = today - today.weekday() * DAY
        self.now, self.tuesday = now, monday + 2 * WEEK + DAY
        self.programme = Programme(name=name, timezone=ZONE, created_at=now, texts=dict(texts))
        self.coordinator = Coordinator(email="ada@example.org", name="Ada Marsh", created_at=now)
        self.mentor = self._person(1, "Dr Maya Okafor", "maya", "attending", "paediatrics")
        self.student = self._person(2, "Sam Rivera", "sam", "year 3", "")
        self.mentor.pattern = {"zone": ZONE, "times": [[1, "16:30", "18:30"], [3, "16:30", "18:30"]]}
        self.round = Round(
            programme=self.programme,
            first_on=monday + 2 * WEEK,
            last_on=monday + 3 * WEEK + 4 * DAY,
            answer_by=localtime.end_of_day(monday + WEEK + 3 * DAY, ZONE),
            minutes=30,
            created_at=now,
            state=Stage.ASKING,
        )
        self.round.id = 4

    def _person(self, number: int, name: str, address: str, stage: str, specialty: str) -> Person:
        person = Person(
            programme=self.programme,
            name=name,
            email=f"{address}@example.org",
            created_at=self.now,
            is_mentor=bool(specialty),
            is_student=not specialty,
            stage=stage,
            specialty=specialty,
        )
        person.id = number
        return person

    def person(self, role: str) -> Person:
        return self.mentor if role == "mentor" else self.student

    def chat(self, state: State) -> Chat:
        starts_at = localtime.at(self.tuesday, AFTERNOON, ZONE)
        chat = Chat(
            round=self.round,
            mentor=self.mentor,
            student=self.student,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30),
            copies=[],
            place="Main cafeteria, ground floor",
            state=state,
            answer_by=localtime.at(self.tuesday - 4 * DAY, AFTERNOON, ZONE),
        )
        chat.id = 6
        return chat


def every(
    now: datetime, *, name: str = "Riverside Coffee Chats", texts: Mapping[str, str] | None = None
) -> Iterator[Sample]:
    """A sample of each letter for each kind of reader, with links bound as they are; dates follow `now`.

    They are of an invented programme, which may have a real one's `name` and own words (`texts`).
    """
    stage = _Stage(now, name, texts or {})
    for letter, (state, sides, more) in CHATS.items():
        for side in sides:
            yield Sample(letter, side, _of_chat(stage, state, side, **more))
    for letter, (role, ask_state) in ASKS.items():
        yield Sample(letter, role, _of_ask(stage, role, ask_state))
    for letter, role in ROUNDS.items():
        yield Sample(letter, role, _of_round(stage, letter, role))
    yield from _of_people(stage)


def _of_chat(
    stage: _Stage,
    state: State,
    side: By,
    *,
    times: int = 0,
    was: bool = False,
    undo: bool = False,
    near: bool = False,
    may_add: bool = False,
) -> dict[str, Any]:
    chat = stage.chat(state)
    shown = card.show(
        chat,
        side,
        was=chat.starts_at - 3 * DAY if was else None,
        times=[localtime.at(stage.tuesday + day * DAY, LUNCH, ZONE) for day in range(1, times + 1)],
        now=chat.starts_at - DAY if near else None,
    )
    shown = replace(shown, may_add=may_add)
    if undo:
        shown = replace(shown, is_own=True, undo_until="4:42 pm")
    return about_chat(chat, side, shown)


def about_chat(chat: Chat, side: By, shown: Card) -> dict[str, Any]:
    """What the template of a letter about this chat is given, as `shown` to `side`."""
    link = letters.link_for(chat, side, _event(chat, side))
    return {
        "reader": chat.person(side),
        "chat": shown,
        "programme": chat.round.programme,
        "link": link,
        "held": Shown(5, "sam.rivera@example.com", "Yes"),
        "question": card.link(chat, side, "held", h=5),
    }


def _event(chat: Chat, side: By) -> ChatEvent:
    """The act that a sample's undo would take back."""
    event = ChatEvent(
        chat=chat,
        what=Act.MOVE,
        at=chat.starts_at,
        by=side,
        via=Via.LINK,
        was_state=chat.state,
        was_starts_at=chat.starts_at,
        was_answer_by=None,
        was_last_step=None,
        was_since=None,
    )
    event.id = 77
    return event


def _of_ask(stage: _Stage, role: str, state: AskState) -> dict[str, Any]:
    person = stage.person(role)
    ask = Ask(round=stage.round, person=person, role=role, asked_at=stage.now, state=state, capacity=2)
    ask.id = 5
    if state is AskState.ANSWERED:
        starts = [localtime.at(stage.tuesday + day * DAY, AFTERNOON, ZONE) for day in (0, 2, 7)]
        ask.give([Slot(start, start + timedelta(hours=2)) for start in starts])
    return about_ask(ask, stage.now)


def about_ask(ask: Ask, now: datetime) -> dict[str, Any]:
    """What the template of a letter about this ask is given."""

    def link(name: str) -> str:
        return contact.preferences_url(ask.person) if name == "preferences" else ask_card.link(ask, name)

    return {
        "reader": ask.person,
        "ask": ask_card.show(ask, now),
        "programme": ask.round.programme,
        "link": link,
    }


def _of_round(stage: _Stage, letter: str, role: str) -> dict[str, Any]:
    card_ = RoundCard(
        id=4,
        title=stage.round.title if letter != "needs_you" else stage.programme.name,
        minutes=30,
        state="running" if letter != "needs_you" else "",
        asked=42,
        answered=40,
        planned=26,
        proposed=26,
        accepted=24,
        met=22,
        missed=1,
        unknown=1,
        left_out=2,
        reason="More students than mentors could meet in this round." if letter == "left_out" else "",
        items=[("Mail to Noor Haddad comes back.", links.page("board/1/people/9"))]
        if letter == "needs_you"
        else [],
    )
    context = {"round": card_, "programme": stage.programme}
    if role == "coordinator":
        return {**context, "reader": stage.coordinator, "link": _board_link}
    person = stage.person(role)
    return {**context, "reader": person, "link": lambda _: contact.preferences_url(person)}


def _of_people(stage: _Stage) -> Iterator[Sample]:
    student = stage.student
    mine = _named(stage, student, lambda _: contact.preferences_url(student))
    until = localtime.day_long(stage.now + 5 * WEEK, ZONE)
    yield Sample("paused", "student", {**mine, "pause": {"until": until, "cancelled": 1}})
    yield Sample("left", "student", {**mine, "pause": {"until": "", "cancelled": 2}})
    yield Sample("note_received", "student", {**mine, "has_chat": True})
    shown = card.show(stage.chat(State.CONFIRMED), STUDENT)
    chats = [(f"With {shown.other}, {shown.when}", card.link(stage.chat(State.CONFIRMED), STUDENT, "chat"))]
    anew = {"why": "stopped", "chats": chats}
    yield Sample("links_anew", "student", {**_named(stage, student, _signup_link), "anew": anew})
    sign_in = {"code": "482913", "minutes": 10}
    yield Sample(
        "sign_in", "coordinator", {**_named(stage, stage.coordinator, _board_link), "sign_in": sign_in}
    )
    asked = f"{localtime.day_long(stage.now, ZONE)}, {localtime.clock(stage.now, ZONE)}"
    new = Reader(name="", first_name="", timezone=ZONE, wanted="mentor", asked=asked)
    known = replace(new, name="Dr Maya Okafor", first_name="Maya", roles="a mentor", standing="active")
    yield Sample("confirm_address", "newcomer", _named(stage, new, _signup_link))
    yield Sample("welcome", "mentor", _named(stage, known, _signup_link))
    yield Sample("link_again", "mentor", _named(stage, known, _signup_link))


def _named(stage: _Stage, reader: object, link: Callable[[str], str]) -> dict[str, Any]:
    return {"reader": reader, "programme": stage.programme, "link": link}


def _board_link(name: str) -> str:
    return links.page({"round": "board/1/rounds/4", "board": "board/1"}.get(name, "sign-in/sample"))


def _signup_link(name: str) -> str:
    return links.url({"preferences": "me"}.get(name, name), s=3)
