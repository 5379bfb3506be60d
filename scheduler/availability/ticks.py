"""Ticks: which of the picker's boxes stand for the times somebody gave before."""

from collections.abc import Iterable, Sequence

from scheduler.availability import slots
from scheduler.availability.boxes import Choice, Day
from scheduler.availability.slots import Slot


def keys_of(offered: Iterable[Day], given: Iterable[Slot]) -> set[str]:
    """The keys of the boxes that are ticked when the picker opens on the times `given`.

    A half-hour that can be ticked is, if it lies within them; a part is, if all of its half-hours that can
    be ticked are, and these then stand under it unticked. So as few boxes as may be are ticked, and sending
    them unchanged gives the same half-hours again.
    """
    times = slots.merge(given)
    return {key for day in offered if (near := _near(day, times)) for key in _of_day(day, near)}


def _near(day: Day, times: Iterable[Slot]) -> list[Slot]:
    """Those of the times that have anything to do with this day."""
    if not day.halves:
        return []
    first, last = day.halves[0].starts_at, day.halves[-1].ends_at
    return [slot for slot in times if slot.starts_at < last and first < slot.ends_at]


def _of_day(day: Day, times: Sequence[Slot]) -> list[str]:
    free = [half for half in day.halves if half.state == "free"]
    parts = [part for part in day.parts if _is_given(part, free, times)]
    single = [
        half for half in free if _lies_in(half, times) and not any(_holds(part, half) for part in parts)
    ]
    return [choice.key for choice in parts + single]


def _is_given(part: Choice, free: Sequence[Choice], times: Sequence[Slot]) -> bool:
    halves = [half for half in free if _holds(part, half)]
    return bool(halves) and all(_lies_in(half, times) for half in halves)


def _holds(part: Choice, half: Choice) -> bool:
    return part.starts_at <= half.starts_at and half.ends_at <= part.ends_at


def _lies_in(choice: Choice, times: Sequence[Slot]) -> bool:
    return any(slot.starts_at <= choice.starts_at and choice.ends_at <= slot.ends_at for slot in times)
