"""The best next times for one pair, from what each of the two has free."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo

QUARTER = timedelta(minutes=15)
FAR_APART = timedelta(hours=3)

FreeSpan = tuple[datetime, datetime]


def best(
    mentor_free: Iterable[FreeSpan],
    student_free: Iterable[FreeSpan],
    *,
    length: timedelta,
    earliest: datetime,
    latest: datetime | None = None,
    k: int = 3,
    avoid: Collection[datetime] = frozenset(),
    zone: tzinfo = UTC,
) -> list[datetime]:
    """At most `k` starts, ascending, in UTC, on quarter hours, at which both are free for the whole `length`.

    A start lies between `earliest` and `latest`, both included, and is not one of `avoid`. Soonest first, but
    spread: over days of `zone` where possible, then hours apart, then not overlapping, and only then as near
    as they come. Free spans need no order and may touch or overlap; taken time must not be in them. Raises
    ValueError for a naive time or a length that is not above zero.
    """
    if length <= timedelta(0):
        raise ValueError("A chat must last longer than no time at all.")
    common = _common(_merged(mentor_free), _merged(student_free))
    refused = {_aware(start) for start in avoid}
    bounds = (_aware(earliest), None if latest is None else _aware(latest))
    starts = [start for start in _starts(common, length, *bounds) if start not in refused]
    return _spread(starts, length, k, zone)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"The time {moment.isoformat()} must say its zone.")
    return moment.astimezone(UTC)


def _merged(spans: Iterable[FreeSpan]) -> list[FreeSpan]:
    """The same time as ascending spans that neither touch nor overlap."""
    merged: list[FreeSpan] = []
    for start, end in sorted((_aware(start), _aware(end)) for start, end in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif start < end:
            merged.append((start, end))
    return merged


def _common(ones: list[FreeSpan], others: list[FreeSpan]) -> list[FreeSpan]:
    spans = ((max(one[0], other[0]), min(one[1], other[1])) for one in ones for other in others)
    return sorted((start, end) for start, end in spans if start < end)


def _starts(
    spans: list[FreeSpan], length: timedelta, earliest: datetime, latest: datetime | None
) -> Iterator[datetime]:
    for span_start, end in spans:
        start = _next_quarter(max(span_start, earliest))
        while start + length <= end and (latest is None or start <= latest):
            yield start
            start += QUARTER


def _next_quarter(moment: datetime) -> datetime:
    """The moment itself on a quarter hour, otherwise the next one."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    return hour - (hour - moment) // QUARTER * QUARTER


def _spread(starts: list[datetime], length: timedelta, k: int, zone: tzinfo) -> list[datetime]:
    """The soonest, picked under ever weaker demands on how far apart they lie, until there are `k`."""
    demands: list[Callable[[datetime, datetime], bool]] = [
        lambda one, other: one.astimezone(zone).date() != other.astimezone(zone).date(),
        lambda one, other: abs(one - other) >= max(FAR_APART, length),
        lambda one, other: abs(one - other) >= length,
        lambda one, other: one != other,
    ]
    picked: list[datetime] = []
    for apart in demands:
        for start in starts:
            if len(picked) < k and all(apart(start, other) for other in picked):
                picked.append(start)
    return sorted(picked)
