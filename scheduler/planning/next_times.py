"""The best next times for one pair, from what each of the two has free."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from scheduler.availability import slots
from scheduler.availability.slots import Slot

FAR_APART = timedelta(hours=3)


def best(
    mentor_free: Iterable[Slot],
    student_free: Iterable[Slot],
    *,
    length: timedelta,
    earliest: datetime,
    latest: datetime,
    k: int = 3,
    zone: tzinfo = UTC,
) -> list[datetime]:
    """At most `k` starts, ascending, in UTC, on quarter hours, at which both are free for the whole `length`.

    A start lies between `earliest` and `latest`, both included. Soonest first, but spread: over days of
    `zone` where possible, then hours apart, then not overlapping, and only then as near as they come. Taken
    time must not be in the free slots. Raises ValueError for a naive time and for a length that is not above
    zero.
    """
    if length <= timedelta(0):
        raise ValueError("A chat must last longer than no time at all.")
    common = slots.within(slots.common(mentor_free, student_free), earliest, latest + length)
    return _spread(slots.starts(common, length), length, k, zone)


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
