"""Letters' contexts, built from unsaved people, rounds and chats: who reads, in which zone and week."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.availability.slots import Slot
from scheduler.chats import card
from scheduler.chats.card import Card
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import State
from scheduler.life import By
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import Stage
from scheduler.simulation import samples

BASE_URL = "https://rounds.test"
SECRET = "the letters' own secret, for tests alone"
NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"
LONG_NAME = "Dr " + "Maximiliana " * 6 + "Smith"
PLACE = "Main cafeteria, ground floor"
LONG_PROGRAMME = "Riverside " * 7 + "University"


class Situation(NamedTuple):
    """One letter to one reader: what is rendered, and the name of the file that shows it."""

    letter: str
    name: str
    context: dict[str, object]

    def __str__(self) -> str:
        return f"{self.letter}.{self.name}"


class Cast(NamedTuple):
    """Who plays, where the student's clocks stand, and on which day the chat falls."""

    student: str = "Sam Rivera"
    mentor: str = "Dr Maya Okafor"
    programme: str = "Riverside Coffee Chats"
    zone: str | None = None
    on: date = date(2026, 11, 17)

    def days(self, first: int, count: int) -> list[date]:
        """So many working days, counted from the chat's day."""
        days = (self.on + timedelta(days=first + number) for number in range(14))
        return [day for day in days if day.weekday() < 5][:count]


ORDINARY = Cast()
ELSEWHERE = Cast(zone=BERLIN)
BEFORE_CHANGE = Cast(on=date(2026, 10, 30))
AFTER_CHANGE = Cast(on=date(2026, 11, 2))
"""In New York the clocks go back on Sunday 1 November 2026."""
LONG = Cast(student=LONG_NAME, mentor=LONG_NAME, programme=LONG_PROGRAMME)


def wall(on: date, clock: str) -> datetime:
    """A New York wall time as an instant."""
    return datetime.fromisoformat(f"{on} {clock}").replace(tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC)


def programme(cast: Cast) -> Programme:
    """A programme in New York."""
    return Programme(name=cast.programme, timezone=NEW_YORK, created_at=wall(cast.on, "09:00"))


def round_(cast: Cast, state: Stage = Stage.ASKING) -> Round:
    """Two weeks around the chat's day and the next days; answers by the Friday before."""
    monday = cast.on - timedelta(days=cast.on.weekday())
    first = monday if cast is BEFORE_CHANGE else monday - timedelta(days=7)
    made = Round(
        programme=programme(cast),
        first_on=first,
        last_on=first + timedelta(days=11),
        answer_by=wall(first - timedelta(days=3), "23:59"),
        minutes=30,
        created_at=wall(cast.on, "09:00"),
        state=state,
    )
    made.id = 4
    return made


def person(cast: Cast, of: Programme, *, is_mentor: bool) -> Person:
    """The mentor in New York, or the student, who may be elsewhere."""
    made = Person(
        programme=of,
        name=cast.mentor if is_mentor else cast.student,
        email="maya@example.com" if is_mentor else "sam@example.com",
        created_at=wall(cast.on, "09:00"),
        is_mentor=is_mentor,
        is_student=not is_mentor,
        own_timezone=None if is_mentor else cast.zone,
        stage="attending" if is_mentor else "third year",
        specialty="Paediatrics" if is_mentor else "",
    )
    made.id = 1 if is_mentor else 2
    return made


def chat(cast: Cast, state: State) -> Chat:
    """The two of them at half past four."""
    of = round_(cast)
    starts_at = wall(cast.on, "16:30")
    made = Chat(
        round=of,
        mentor=person(cast, of.programme, is_mentor=True),
        student=person(cast, of.programme, is_mentor=False),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        copies=[],
        place=PLACE,
        state=state,
        answer_by=wall(cast.on - timedelta(days=3), "16:30"),
    )
    made.id = 6
    return made


def of_chat(
    letter: str,
    name: str,
    side: By,
    state: State,
    cast: Cast,
    *,
    times: int = 0,
    was: bool = False,
    follows: bool = False,
    undo_until: str = "",
    near: bool = False,
    may_add: bool = False,
    maybe: bool = False,
    place: str = PLACE,
) -> Situation:
    """A chat letter; `times` is how many next starts follow, `was` gives it an old start, `follows` a
    chat it is in place of."""
    about = chat(cast, state)
    about.place = place
    shown: Card = card.show(
        about,
        side,
        was=wall(cast.on - timedelta(days=4), "12:00") if was else None,
        former=wall(cast.on - timedelta(days=7), "16:30") if follows else None,
        times=[wall(day, "12:15") for day in cast.days(1, times)],
        now=wall(cast.on - timedelta(days=1), "16:30") if near else None,
    )
    shown = replace(shown, may_add=may_add, said_maybe=maybe)
    if undo_until:
        shown = replace(shown, is_own=True, undo_until=undo_until)
    return Situation(letter, name, samples.about_chat(about, side, shown))


PATTERN = {"zone": NEW_YORK, "times": [[1, "16:30", "18:30"], [3, "16:30", "18:30"]]}
NEVER = {"zone": NEW_YORK, "times": [[0, "08:00", "12:00"]]}


def of_ask(
    letter: str,
    name: str,
    cast: Cast,
    *,
    late: bool = False,
    state: AskState = AskState.ASKED,
    again: bool = False,
    times: bool = False,
    capacity: int = 1,
) -> Situation:
    """An ask's letter; `late`: after the plan; `again`: with last round's times; `times`: has given some."""
    of = round_(cast, Stage.RUNNING if late else Stage.ASKING)
    reader = person(cast, of.programme, is_mentor=letter.startswith("offer"))
    reader.own_timezone = cast.zone
    reader.pattern, reader.never = (PATTERN, NEVER) if again else ({}, {})
    ask = Ask(
        round=of,
        person=reader,
        role="mentor" if reader.is_mentor else "student",
        asked_at=of.created_at,
        state=state,
        capacity=capacity,
        any_hours=state is AskState.ANSWERED and not times,
    )
    ask.id = 5
    if times:
        days = [of.first_on + timedelta(days=day) for day in (1, 3, 8)]
        ask.give([Slot(wall(on, "16:30"), wall(on, "18:30")) for on in days])
    return Situation(letter, name, samples.about_ask(ask, of.answer_by - timedelta(days=3)))


def coordinator(cast: Cast) -> Coordinator:
    """Ada, who runs the programme."""
    return Coordinator(email="ada@example.com", created_at=wall(cast.on, "09:00"), name="Ada Marsh")
