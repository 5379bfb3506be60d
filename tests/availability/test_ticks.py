"""Ticks: given times find their boxes again, as few as may be."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings, strategies

from scheduler.availability import boxes, ticks
from scheduler.availability.slots import Part, Slot, Window

LUNCH = Part("Lunch", time(12), time(13))
CLINIC = Part("After clinic", time(16, 30), time(18, 30))
WEEK = Window(
    first_on=date(2026, 10, 26),
    last_on=date(2026, 11, 6),
    zone="America/New_York",
    parts=(LUNCH, CLINIC),
    length=timedelta(minutes=30),
    earliest=datetime(2026, 10, 1, tzinfo=UTC),
)
OFFERED = boxes.days(WEEK, [])
HALVES = [half.key for day in OFFERED for half in day.halves]


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=UTC)


def test_nothing_given_ticks_nothing() -> None:
    assert ticks.keys_of(OFFERED, []) == set()


def test_a_whole_part_is_one_tick() -> None:
    assert ticks.keys_of(OFFERED, [Slot(utc(26, 16), utc(26, 17))]) == {"20261026-1200-1300"}


def test_a_piece_of_a_part_is_its_half_hours() -> None:
    given_ = [Slot(utc(27, 21), utc(27, 22))]
    assert ticks.keys_of(OFFERED, given_) == {"20261027-1700-1730", "20261027-1730-1800"}


def test_time_across_a_part_s_edge_is_the_part_and_the_rest_in_half_hours() -> None:
    given_ = [Slot(utc(26, 16), utc(26, 17, 30))]
    assert ticks.keys_of(OFFERED, given_) == {"20261026-1200-1300", "20261026-1300-1330"}


def test_a_part_is_ticked_for_what_of_it_can_still_be_given() -> None:
    offered = boxes.days(WEEK, [Slot(utc(26, 16), utc(26, 16, 30))])
    assert ticks.keys_of(offered, [Slot(utc(26, 16, 30), utc(26, 17))]) == {"20261026-1200-1300"}


def test_a_part_that_is_taken_whole_is_not_ticked() -> None:
    lunch = Slot(utc(26, 16), utc(26, 17))
    assert ticks.keys_of(boxes.days(WEEK, [lunch]), [lunch]) == set()


def test_half_a_half_hour_is_no_tick() -> None:
    assert ticks.keys_of(OFFERED, [Slot(utc(26, 16, 15), utc(26, 16, 45))]) == set()


@settings(max_examples=60, deadline=None)
@given(strategies.sets(strategies.sampled_from(HALVES)), strategies.booleans())
def test_sending_the_ticks_unchanged_gives_the_same_times(keys: set[str], is_busy: bool) -> None:
    taken = [Slot(utc(28, 16), utc(28, 17)), Slot(utc(29, 21), utc(29, 21, 30))] if is_busy else []
    once = boxes.chosen(WEEK, keys, repeat=False, taken=taken).slots
    again = ticks.keys_of(boxes.days(WEEK, taken), once)
    assert boxes.chosen(WEEK, again, repeat=False, taken=taken).slots == once
