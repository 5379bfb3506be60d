"""Slots: their algebra, what the picker offers and makes of the ticks, and weekly patterns of them.

Moments are aware UTC, and results are merged: sorted, touching slots joined. A wall time that the clocks
skip or repeat on a date is left out on that date; so is, of an answer, a piece too short for a chat.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from typing import Any, NamedTuple, Self

from scheduler import localtime

QUARTER = timedelta(minutes=15)
MINUTE, ONE_DAY = timedelta(minutes=1), timedelta(days=1)
MIDNIGHT = 24 * 60
EPOCH = datetime(2001, 1, 1, tzinfo=UTC)  # a Monday, and on a quarter


class BadChoice(ValueError):
    """A tick of a form that no picker of ours has; the text is a sentence fit for a page."""


class Slot(NamedTuple):
    """A start and an end, aware UTC; the end is not part of it."""

    starts_at: datetime
    ends_at: datetime


class Part(NamedTuple):
    """A part of the day as the programme calls it, in its wall time; an end of 00:00 is midnight."""

    name: str
    starts: time
    ends: time


@dataclass(frozen=True, kw_only=True)
class Window:
    """A round for one reader: dates and parts in the programme's zone, words in the reader's (if given)."""

    first_on: date
    last_on: date
    zone: str
    parts: Sequence[Part]
    length: timedelta
    earliest: datetime
    blocked: Sequence[tuple[date, date]] = ()
    weekdays: Sequence[int] = (0, 1, 2, 3, 4)
    reader_zone: str | None = None


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
    parts: list[Choice]
    halves: list[Choice]


class Week(NamedTuple):
    """The open days of the week that begins on Monday `on`."""

    on: date
    title: str
    days: list[Day]


class Chosen(NamedTuple):
    """What the ticks mean, and how many pieces were too short for a chat and are not among them."""

    slots: list[Slot]
    too_short: int


class Pattern(NamedTuple):
    """Weekly wall times in a zone, sorted: (weekday from Monday 0, start, end, where 00:00 is midnight)."""

    zone: str
    times: tuple[tuple[int, time, time], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column."""
        return {"zone": self.zone, "times": [[on, f"{a:%H:%M}", f"{b:%H:%M}"] for on, a, b in self.times]}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The pattern `to_json` wrote. Raises ValueError for a value of another shape."""
        try:
            rows = [
                (range(7)[on], time.fromisoformat(a), time.fromisoformat(b)) for on, a, b in value["times"]
            ]
            return cls(str(value["zone"]), tuple(sorted(rows)))
        except (LookupError, TypeError, ValueError) as error:
            raise ValueError(f"{value!r} is not a weekly pattern.") from error


def merge(slots: Iterable[Slot]) -> list[Slot]:
    """The same time in the fewest slots. Raises ValueError for a naive, empty or inverted slot."""
    merged: list[Slot] = []
    for slot in sorted(Slot(_utc(a), _utc(b)) for a, b in slots):
        if slot.starts_at >= slot.ends_at:
            raise ValueError(f"A slot from {slot.starts_at} to {slot.ends_at} does not end after it starts.")
        if merged and slot.starts_at <= merged[-1].ends_at:
            slot = Slot(merged[-1].starts_at, max(merged.pop().ends_at, slot.ends_at))
        merged.append(slot)
    return merged


def common(a: Iterable[Slot], b: Iterable[Slot]) -> list[Slot]:
    """The time that is in both."""
    left, right, shared = merge(a), merge(b), []
    while left and right:
        (begin, end), (other_begin, other_end) = left[-1], right[-1]
        if max(begin, other_begin) < min(end, other_end):
            shared.append(Slot(max(begin, other_begin), min(end, other_end)))
        # From the end, whichever starts later can meet nothing more.
        (left if begin >= other_begin else right).pop()
    return shared[::-1]


def minus(slots: Iterable[Slot], taken: Iterable[Slot]) -> list[Slot]:
    """The time that is in `slots` and not in `taken`."""
    wanted, busy = merge(slots), merge(taken)
    if not wanted or not busy:
        return wanted
    first, last = min(wanted[0].starts_at, busy[0].starts_at), max(wanted[-1].ends_at, busy[-1].ends_at)
    edges = [first, *(moment for slot in busy for moment in slot), last]
    return common(wanted, [Slot(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b])


def within(slots: Iterable[Slot], first: datetime, last: datetime) -> list[Slot]:
    """What of the slots lies between two moments; a slot across one is cut."""
    return common(slots, [Slot(first, last)] if first < last else [])


def starts(slots: Iterable[Slot], length: timedelta) -> list[datetime]:
    """Each quarter of the UTC hour from which the whole length fits into the slots, in order."""
    every = ((moment, slot) for slot in merge(slots) for moment in quarters(*slot))
    return [moment for moment, slot in every if slot.starts_at <= moment and moment + length <= slot.ends_at]


def quarters(starts_at: datetime, ends_at: datetime) -> list[datetime]:
    """The start of each quarter of the UTC hour that the time from start to end touches."""
    [(begin, end)] = merge([Slot(starts_at, ends_at)])
    first = begin - (begin - EPOCH) % QUARTER
    return [first + n * QUARTER for n in range(-((first - end) // QUARTER))]


def days(window: Window, taken: Iterable[Slot]) -> list[Day]:
    """What the picker offers on each open date, in order; what cannot be ticked is there, with its state."""
    busy, offered = merge(taken), []
    for on in _open_dates(window):
        halves = _halves(window.parts, on, window.zone)
        boxes = [_box(window, on, pair, slot, "", _state(window, busy, slot)) for pair, slot in halves]
        offered.append(Day(on, _part_boxes(window, on, boxes), boxes))
    return offered


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
    slots = merge(
        Slot(half.starts_at, half.ends_at)
        for half, on, a, b in free
        if any(on == day and first <= a and b <= last for day, first, last in wanted)
    )
    lasting = _lasting(slots, window.length)
    return Chosen(lasting, len(slots) - len(lasting))


def pattern_of(slots: Iterable[Slot], zone: str) -> Pattern:
    """The weekly wall times in `zone` of these slots, cut at midnight, overlapping ones joined."""
    # Joined as slots of a made-up fortnight in which every other day is empty, so that no two days touch.
    made_up = []
    for slot in merge(slots):
        here, last = (localtime.in_zone(moment, zone) for moment in slot)
        for on in _dates(here.date(), (last - timedelta.resolution).date()):
            walls = [end.time() if on == end.date() else time.min for end in (here, last)]
            a, b = (EPOCH + 2 * on.weekday() * ONE_DAY + m * MINUTE for m in _minutes(*walls))
            made_up += [Slot(a, b)] if a < b else []
    return Pattern(zone, tuple(((a - EPOCH).days // 2, a.time(), b.time()) for a, b in merge(made_up)))


def expand(pattern: Pattern, window: Window, taken: Iterable[Slot]) -> list[Slot]:
    """The pattern on each open date, not too soon, less `taken`; the pattern of that expands to the same."""
    return _lasting(minus(_open(window, _each_date(pattern, window)), taken), window.length)


def programme_hours(window: Window, never: Pattern | None = None) -> list[Slot]:
    """All parts on the open dates, not too soon, less all that the weekly times of `never` may mean."""
    dated = [(on, part) for on in _open_dates(window) for part in window.parts]
    hours = [slot for on, part in dated for _, slot in _halves([part], on, window.zone)]
    away = _each_date(never, window, widest=True) if never else []
    return _lasting(minus(_open(window, hours), away), window.length)


def pattern_words(pattern: Pattern, parts: Sequence[Part]) -> str:
    """Like "Tuesdays and Thursdays, after clinic (4:30 – 6:30 pm)"; the parts must be of the same zone."""
    names = {(part.starts, part.ends): part.name[:1].lower() + part.name[1:] for part in parts}
    alike: dict[str, list[str]] = {}
    for on, rows in groupby(pattern.times, lambda row: row[0]):
        spans = [(names.get((a, b)), localtime.wall_span(a, b)) for _, a, b in rows]
        words = _listed([f"{name} ({span})" if name else span for name, span in spans])
        alike.setdefault(words, []).append(f"{localtime.weekday(on)}s")
    return "; ".join(f"{_listed(weekdays)}, {words}" for words, weekdays in alike.items())


def _utc(moment: datetime) -> datetime:
    return localtime.in_zone(moment, "UTC").replace(tzinfo=UTC)


def _lasting(slots: Iterable[Slot], length: timedelta) -> list[Slot]:
    return [slot for slot in slots if starts([slot], length)]


def _minutes(starts: time, ends: time) -> tuple[int, int]:
    return starts.hour * 60 + starts.minute, ends.hour * 60 + ends.minute or MIDNIGHT


def _dates(first_on: date, last_on: date) -> list[date]:
    return [first_on + n * ONE_DAY for n in range((last_on - first_on).days + 1)]


def _open_dates(window: Window) -> list[date]:
    every = [on for on in _dates(window.first_on, window.last_on) if on.weekday() in window.weekdays]
    return [on for on in every if not any(first <= on <= last for first, last in window.blocked)]


def _open(window: Window, slots: Iterable[Slot]) -> list[Slot]:
    """What of the slots is on open dates, from the first quarter of an hour that is not too soon."""
    zone, dates = window.zone, _open_dates(window)
    whole = [Slot(*(localtime.start_of_day(d, zone) for d in (on, on + ONE_DAY))) for on in dates]
    soonest = window.earliest + (EPOCH - window.earliest) % QUARTER
    return within(common(slots, whole), soonest, datetime.max.replace(tzinfo=UTC))


def _slot(on: date, a: int, b: int, zone: str, *, widest: bool = False) -> Slot | None:
    """From minute to minute of a date; where one is no wall time or two: the widest it may mean, or None."""
    walls = ((on + m // MIDNIGHT * ONE_DAY, time(*divmod(m % MIDNIGHT, 60))) for m in (a, b))
    first, last = (localtime.readings(*wall, zone) for wall in walls)
    plain = first[0] == first[1] and last[0] == last[1]
    return Slot(min(first), max(last)) if plain or widest else None


def _each_date(pattern: Pattern, window: Window, *, widest: bool = False) -> list[Slot]:
    """The pattern's slots on all dates that may touch the window, whose zone may be another."""
    around = _dates(window.first_on - ONE_DAY, window.last_on + ONE_DAY)
    dated = [(on, *_minutes(a, b)) for on in around for day, a, b in pattern.times if day == on.weekday()]
    return [slot for each in dated if (slot := _slot(*each, pattern.zone, widest=widest))]


def _halves(parts: Sequence[Part], on: date, zone: str) -> list[tuple[tuple[int, int], Slot]]:
    """The half-hours from the first start to the last end, cut also at each edge of a part."""
    edges = {minute for part in parts for minute in _minutes(part.starts, part.ends)}
    cuts = sorted(edges | set(range(min(edges, default=0), max(edges, default=0), 30)))
    return [(pair, slot) for pair in pairwise(cuts) if (slot := _slot(on, *pair, zone))]


def _state(window: Window, busy: Sequence[Slot], slot: Slot) -> str:
    if slot.starts_at < window.earliest:
        return "too soon"
    return "taken" if any(a < slot.ends_at and slot.starts_at < b for a, b in busy) else "free"


def _part_boxes(window: Window, on: date, halves: Sequence[Choice]) -> list[Choice]:
    """A part can be ticked as long as one of its half-hours can ("free" comes first in the alphabet)."""
    boxes = []
    for part in window.parts:
        pair = _minutes(part.starts, part.ends)
        if slot := _slot(on, *pair, window.zone):
            states = [half.state for half in halves if slot[0] <= half.starts_at and half.ends_at <= slot[1]]
            boxes.append(_box(window, on, pair, slot, part.name, min(states, default="taken")))
    return boxes


def _box(window: Window, on: date, minutes: tuple[int, int], slot: Slot, name: str, state: str) -> Choice:
    zone = window.reader_zone or window.zone
    words = localtime.span(*slot, zone)
    if localtime.in_zone(slot.starts_at, zone).date() != on:
        words = f"{localtime.day(slot.starts_at, zone)}, {words}"
    key = "-".join([f"{on:%Y%m%d}", *(f"{minute // 60:02}{minute % 60:02}" for minute in minutes)])
    return Choice(key, f"{name} {words}".strip(), *slot, state)


def _read(key: str) -> tuple[date, int, int]:
    """The date and the minutes of a box's key, such as "20261103-1630-1830"."""
    try:
        [(on, *walls)] = re.findall(r"\A([0-9]{8})-([0-9]{4})-([0-9]{4})\Z", key)
        a, b = (int(wall[:2]) * 60 + int(wall[2:]) for wall in walls)
        return date.fromisoformat(on), a, b
    except ValueError:
        raise BadChoice("A ticked time could not be read. Please open the page again.") from None


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
