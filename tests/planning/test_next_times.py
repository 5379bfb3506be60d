"""The next times for one pair: common, on quarter hours, soonest first, spread over days."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies

from scheduler.availability.slots import Slot
from scheduler.planning import next_times

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)

Span = tuple[datetime, datetime]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def best(mentor: list[Span], student: list[Span], **more: Any) -> list[datetime]:
    chosen: dict[str, Any] = {"length": HALF_AN_HOUR, "earliest": MONDAY, "latest": at(30, 0)}
    free = ([Slot(*span) for span in spans] for spans in (mentor, student))
    return next_times.best(*free, **(chosen | more))


def test_three_days_are_offered_rather_than_three_quarters_of_an_hour() -> None:
    mentor = [(at(day, 9), at(day, 12)) for day in range(5)]
    student = [(at(0, 10), at(4, 23))]
    assert best(mentor, student) == [at(0, 10), at(1, 9), at(2, 9)]


def test_within_one_day_times_lie_hours_apart_where_they_can() -> None:
    assert best([(at(0, 9), at(0, 17))], [(at(0, 9), at(0, 17))]) == [at(0, 9), at(0, 12), at(0, 15)]


def test_within_one_hour_times_do_not_overlap_where_they_need_not() -> None:
    assert best([(at(0, 9), at(0, 10))], [(at(0, 9), at(0, 10))], k=2) == [at(0, 9), at(0, 9, 30)]
    assert best([(at(0, 9), at(0, 10))], [(at(0, 9), at(0, 10))]) == [at(0, 9), at(0, 9, 15), at(0, 9, 30)]


def test_two_days_give_three_times_in_order() -> None:
    both = [(at(0, 9), at(0, 14)), (at(3, 9), at(3, 10))]
    assert best(both, both) == [at(0, 9), at(0, 12), at(3, 9)]


def test_the_days_are_those_of_the_zone_asked_for() -> None:
    """One evening in New York is two days in UTC."""
    evening = [(at(0, 23), at(1, 3)), (at(1, 23), at(2, 0))]
    assert best(evening, evening, k=2) == [at(0, 23), at(1, 0)]
    assert best(evening, evening, k=2, zone=ZoneInfo("America/New_York")) == [at(0, 23), at(1, 23)]


def test_spans_that_touch_count_as_one_and_need_no_order() -> None:
    mentor = [(at(0, 9, 15), at(0, 9, 45)), (at(0, 9), at(0, 9, 15))]
    assert best(mentor, [(at(0, 9), at(0, 10))], length=timedelta(minutes=45)) == [at(0, 9)]


def test_starts_lie_on_quarters_between_earliest_and_latest() -> None:
    both = [(at(0, 9, 1), at(0, 12))]
    assert best(both, both)[0] == at(0, 9, 15)
    assert best(both, both, earliest=at(0, 9, 31), latest=at(0, 9, 45)) == [at(0, 9, 45)]
    assert best(both, both, earliest=at(0, 9, 45), latest=at(0, 9, 45)) == [at(0, 9, 45)]


def test_no_common_time_gives_none() -> None:
    assert best([(at(0, 9), at(0, 10))], [(at(0, 9, 45), at(0, 11))]) == []
    assert best([], [(at(0, 9), at(0, 11))]) == []


def test_naive_times_and_no_length_are_refused() -> None:
    both = [(at(0, 9), at(0, 10))]
    with pytest.raises(ValueError, match="no time zone"):
        best([(MONDAY.replace(tzinfo=None), at(0, 10))], both)
    with pytest.raises(ValueError, match="longer than no time"):
        best(both, both, length=timedelta(0))


spans = strategies.lists(
    strategies.tuples(strategies.integers(0, 400), strategies.integers(1, 30)).map(
        lambda span: (
            MONDAY + span[0] * timedelta(minutes=5),
            MONDAY + (span[0] + span[1]) * timedelta(minutes=5),
        )
    ),
    max_size=6,
)


@given(spans, spans, strategies.integers(1, 4))
def test_every_time_offered_is_free_for_both_and_the_soonest_is_among_them(
    mentor: list[Span], student: list[Span], k: int
) -> None:
    step = timedelta(minutes=5)

    def free(spans: list[Span], start: datetime) -> bool:
        return all(any(a <= start + n * step < b for a, b in spans) for n in range(6))

    quarters = [MONDAY + n * timedelta(minutes=15) for n in range(160)]
    possible = [start for start in quarters if free(mentor, start) and free(student, start)]
    found = best(mentor, student, k=k)
    assert found == sorted(set(found))
    assert set(found) <= set(possible)
    assert len(found) == min(k, len(possible))
    assert found[:1] == possible[:1]
