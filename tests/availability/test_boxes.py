"""The picker: what it offers on each date, and what the ticked keys come to, from form keys alone."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings, strategies

from scheduler.availability import boxes, slots
from scheduler.availability.boxes import BadChoice
from scheduler.availability.slots import Part, Pattern, Slot, Window

LUNCH = Part("Lunch", time(12), time(13))
CLINIC = Part("After clinic", time(16, 30), time(18, 30))
HOUR = timedelta(hours=1)


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def autumn(**other: object) -> Window:
    """Two weeks in New York with the end of summer time between them."""
    given_ = {
        "first_on": date(2026, 10, 26),
        "last_on": date(2026, 11, 6),
        "zone": "America/New_York",
        "parts": (LUNCH, CLINIC),
        "length": timedelta(minutes=30),
        "earliest": utc(10, 1, 0),
    } | other
    return Window(**given_)  # type: ignore[arg-type]  # mixed values


def test_open_dates_stand_in_order_by_week_without_weekends_and_blocked_days():
    offered = boxes.days(autumn(blocked=((date(2026, 10, 28), date(2026, 11, 3)),)), [])
    assert [day.on.day for day in offered] == [26, 27, 4, 5, 6]
    assert [(week.title, week.on, len(week.days)) for week in boxes.weeks(offered)] == [
        ("Week of 26 October", date(2026, 10, 26), 2),
        ("Week of 2 November", date(2026, 11, 2), 3),
    ]


def test_a_day_offers_its_parts_and_the_half_hours_between_first_start_and_last_end():
    day = boxes.days(autumn(), [])[6]
    assert day.parts[1] == (
        "20261103-1630-1830",
        "After clinic 4:30 – 6:30 pm",
        utc(11, 3, 21, 30),
        utc(11, 3, 23, 30),
        "free",
    )
    assert [half.key[9:] for half in day.halves[:2]] == ["1200-1230", "1230-1300"]
    assert (len(day.halves), day.halves[-1].label) == (13, "6:00 – 6:30 pm")


def test_a_reader_elsewhere_sees_the_programme_s_hours_on_their_own_clock():
    day = boxes.days(autumn(reader_zone="Asia/Kolkata"), [])[6]
    assert [part.label for part in day.parts] == [
        "Lunch 10:30 – 11:30 pm",
        "After clinic Wed 4 Nov, 3:00 – 5:00 am",
    ]
    assert day.parts[1].key == "20261103-1630-1830"


def test_a_ragged_part_is_cut_at_its_own_edges():
    ragged = autumn(parts=(Part("Early", time(7, 15), time(8)), Part("Late", time(23), time(0))))
    day = boxes.days(ragged, [])[0]
    assert [half.key[9:] for half in day.halves[:3]] == ["0715-0745", "0745-0800", "0800-0815"]
    assert day.halves[-1].key == "20261026-2345-2400"
    assert day.parts[1].ends_at == utc(10, 27, 4)


def test_what_cannot_be_ticked_is_shown_with_its_reason():
    now = autumn(earliest=utc(10, 26, 20, 40))
    monday = boxes.days(now, [Slot(utc(10, 26, 21), utc(10, 26, 21, 15))])[0]
    assert [part.state for part in monday.parts] == ["too soon", "free"]
    assert [half.state for half in monday.halves[-4:]] == ["too soon", "taken", "free", "free"]
    full = boxes.days(now, [Slot(utc(10, 26, 20, 30), utc(10, 26, 22, 30))])[0]
    assert full.parts[1].state == "taken"


@pytest.mark.parametrize(
    ("zone", "on", "expected"),
    [
        ("America/New_York", date(2026, 3, 8), ["0100-0130", "0300-0330", "0330-0400"]),
        ("America/New_York", date(2026, 11, 1), ["0200-0230", "0230-0300", "0300-0330", "0330-0400"]),
        ("Europe/Berlin", date(2026, 3, 29), ["0100-0130", "0300-0330", "0330-0400"]),
        ("Europe/Berlin", date(2026, 10, 25), ["0100-0130", "0300-0330", "0330-0400"]),
        # Half an hour only: from 2:00 on to 2:30, and from 2:00 back to 1:30.
        ("Australia/Lord_Howe", date(2026, 10, 4), ["0100-0130", "0230-0300", "0300-0330", "0330-0400"]),
        ("Australia/Lord_Howe", date(2026, 4, 5), ["0200-0230", "0230-0300", "0300-0330", "0330-0400"]),
        (
            "Asia/Kolkata",
            date(2026, 11, 1),
            [f"0{n // 2}{n % 2 * 3}0-0{(n + 1) // 2}{(n + 1) % 2 * 3}0" for n in range(2, 8)],
        ),
    ],
)
def test_at_night_half_hours_that_the_clocks_skip_or_repeat_are_not_offered(zone, on, expected):
    night = autumn(
        zone=zone, first_on=on, last_on=on, parts=(Part("Night", time(1), time(4)),), weekdays=(6,)
    )
    [day] = boxes.days(night, [])
    assert [half.key[9:] for half in day.halves] == expected
    assert all(half.ends_at - half.starts_at == HOUR / 2 for half in day.halves)


def test_ticks_are_a_union_of_parts_and_half_hours():
    keys = ["20261103-1630-1830", "20261103-1730-1800", "20261103-1600-1630", "20261105-1200-1230"]
    assert boxes.chosen(autumn(), keys, repeat=False, taken=[]) == (
        [Slot(utc(11, 3, 21), utc(11, 3, 23, 30)), Slot(utc(11, 5, 17), utc(11, 5, 17, 30))],
        0,
    )


def test_repeat_adds_the_first_week_to_the_later_ones_by_wall_time():
    got = boxes.chosen(autumn(), ["20261027-1630-1830", "20261105-1200-1300"], repeat=True, taken=[])
    assert got.slots == [
        Slot(utc(10, 27, 20, 30), utc(10, 27, 22, 30)),
        Slot(utc(11, 3, 21, 30), utc(11, 3, 23, 30)),
        Slot(utc(11, 5, 17), utc(11, 5, 18)),
    ]


def test_repeat_counts_a_first_tick_that_has_become_too_soon_in_later_weeks():
    late = autumn(earliest=utc(10, 28, 0))
    got = boxes.chosen(late, ["20261027-1630-1830"], repeat=True, taken=[])
    assert got.slots == [Slot(utc(11, 3, 21, 30), utc(11, 3, 23, 30))]


@pytest.mark.parametrize(
    "stale",
    [
        "20261103-1630-1830",
        "20261104-1200-1300",
        "20261031-1200-1300",
        "20270101-1200-1300",
        "20261105-1215-1245",
        "20261026-1200-1300",
        "20261105-0000-2400",
    ],
)
def test_a_key_not_offered_any_more_adds_nothing(stale):
    now = autumn(earliest=utc(10, 26, 20), blocked=((date(2026, 11, 4), date(2026, 11, 4)),))
    taken = [Slot(utc(11, 3, 21), utc(11, 4, 0))]
    assert boxes.chosen(now, [stale], repeat=False, taken=taken) == ([], 0)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "on",
        "20261103",
        "20261103-1630",
        "20261303-1630-1830",
        "20261103-1630-1830\n",
        "2026W451-1630-1830",
        "٢٠٢٦١١٠٣-1630-1830",
        "20261103-1630-1830-",
    ],
)
def test_a_key_of_another_form_is_refused_in_a_sentence(wrong):
    with pytest.raises(BadChoice, match=r"could not be read\. Please open the page again\.$"):
        boxes.chosen(autumn(), ["20261103-1630-1830", wrong], repeat=False, taken=[])


def test_pieces_shorter_than_a_chat_are_kept_out_and_counted():
    long = autumn(length=HOUR)
    keys = ["20261103-1630-1700", "20261103-1730-1800", "20261103-1800-1830", "20261104-1200-1230"]
    assert boxes.chosen(long, keys, repeat=False, taken=[]) == (
        [Slot(utc(11, 3, 22, 30), utc(11, 3, 23, 30))],
        2,
    )


offered_keys = [box.key for day in boxes.days(autumn(), []) for box in day.parts + day.halves]


@given(strategies.sets(strategies.sampled_from(offered_keys), max_size=12), strategies.booleans())
@settings(max_examples=40, deadline=None)
def test_ticking_a_part_is_ticking_all_its_half_hours(keys, repeat):
    halves = {
        half.key
        for day in boxes.days(autumn(), [])
        for box in day.parts + day.halves
        if box.key in keys
        for half in day.halves
        if box.starts_at <= half.starts_at and half.ends_at <= box.ends_at
    }
    by_parts = boxes.chosen(autumn(), keys, repeat=repeat, taken=[])
    assert by_parts == boxes.chosen(autumn(), halves, repeat=repeat, taken=[])


def test_programme_hours_are_its_parts_less_the_weekly_timetable():
    never = Pattern("America/New_York", ((0, time(12), time(13)), (1, time(16), time(18))))
    two_days = autumn(first_on=date(2026, 11, 2), last_on=date(2026, 11, 3))
    assert slots.programme_hours(two_days, never) == [
        Slot(utc(11, 2, 21, 30), utc(11, 2, 23, 30)),
        Slot(utc(11, 3, 17), utc(11, 3, 18)),
        Slot(utc(11, 3, 23), utc(11, 3, 23, 30)),
    ]
    assert slots.programme_hours(autumn(earliest=utc(11, 6, 22, 40))) == [
        Slot(utc(11, 6, 22, 45), utc(11, 6, 23, 30))
    ]


def test_a_timetable_s_hour_that_occurs_twice_is_never_free():
    night = Part("Night", time(0), time(4))
    sunday = autumn(first_on=date(2026, 11, 1), last_on=date(2026, 11, 1), weekdays=(6,), parts=(night,))
    never = Pattern("America/New_York", ((6, time(0), time(1, 30)),))
    # Half past one comes at 5:30 and at 6:30 UTC; half-hours that touch the repeated hour are not offered.
    assert slots.programme_hours(sunday, never) == [Slot(utc(11, 1, 7), utc(11, 1, 9))]
    assert slots.programme_hours(sunday) == [
        Slot(utc(11, 1, 4), utc(11, 1, 4, 30)),
        Slot(utc(11, 1, 7), utc(11, 1, 9)),
    ]
