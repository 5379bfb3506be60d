"""Slots: their algebra, weekly patterns of them, and the hours of a programme on its dates.

Moments are aware UTC, and results are merged: sorted, touching slots joined. A wall time that the clocks
skip or repeat on a date is left out on that date.
"""

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


def pattern_of(slots: Iterable[Slot], zone: str) -> Pattern:
    """The weekly wall times in `zone` of these slots, cut at midnight, overlapping ones joined."""
    # Joined as slots of a made-up fortnight in which every other day is empty, so that no two days touch.
    made_up = []
    for slot in merge(slots):
        here, last = (localtime.in_zone(moment, zone) for moment in slot)
        for on in _dates(here.date(), (last - timedelta.resolution).date()):
            walls = [end.time() if on == end.date() else time.min for end in (here, last)]
            a, b = (EPOCH + 2 * on.weekday() * ONE_DAY + m * MINUTE for m in minutes_of(*walls))
            made_up += [Slot(a, b)] if a < b else []
    return Pattern(zone, tuple(((a - EPOCH).days // 2, a.time(), b.time()) for a, b in merge(made_up)))


def expand(pattern: Pattern, window: Window, taken: Iterable[Slot]) -> list[Slot]:
    """The pattern on each open date, not too soon, less `taken`; the pattern of that expands to the same."""
    return lasting(minus(_open(window, _each_date(pattern, window)), taken), window.length)


def programme_hours(window: Window, never: Pattern | None = None) -> list[Slot]:
    """All parts on the open dates, not too soon, less all that the weekly times of `never` may mean."""
    dated = [(on, part) for on in open_dates(window) for part in window.parts]
    hours = [slot for on, part in dated for _, slot in half_hours([part], on, window.zone)]
    away = _each_date(never, window, widest=True) if never else []
    return lasting(minus(_open(window, hours), away), window.length)


def pattern_words(pattern: Pattern, parts: Sequence[Part]) -> str:
    """Like "Tuesdays and Thursdays, after clinic (4:30 – 6:30 pm)"; the parts must be of the same zone."""
    names = {(part.starts, part.ends): part.name[:1].lower() + part.name[1:] for part in parts}
    alike: dict[str, list[str]] = {}
    for on, rows in groupby(pattern.times, lambda row: row[0]):
        spans = [(names.get((a, b)), localtime.wall_span(a, b)) for _, a, b in rows]
        words = _listed([f"{name} ({span})" if name else span for name, span in spans])
        alike.setdefault(words, []).append(f"{localtime.weekday(on)}s")
    return "; ".join(f"{_listed(weekdays)}, {words}" for words, weekdays in alike.items())


def lasting(slots: Iterable[Slot], length: timedelta) -> list[Slot]:
    """Those of the slots into which a chat of this length fits."""
    return [slot for slot in slots if starts([slot], length)]


def open_dates(window: Window) -> list[date]:
    """The dates of the window that are not blocked, on its days of the week."""
    every = [on for on in _dates(window.first_on, window.last_on) if on.weekday() in window.weekdays]
    return [on for on in every if not any(first <= on <= last for first, last in window.blocked)]


def half_hours(parts: Sequence[Part], on: date, zone: str) -> list[tuple[tuple[int, int], Slot]]:
    """The half-hours from the first start to the last end, cut also at each edge of a part."""
    edges = {minute for part in parts for minute in minutes_of(part.starts, part.ends)}
    cuts = sorted(edges | set(range(min(edges, default=0), max(edges, default=0), 30)))
    return [(pair, slot) for pair in pairwise(cuts) if (slot := on_date(on, *pair, zone))]


def on_date(on: date, a: int, b: int, zone: str, *, widest: bool = False) -> Slot | None:
    """From minute to minute of a date; where one is no wall time or two: the widest it may mean, or None."""
    walls = ((on + m // MIDNIGHT * ONE_DAY, time(*divmod(m % MIDNIGHT, 60))) for m in (a, b))
    first, last = (localtime.readings(*wall, zone) for wall in walls)
    plain = first[0] == first[1] and last[0] == last[1]
    return Slot(min(first), max(last)) if plain or widest else None


def minutes_of(starts: time, ends: time) -> tuple[int, int]:
    """Two wall times as minutes of their day; an end of 00:00 is midnight."""
    return starts.hour * 60 + starts.minute, ends.hour * 60 + ends.minute or MIDNIGHT


def _utc(moment: datetime) -> datetime:
    return localtime.in_zone(moment, "UTC").replace(tzinfo=UTC)


def _dates(first_on: date, last_on: date) -> list[date]:
    return [first_on + n * ONE_DAY for n in range((last_on - first_on).days + 1)]


def _open(window: Window, slots: Iterable[Slot]) -> list[Slot]:
    """What of the slots is on open dates, from the first quarter of an hour that is not too soon."""
    zone, dates = window.zone, open_dates(window)
    whole = [Slot(*(localtime.start_of_day(d, zone) for d in (on, on + ONE_DAY))) for on in dates]
    soonest = window.earliest + (EPOCH - window.earliest) % QUARTER
    return within(common(slots, whole), soonest, datetime.max.replace(tzinfo=UTC))


def _each_date(pattern: Pattern, window: Window, *, widest: bool = False) -> list[Slot]:
    """The pattern's slots on all dates that may touch the window, whose zone may be another."""
    around = _dates(window.first_on - ONE_DAY, window.last_on + ONE_DAY)
    dated = [(on, *minutes_of(a, b)) for on in around for day, a, b in pattern.times if day == on.weekday()]
    return [slot for each in dated if (slot := on_date(*each, pattern.zone, widest=widest))]


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
