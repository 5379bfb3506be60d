"""The picker's boxes: what `slots` offers, in the words and ticks the picker's template draws."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import NamedTuple

from scheduler import localtime
from scheduler.availability import boxes
from scheduler.availability.slots import Slot, Window


class Box(NamedTuple):
    """One box to tick; a half-hour has no label, only its range."""

    key: str
    label: str
    range: str
    state: str
    ticked: bool


class Day(NamedTuple):
    """One date, with its parts and its half-hours."""

    on: str
    label: str
    parts: tuple[Box, ...]
    halves: tuple[Box, ...]


class Week(NamedTuple):
    """The open days of one week."""

    title: str
    days: list[Day]


def weeks(window: Window, ticked: Collection[str] = (), taken: Iterable[Slot] = ()) -> list[Week]:
    """All that can be ticked, by week; `ticked` are keys, `taken` the reader's own chats."""
    names = tuple(part.name for part in window.parts)
    by_date: dict[str, set[str]] = defaultdict(set)
    for key in ticked:
        by_date[key.partition("-")[0]].add(key)
    return [
        Week(
            week.title,
            [_day(day, names, frozenset(by_date[f"{day.on:%Y%m%d}"])) for day in week.days],
        )
        for week in boxes.weeks(boxes.days(window, taken))
    ]


def zone_words(window: Window) -> str:
    """The sentence above the picker: in which zone its times are, and whether its clocks change."""
    zone = window.reader_zone or window.zone
    change = localtime.clock_change(zone, window.first_on, window.last_on)
    return " ".join(filter(None, (f"All times are {localtime.zone_name(zone)}.", change)))


@lru_cache(maxsize=128)
def _day(day: boxes.Day, names: tuple[str, ...], ticked: frozenset[str]) -> Day:
    """One date in words; most readers of a round see the same, so it is made once."""
    return Day(
        on=day.on.isoformat(),
        label=localtime.date_long(day.on),
        parts=tuple(_box(part, names, ticked) for part in day.parts),
        halves=tuple(_box(half, (), ticked) for half in day.halves),
    )


def _box(choice: boxes.Choice, names: Iterable[str], ticked: Collection[str]) -> Box:
    label = next((name for name in names if choice.label.startswith(f"{name} ")), "")
    span = choice.label.removeprefix(label).strip()
    return Box(choice.key, label, span, choice.state, choice.key in ticked and choice.state == "free")
