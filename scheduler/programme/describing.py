"""Describing oneself: a person's name, zone, place, capacity, wishes and topics, checked and kept."""

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scheduler.programme import lenses, names
from scheduler.programme.person import Person, Standing

MOST_CHATS = 5


class Unreadable(ValueError):
    """What somebody wrote cannot be kept; `faults` has a sentence for each field in question."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


def cleaned_name(text: str, faults: dict[str, str]) -> str:
    """The name as we keep it; where nothing is left of it, a sentence among `faults`."""
    name = names.clean_name(text)
    if not name:
        faults["name"] = "Please write the name you would like to be called by."
    return name


def cleaned_zone(text: str, faults: dict[str, str]) -> str:
    """The IANA name of the zone; where there is no such zone, a sentence among `faults`."""
    try:
        return names.known_zone(text)
    except names.BadZone as error:
        faults["timezone"] = str(error)
        return ""


def introduce(person: Person, name: str, timezone: str) -> None:
    """How they are called, and the zone they read times in; the programme's is followed, not kept as theirs.

    Raises Unreadable, and keeps nothing then.
    """
    faults: dict[str, str] = {}
    name, zone = cleaned_name(name, faults), cleaned_zone(timezone, faults)
    if faults:
        raise Unreadable(faults)
    person.name, person.own_timezone = name, own_zone(zone, person.programme.timezone)


def own_zone(zone: str, programmes: str) -> str | None:
    """What is kept of somebody's zone: nothing where it is the programme's, which may change."""
    return None if zone == programmes else zone


def host(person: Person, place: str, capacity_: str) -> None:
    """A mentor's own room, and how many chats a round they usually give; a student has neither to give.

    Raises Unreadable as `meet_at` does.
    """
    meet_at(person, place)
    if person.is_mentor:
        person.capacity = capacity(capacity_, person.capacity)


def meet_at(person: Person, place: str) -> None:
    """A mentor's own room or link; a student has none to give. Raises Unreadable, and keeps nothing then."""
    if not person.is_mentor:
        return
    try:
        person.place = names.clean_place(place)
    except names.BadPlace as error:
        raise Unreadable({"place": str(error)}) from None


def capacities(usual: int) -> list[int]:
    """How many chats a round a mentor may choose to give; what they give already is among them."""
    return sorted({*range(1, MOST_CHATS + 1), usual})


def capacity(chosen: str, usual: int) -> int:
    """The number of chats that was chosen; the `usual` one where none of those offered was."""
    return next((number for number in capacities(usual) if str(number) == chosen), usual)


def speak_of(session: Session, person: Person, ticked: Collection[str]) -> None:
    """The topics of which a mentor will speak frankly, of those that were there to tick."""
    if person.is_mentor:
        person.topics = shared(candid(session, person), ticked)


def candid(session: Session, person: Person) -> list[str]:
    """The topics a mentor may tick: all that the programme's mentors, this one among them, will speak of."""
    return _each_once(_spoken_of(session, person))


def wish(session: Session, person: Person, wants: Collection[str], asks_about: Collection[str]) -> None:
    """The lenses and topics a student ticked, of those that were there to tick."""
    person.wants = lenses.offered(wants)
    person.asks_about = shared(topics(session, person), asks_about)


def topics(session: Session, person: Person) -> list[str]:
    """What this student may ask about: what the programme's other mentors will speak of, without their names,
    and what they asked themselves. What other students ask is not among it."""
    # Where a mentor writes the same in other capitals, theirs is the way that stands.
    return _each_once([*person.asks_about, *_spoken_of(session, person, Person.id != person.id)])


def _spoken_of(session: Session, person: Person, *which: ColumnElement[bool]) -> list[str]:
    """What the mentors of the person's programme who have not left will speak of."""
    offered = session.scalars(
        select(Person.topics).where(
            Person.programme_id == person.programme_id,
            Person.is_mentor,
            Person.standing.in_([Standing.ACTIVE, Standing.PAUSED]),
            *which,
        )
    )
    return sorted({str(topic) for topics in offered for topic in topics})


def _each_once(topics: Iterable[str]) -> list[str]:
    """In order, and in other capitals it is the same topic: the last way of writing it stands."""
    every = {topic.casefold(): topic for topic in topics}
    return [every[topic] for topic in sorted(every)]


def shared(offered: Iterable[str], asked: Iterable[str]) -> list[str]:
    """Those of `offered` that are also `asked`, whatever the capitals."""
    wanted = {topic.casefold() for topic in asked}
    return [topic for topic in offered if topic.casefold() in wanted]
