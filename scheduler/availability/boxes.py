"""The picker's boxes: what it offers on each date, and the time that ticks of them mean.

Of an answer, a piece too short for a chat is left out.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from scheduler import localtime
from scheduler.availability import slots
from scheduler.availability.slots import ONE_DAY, Part, Slot, Window


class BadChoice(ValueError):
    """A tick of a form that no picker of ours has; the text is a sentence fit for a page."""


class Choice(NamedTuple):
    """One box: its form key, its words, its instants, and whether it is "free", "too soon" or "taken"."""

    key: str
    label: str
    starts_at: datetime
    ends_at: datetime
    state: str


class Day(NamedTuple):
    """A date of the programme: its parts, and the half-hours from the first start to the last end."""

    on: date
    parts: tuple[Choice, ...]
    halves: tuple[Choice, ...]


class Week(NamedTuple):
    """The open days of the week that begins on Monday `on`."""

    on: date
    title: str
    days: list[Day]


class Chosen(NamedTuple):
    """What the ticks mean, and how many pieces were too short for a chat and are not among them."""

    slots: list[Slot]
    too_short: int


def days(window: Window, taken: Iterable[Slot]) -> list[Day]:
    """What the picker offers on each open date, in order; what cannot be ticked is there, with its state."""
    busy, parts, zone = slots.merge(taken), tuple(window.parts), window.reader_zone or window.zone
    offered = (_day(on, parts, window.zone, zone) for on in slots.open_dates(window))
    return [_marked(day, window.earliest, busy) for day in offered]


def weeks(offered: Iterable[Day]) -> list[Week]:
    """The days by the week."""
    return [
        Week(on, f"Week of {localtime.day_and_month(on)}", list(group))
        for on, group in groupby(offered, lambda day: day.on - day.on.weekday() * ONE_DAY)
    ]


def chosen(window: Window, keys: Iterable[str], *, repeat: bool, taken: Iterable[Slot]) -> Chosen:
    """The time that the ticked keys mean: a part is its free half-hours, and half-hours add to it.

    With `repeat` the ticks of the first week count in each later week too, by weekday and wall time, also
    where their own date has become too soon or taken since the page was read. A key that is not offered
    (any more) adds nothing. Raises BadChoice for a key of another form.
    """
    offered, ticks = days(window, taken), {key: _read(key) for key in keys}
    known = {box.key for day in offered for box in day.parts + day.halves}
    wanted = {tick for key, tick in ticks.items() if key in known}
    if repeat and offered:
        first, *later = (week.on for week in weeks(offered))
        again = [(on, a, b) for on, a, b in wanted if on < first + 7 * ONE_DAY]
        wanted |= {(on + (monday - first), a, b) for monday in later for on, a, b in again}
    free = [(half, *_read(half.key)) for day in offered for half in day.halves if half.state == "free"]
    picked = slots.merge(
        Slot(half.starts_at, half.ends_at)
        for half, on, a, b in free
        if any(on == day and first <= a and b <= last for day, first, last in wanted)
    )
    lasting = slots.lasting(picked, window.length)
    return Chosen(lasting, len(picked) - len(lasting))


@lru_cache(maxsize=256)
def _day(on: date, parts: tuple[Part, ...], zone: str, reader_zone: str) -> Day:
    """A date while nothing of it is taken or too soon: the same for all who read it in one zone."""
    halves = [_box(on, *half, "", reader_zone) for half in slots.half_hours(parts, on, zone)]
    dated = [(part.name, slots.minutes_of(part.starts, part.ends)) for part in parts]
    named = [(pair, slot, name) for name, pair in dated if (slot := slots.on_date(on, *pair, zone))]
    return Day(on, _held([_box(on, *part, reader_zone) for part in named], halves), tuple(halves))


def _box(on: date, minutes: tuple[int, int], slot: Slot, name: str, zone: str) -> Choice:
    words = localtime.span(*slot, zone)
    if localtime.in_zone(slot.starts_at, zone).date() != on:
        words = f"{localtime.day(slot.starts_at, zone)}, {words}"
    key = "-".join([f"{on:%Y%m%d}", *(f"{minute // 60:02}{minute % 60:02}" for minute in minutes)])
    return Choice(key, f"{name} {words}".strip(), *slot, "free")


def _marked(day: Day, earliest: datetime, busy: Sequence[Slot]) -> Day:
    """The day with each box in its state; one of which nothing is taken or too soon stays as it is."""
    states = [_state(half, earliest, busy) for half in day.halves]
    if set(states) <= {"free"}:
        return day
    halves = [half._replace(state=state) for half, state in zip(day.halves, states, strict=True)]
    return Day(day.on, _held(day.parts, halves), tuple(halves))


def _state(half: Choice, earliest: datetime, busy: Sequence[Slot]) -> str:
    if half.starts_at < earliest:
        return "too soon"
    return "taken" if busy and any(a < half.ends_at and half.starts_at < b for a, b in busy) else "free"


def _held(parts: Iterable[Choice], halves: Sequence[Choice]) -> tuple[Choice, ...]:
    """A part can be ticked as long as one of its half-hours can ("free" comes first in the alphabet)."""
    held = ((part, [half.state for half in halves if _holds(part, half)]) for part in parts)
    return tuple(part._replace(state=min(states, default="taken")) for part, states in held)


def _holds(part: Choice, half: Choice) -> bool:
    return part.starts_at <= half.starts_at and half.ends_at <= part.ends_at


@lru_cache(maxsize=4096)
def _read(key: str) -> tuple[date, int, int]:
    """The date and the minutes of a box's key, such as "20261103-1630-1830"."""
    try:
        [(on, *walls)] = re.findall(r"\A([0-9]{8})-([0-9]{4})-([0-9]{4})\Z", key)
        a, b = (int(wall[:2]) * 60 + int(wall[2:]) for wall in walls)
        return date.fromisoformat(on), a, b
    except ValueError:
        raise BadChoice("A ticked time could not be read. Please open the page again.") from None
