"""The algebra of slots, and weekly patterns, held against a plain set of quarters."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings, strategies

from scheduler.availability import slots
from scheduler.availability.slots import Part, Pattern, Slot, Window

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"]
AFTER_CLINIC = Part("After clinic", time(16, 30), time(18, 30))
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)


def slot(start: int, end: int) -> Slot:
    """A slot counted in quarters from noon."""
    return Slot(NOON + start * QUARTER, NOON + end * QUARTER)


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def window(zone: str, first_on: date, last_on: date, **other: object) -> Window:
    given_ = {"parts": (AFTER_CLINIC,), "length": timedelta(minutes=30), "earliest": utc(1, 1, 0)} | other
    return Window(zone=zone, first_on=first_on, last_on=last_on, **given_)  # type: ignore[arg-type]  # mixed values


def quarters(some: list[Slot]) -> set[datetime]:
    return {
        one.starts_at + n * QUARTER for one in some for n in range((one.ends_at - one.starts_at) // QUARTER)
    }


any_slots = strategies.lists(
    strategies.tuples(strategies.integers(0, 90), strategies.integers(1, 12)).map(
        lambda t: slot(t[0], t[0] + t[1])
    )
)


def test_merge_sorts_and_joins_touching_slots_and_keeps_gaps():
    assert slots.merge([slot(8, 9), slot(2, 4), slot(0, 2), slot(3, 6)]) == [slot(0, 6), slot(8, 9)]


@pytest.mark.parametrize(
    "wrong",
    [slot(2, 2), slot(3, 2), Slot(NOON.replace(tzinfo=None), NOON), Slot(NOON, NOON.replace(tzinfo=None))],
)
def test_merge_refuses_empty_inverted_and_naive_slots(wrong):
    with pytest.raises(ValueError, match=r"does not end after it starts|no time zone"):
        slots.merge([wrong])


@given(any_slots, any_slots)
@settings(max_examples=150, deadline=None)
def test_the_algebra_agrees_with_sets_of_quarters(a, b):
    for result, expected in [
        (slots.merge(a), quarters(a)),
        (slots.common(a, b), quarters(a) & quarters(b)),
        (slots.minus(a, b), quarters(a) - quarters(b)),
        (
            slots.within(a, slot(20, 60).starts_at, slot(20, 60).ends_at),
            quarters(a) & quarters([slot(20, 60)]),
        ),
    ]:
        assert quarters(result) == expected
        assert slots.merge(result) == result


@given(any_slots, strategies.integers(1, 8))
@settings(max_examples=100, deadline=None)
def test_a_chat_starts_wherever_all_its_quarters_are_free(a, n):
    free = quarters(a)
    expected = sorted(q for q in free if all(q + i * QUARTER in free for i in range(n)))
    assert slots.starts(a, n * QUARTER) == expected


def test_starts_lie_on_quarters_of_the_hour_even_in_ragged_slots():
    ragged = Slot(NOON + timedelta(minutes=7), NOON + timedelta(minutes=52))
    assert slots.starts([ragged], timedelta(minutes=30)) == [NOON + QUARTER]
    assert slots.starts([ragged], timedelta(minutes=45)) == []


def test_quarters_are_all_those_a_time_touches():
    assert slots.quarters(*slot(0, 2)) == [NOON, NOON + QUARTER]
    ragged = (NOON + timedelta(minutes=14), NOON + timedelta(minutes=16))
    assert slots.quarters(*ragged) == [NOON, NOON + QUARTER]


@pytest.mark.parametrize(
    ("zone", "first_on", "last_on", "weekday", "expected"),
    [
        (
            "America/New_York",
            date(2026, 10, 26),
            date(2026, 11, 6),
            1,
            [utc(10, 27, 20, 30), utc(11, 3, 21, 30)],
        ),
        ("America/New_York", date(2026, 3, 2), date(2026, 3, 13), 1, [utc(3, 3, 21, 30), utc(3, 10, 20, 30)]),
        (
            "Europe/Berlin",
            date(2026, 10, 19),
            date(2026, 10, 30),
            1,
            [utc(10, 20, 14, 30), utc(10, 27, 15, 30)],
        ),
        ("Europe/Berlin", date(2026, 3, 23), date(2026, 4, 3), 1, [utc(3, 24, 15, 30), utc(3, 31, 14, 30)]),
        ("Australia/Lord_Howe", date(2026, 3, 30), date(2026, 4, 10), 1, [utc(3, 31, 5, 30), utc(4, 7, 6)]),
        ("Australia/Lord_Howe", date(2026, 9, 28), date(2026, 10, 9), 1, [utc(9, 29, 6), utc(10, 6, 5, 30)]),
        ("Asia/Kolkata", date(2026, 10, 26), date(2026, 11, 6), 1, [utc(10, 27, 11), utc(11, 3, 11)]),
    ],
)
def test_half_past_four_stays_half_past_four_when_the_clocks_change(
    zone, first_on, last_on, weekday, expected
):
    weekly = Pattern(zone, ((weekday, time(16, 30), time(18, 30)),))
    got = slots.expand(weekly, window(zone, first_on, last_on), [])
    assert got == [Slot(moment, moment + timedelta(hours=2)) for moment in expected]


@pytest.mark.parametrize(
    ("zone", "on", "walls"),
    [
        ("America/New_York", date(2026, 3, 8), (time(2, 30), time(4))),
        ("America/New_York", date(2026, 11, 1), (time(0), time(1, 30))),
        ("Europe/Berlin", date(2026, 3, 29), (time(1), time(2, 30))),
        ("Europe/Berlin", date(2026, 10, 25), (time(2, 30), time(4))),
        ("Australia/Lord_Howe", date(2026, 10, 4), (time(2, 15), time(4))),
        ("Australia/Lord_Howe", date(2026, 4, 5), (time(1, 45), time(4))),
    ],
)
def test_a_wall_time_skipped_or_repeated_is_left_out_on_that_date_only(zone, on, walls):
    weekly = Pattern(zone, ((6, *walls),))
    both = window(zone, on, on + timedelta(days=7), weekdays=EVERY_DAY)
    [only] = slots.expand(weekly, both, [])
    assert only.starts_at.date() >= on + timedelta(days=6)


def test_expanding_drops_what_is_too_soon_blocked_taken_or_too_short():
    weekly = Pattern("America/New_York", ((0, time(9), time(11)), (1, time(9), time(11))))
    round_ = window(
        "America/New_York",
        date(2026, 11, 2),
        date(2026, 11, 17),
        earliest=utc(11, 2, 14, 50),
        blocked=((date(2026, 11, 9), date(2026, 11, 10)),),
    )
    taken = [Slot(utc(11, 3, 14, 15), utc(11, 3, 15)), Slot(utc(11, 16, 14), utc(11, 16, 16))]
    assert slots.expand(weekly, round_, taken) == [
        Slot(utc(11, 2, 15), utc(11, 2, 16)),
        Slot(utc(11, 3, 15), utc(11, 3, 16)),
        Slot(utc(11, 17, 14), utc(11, 17, 16)),
    ]


def test_a_pattern_of_another_zone_keeps_its_own_wall_time_across_midnight():
    evening = [Slot(utc(10, 20, 23), utc(10, 21, 0, 30))]
    weekly = slots.pattern_of(evening, "Europe/Berlin")
    assert weekly.times == ((2, time(1), time(2, 30)),)
    assert slots.pattern_of([Slot(utc(10, 20, 21), utc(10, 20, 23))], "Europe/Berlin").times == (
        (1, time(23), time(0)),
        (2, time(0), time(1)),
    )
    # Berlin goes back on 25 October, New York a week later: 1 am in Berlin is then 8 pm in New York.
    later = window("America/New_York", date(2026, 10, 27), date(2026, 10, 27))
    assert slots.expand(weekly, later, []) == [Slot(utc(10, 28, 0), utc(10, 28, 1, 30))]
    # Tuesday evening in New York is Wednesday morning in Kolkata.
    evening_before = Pattern("America/New_York", ((1, time(22), time(23)),))
    wednesday = window("Asia/Kolkata", date(2026, 11, 4), date(2026, 11, 4))
    assert slots.expand(evening_before, wednesday, []) == [Slot(utc(11, 4, 3), utc(11, 4, 4))]


@given(
    strategies.sampled_from(ZONES),
    strategies.sampled_from(
        [date(2026, 3, 2), date(2026, 3, 23), date(2026, 3, 30), date(2026, 9, 28), date(2026, 10, 19)]
    ),
    strategies.lists(
        strategies.tuples(strategies.integers(0, 1400), strategies.integers(1, 20)), max_size=12
    ),
)
@settings(max_examples=100, deadline=None)
def test_the_pattern_of_an_expansion_expands_to_the_same(zone, first_on, rows):
    monday = datetime(first_on.year, first_on.month, first_on.day, tzinfo=UTC)
    given_slots = [Slot(monday + a * QUARTER, monday + (a + n) * QUARTER) for a, n in rows]
    round_ = window(zone, first_on, first_on + timedelta(days=20), weekdays=EVERY_DAY)
    once = slots.expand(slots.pattern_of(given_slots, zone), round_, [])
    weekly = slots.pattern_of(once, zone)
    assert slots.expand(weekly, round_, []) == once
    assert Pattern.from_json(weekly.to_json()) == weekly


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"zone": "UTC", "times": 3},
        {"zone": "UTC", "times": [[7, "09:00", "10:00"]]},
        {"zone": "UTC", "times": [[1, "9", "x"]]},
        {"zone": "UTC", "times": [[1, "09:00"]]},
    ],
)
def test_what_is_no_pattern_is_refused(wrong):
    with pytest.raises(ValueError, match="not a weekly pattern"):
        Pattern.from_json(wrong)


def test_a_pattern_is_told_in_words_with_the_parts_named():
    clinic = (time(16, 30), time(18, 30))
    parts = [Part("Before clinic", time(7), time(8, 30)), AFTER_CLINIC]
    assert slots.pattern_words(Pattern("UTC", ((1, *clinic), (3, *clinic))), parts) == (
        "Tuesdays and Thursdays, after clinic (4:30 – 6:30 pm)"
    )
    mixed = Pattern("UTC", ((0, time(12), time(13)), (0, *clinic), (2, *clinic)))
    assert slots.pattern_words(mixed, parts) == (
        "Mondays, 12:00 – 1:00 pm and after clinic (4:30 – 6:30 pm);"
        " Wednesdays, after clinic (4:30 – 6:30 pm)"
    )
    assert slots.pattern_words(Pattern("UTC", ()), parts) == ""
