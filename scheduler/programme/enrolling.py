"""Enrolling: the people of a class list are weighed against the programme, and taken in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, lazyload

from scheduler.programme import describing
from scheduler.programme.class_list import ClassList, Row, Wrong
from scheduler.programme.pairing import Exclusion, Why
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme

PLAIN = ("stage", "institution", "specialty", "capacity", "offers", "wants")
"""Columns of a class list that are attributes of a person by the same name."""
SHOWN = {"own_timezone": "timezone", "is_mentor": "mentor", "is_student": "student"}
PRIVATE = "kept private"
"""What a preview shows of the topics a student had ticked."""
A_FEW = 500

Pairs = dict[tuple[str, str], int]
"""Who is never planned with whom by an earlier class list: two addresses, both ways, and the row's id."""


class Change(NamedTuple):
    """One thing a class list changes about a person, in words."""

    what: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A row about somebody known, and what it changes."""

    row: Row
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What taking in a class list does: each good row is new, changed or unchanged; the rest is wrong.

    `away` are those of the good rows who take no part at present and are not brought back by a list.
    """

    new: tuple[Row, ...]
    changed: tuple[Changed, ...]
    unchanged: tuple[Row, ...]
    wrong: tuple[Wrong, ...]
    away: tuple[Row, ...]

    @property
    def summary(self) -> str:
        """The counts, on one line."""
        known = f"{len(self.changed)} changed, {len(self.unchanged)} unchanged"
        return f"{len(self.new)} new, {known}, {len({wrong.row for wrong in self.wrong})} wrong"


class NotTaken(ValueError):
    """A class list with something wrong in it; nothing was changed. `preview` says what."""

    def __init__(self, preview: Preview) -> None:
        super().__init__(f"Nothing was imported, because of lines that cannot be taken: {preview.summary}.")
        self.preview = preview


def preview(session: Session, programme: Programme, class_list: ClassList, now: datetime) -> Preview:
    """What `take_in` would do now; changes nothing."""
    return _Weighed(session, programme, class_list, now).preview


def take_in(
    session: Session, programme: Programme, class_list: ClassList, now: datetime, *, skip_bad: bool = False
) -> Preview:
    """Take the people of a class list into the programme, active at once and without a mail.

    Columns the file does not have, and people it does not name, are left as they are; so is where somebody
    known stands (paused, left, waiting). The same list again changes nothing. Raises NotTaken when anything
    is wrong, unless `skip_bad`, which takes the rest.
    """
    weighed = _Weighed(session, programme, class_list, now)
    found = weighed.preview
    if found.wrong and not skip_bad:
        raise NotTaken(found)
    for row in found.new:
        person = Person(programme=programme, email=row.email, created_at=now, **_attributes(row, programme))
        weighed.people[row.email] = person
        session.add(person)
    for changed in found.changed:
        person = weighed.people[changed.row.email]
        for name, value in _attributes(changed.row, programme).items():
            setattr(person, name, value)
    session.flush()
    _keep_apart(session, weighed, now)
    return found


class _Weighed:
    """A class list beside the people it is about; a few look-ups in all, however long it is."""

    def __init__(self, session: Session, programme: Programme, class_list: ClassList, now: datetime) -> None:
        everybody = select(Person).where(Person.programme_id == programme.id)
        self.people = {
            person.email: person for person in session.scalars(everybody.options(lazyload(Person.programme)))
        }
        rows, lost = _with_known_partners(class_list.rows, self.people.keys())
        self.stored = _stored_pairs(session, programme, self.people.values())
        has_pairs = "not_with" in class_list.columns
        self.pairs = _wanted_pairs(rows, self.stored) if has_pairs else set(self.stored)
        met = [(row, self.people[row.email]) for row in rows if row.email in self.people]
        changes = self._changes(met, programme)
        self.preview = Preview(
            new=tuple(row for row in rows if row.email not in self.people),
            changed=tuple(Changed(row, changes[row.email]) for row, _ in met if changes[row.email]),
            unchanged=tuple(row for row, _ in met if not changes[row.email]),
            wrong=tuple(sorted([*class_list.wrong, *lost], key=lambda wrong: wrong.row)),
            away=tuple(row for row, person in met if not person.takes_part(now)),
        )

    def _changes(
        self, met: Iterable[tuple[Row, Person]], programme: Programme
    ) -> dict[str, tuple[Change, ...]]:
        before, after = _partners(self.stored), _partners(self.pairs)
        found = {}
        for row, person in met:
            wanted = _attributes(row, programme)
            values = [(name, getattr(person, name), value) for name, value in wanted.items()]
            values.append(("not_with", before.get(row.email, []), after.get(row.email, [])))
            found[row.email] = tuple(
                Change(SHOWN.get(name, name), PRIVATE if name == "asks_about" else _words(old), _words(new))
                for name, old, new in values
                if old != new
            )
        return found


def _attributes(row: Row, programme: Programme) -> dict[str, Any]:
    """What the row says of a person, by attribute; a zone that is the programme's is not one's own."""
    found: dict[str, Any] = {
        "name": row.name,
        "is_mentor": "mentor" in row.roles,
        "is_student": "student" in row.roles,
    }
    if row.timezone is not None:
        zone = row.timezone or programme.timezone
        found["own_timezone"] = describing.own_zone(zone, programme.timezone)
    for name in PLAIN:
        value = getattr(row, name)
        if value is not None:
            found[name] = list(value) if isinstance(value, tuple) else value
    return found | _topics(row)


def _topics(row: Row) -> dict[str, Any]:
    """A mentor will speak of them, a student asks about them; an empty cell is silent of what a student asks,
    which they may have ticked themselves."""
    topics = list(row.topics or ())
    found = {}
    if row.topics is not None and "mentor" in row.roles:
        found["topics"] = topics
    if topics and "student" in row.roles:
        found["asks_about"] = topics
    return found


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(value)
    return "the programme's" if value is None else str(value)


def _with_known_partners(rows: Sequence[Row], known: Iterable[str]) -> tuple[list[Row], list[Wrong]]:
    """The rows whose `not_with` are all people, and what is wrong with the others; a row that is lost may
    have been the one another row names, so until none is."""
    good, there = list(rows), set(known)
    wrong: list[Wrong] = []
    while True:
        everybody = there | {row.email for row in good}
        lost = [
            Wrong(row.number, "not_with", f"{other} stands neither in this list nor in the programme.")
            for row in good
            for other in row.not_with or ()
            if other not in everybody
        ]
        if not lost:
            return good, wrong
        wrong += lost
        numbers = {one.row for one in lost}
        good = [row for row in good if row.number not in numbers]


def _stored_pairs(session: Session, programme: Programme, people: Iterable[Person]) -> Pairs:
    addresses = {person.id: person.email for person in people}
    rows = session.execute(
        select(Exclusion.id, Exclusion.person_id, Exclusion.other_id)
        .join(Person, Person.id == Exclusion.person_id)
        .where(Exclusion.why == Why.CLASS_LIST, Person.programme_id == programme.id)
    )
    return {(addresses[person], addresses[other]): number for number, person, other in rows}


def _wanted_pairs(rows: Sequence[Row], stored: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Both ways, whichever of the two says so. An earlier pair goes only when both stand in the list and
    neither names the other any more."""
    listed = {row.email for row in rows}
    said = {(row.email, other) for row in rows for other in row.not_with or ()}
    said |= {(one, other) for one, other in stored if one not in listed or other not in listed}
    return said | {(other, one) for one, other in said}


def _partners(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one, other in sorted(pairs):
        found.setdefault(one, []).append(other)
    return found


def _keep_apart(session: Session, weighed: _Weighed, now: datetime) -> None:
    gone = [number for pair, number in weighed.stored.items() if pair not in weighed.pairs]
    for at in range(0, len(gone), A_FEW):
        session.execute(delete(Exclusion).where(Exclusion.id.in_(gone[at : at + A_FEW])))
    people = weighed.people
    session.add_all(
        Exclusion(person_id=people[one].id, other_id=people[other].id, why=Why.CLASS_LIST, made_at=now)
        for one, other in sorted(weighed.pairs - weighed.stored.keys())
    )
    session.flush()
