"""Wall times, words and quiet hours, on ordinary days and on those when the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies

from scheduler import localtime

NEW_YORK, BERLIN, LORD_HOWE, KOLKATA = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
)
ZONES = [NEW_YORK, BERLIN, LORD_HOWE, KOLKATA]
HALF_PAST_FOUR = datetime(2026, 11, 3, 21, 30, tzinfo=UTC)
NIGHT = (time(21), time(7, 30))
HALF_HOUR = timedelta(minutes=30)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # the parts of a date are ints


def test_a_naive_moment_and_an_aware_wall_time_are_refused():
    with pytest.raises(ValueError, match="no time zone"):
        localtime.in_zone(HALF_PAST_FOUR.replace(tzinfo=None), NEW_YORK)
    with pytest.raises(ValueError, match="already carries"):
        localtime.at(date(2026, 11, 3), time(9, tzinfo=UTC), NEW_YORK)


@pytest.mark.parametrize(
    ("zone", "on", "wall", "expected"),
    [
        (NEW_YORK, date(2026, 10, 27), time(16, 30), utc(2026, 10, 27, 20, 30)),
        (NEW_YORK, date(2026, 11, 3), time(16, 30), utc(2026, 11, 3, 21, 30)),
        (NEW_YORK, date(2026, 11, 1), time(2), utc(2026, 11, 1, 7)),
        (BERLIN, date(2026, 10, 25), time(3), utc(2026, 10, 25, 2)),
        (LORD_HOWE, date(2026, 4, 5), time(2), utc(2026, 4, 4, 15, 30)),
        (LORD_HOWE, date(2026, 10, 4), time(2, 30), utc(2026, 10, 3, 15, 30)),
        (KOLKATA, date(2026, 11, 1), time(16, 30), utc(2026, 11, 1, 11)),
    ],
)
def test_a_wall_time_is_one_instant(zone, on, wall, expected):
    assert localtime.at(on, wall, zone) == expected


@pytest.mark.parametrize(
    ("zone", "on", "wall", "why"),
    [
        (NEW_YORK, date(2026, 3, 8), time(2, 30), "2:30 am on Sunday 8 March does not exist in New York"),
        (NEW_YORK, date(2026, 11, 1), time(1), "1:00 am on Sunday 1 November occurs twice in New York"),
        (BERLIN, date(2026, 3, 29), time(2), "2:00 am on Sunday 29 March does not exist in Berlin"),
        (BERLIN, date(2026, 10, 25), time(2, 59), "2:59 am on Sunday 25 October occurs twice in Berlin"),
        (
            LORD_HOWE,
            date(2026, 10, 4),
            time(2, 15),
            "2:15 am on Sunday 4 October does not exist in Lord Howe",
        ),
        (LORD_HOWE, date(2026, 4, 5), time(1, 45), "1:45 am on Sunday 5 April occurs twice in Lord Howe"),
    ],
)
def test_a_wall_time_skipped_or_repeated_is_refused_in_a_sentence(zone, on, wall, why):
    with pytest.raises(localtime.NoSuchTime) as refused:
        localtime.at(on, wall, zone)
    assert str(refused.value).startswith(why)


@given(
    strategies.sampled_from(ZONES), strategies.dates(date(2026, 1, 1), date(2027, 12, 31)), strategies.times()
)
@settings(max_examples=200, deadline=None)
def test_what_is_not_refused_comes_back_as_it_went(zone, on, wall):
    try:
        moment = localtime.at(on, wall, zone)
    except localtime.NoSuchTime:
        return
    assert localtime.in_zone(moment, zone).replace(tzinfo=None) == datetime.combine(on, wall)


@pytest.mark.parametrize(
    ("zone", "on", "first", "next_first"),
    [
        (NEW_YORK, date(2026, 3, 8), utc(2026, 3, 8, 5), utc(2026, 3, 9, 4)),
        (BERLIN, date(2026, 10, 25), utc(2026, 10, 24, 22), utc(2026, 10, 25, 23)),
        (LORD_HOWE, date(2026, 4, 5), utc(2026, 4, 4, 13), utc(2026, 4, 5, 13, 30)),
        (KOLKATA, date(2026, 11, 1), utc(2026, 10, 31, 18, 30), utc(2026, 11, 1, 18, 30)),
        # Cairo skips midnight: this Friday starts at one o'clock.
        ("Africa/Cairo", date(2026, 4, 24), utc(2026, 4, 23, 22), utc(2026, 4, 24, 21)),
    ],
)
def test_a_local_date_runs_from_its_first_to_its_last_instant(zone, on, first, next_first):
    assert localtime.start_of_day(on, zone) == first
    assert localtime.end_of_day(on, zone) == next_first - timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (localtime.day(HALF_PAST_FOUR, NEW_YORK), "Tue 3 Nov"),
        (localtime.day(HALF_PAST_FOUR, KOLKATA), "Wed 4 Nov"),
        (localtime.day(HALF_PAST_FOUR, NEW_YORK, year=True), "Tue 3 Nov 2026"),
        (localtime.day_long(HALF_PAST_FOUR, NEW_YORK), "Tuesday 3 November"),
        (localtime.clock(HALF_PAST_FOUR, NEW_YORK), "4:30 pm"),
        (localtime.clock(HALF_PAST_FOUR, KOLKATA), "3:00 am"),
        (localtime.clock(HALF_PAST_FOUR, BERLIN, locale="de_DE"), "22:30"),
        (localtime.span(HALF_PAST_FOUR, HALF_PAST_FOUR + HALF_HOUR, NEW_YORK), "4:30 – 5:00 pm"),
        (localtime.wall_span(time(11, 30), time(12)), "11:30 am – 12:00 pm"),
        (localtime.wall_span(time(22), time(0)), "10:00 pm – 12:00 am"),
        (
            localtime.span(HALF_PAST_FOUR, HALF_PAST_FOUR + timedelta(days=1), NEW_YORK),
            "4:30 pm – Wed 4 Nov, 4:30 pm",
        ),
        (
            localtime.when(HALF_PAST_FOUR, HALF_PAST_FOUR + HALF_HOUR, NEW_YORK),
            "Tuesday 3 November, 4:30 – 5:00 pm Eastern Standard Time (New York)",
        ),
        (localtime.dates(date(2026, 10, 26), date(2026, 11, 6)), "26 Oct – 6 Nov"),
        (localtime.dates(date(2026, 11, 2), date(2026, 11, 6)), "2 – 6 Nov"),
        (localtime.dates(date(2026, 11, 2), date(2026, 11, 2), full=True), "2 November"),
        (localtime.dates(date(2026, 12, 28), date(2027, 1, 8), year=True), "28 Dec 2026 – 8 Jan 2027"),
        (localtime.weekday(6), "Sunday"),
    ],
)
def test_times_read_as_in_our_letters_with_plain_spaces(words, expected):
    assert words == expected


def test_a_chat_across_the_change_names_the_clock_of_each_end():
    words = localtime.when(utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 6), NEW_YORK)
    assert words == (
        "Sunday 1 November, 1:30 am Eastern Daylight Time (New York)"
        " – 1:00 am Eastern Standard Time (New York)"
    )


@pytest.mark.parametrize(
    ("zone", "generic", "in_november", "in_july"),
    [
        (NEW_YORK, "Eastern Time (New York)", "Eastern Standard Time", "Eastern Daylight Time"),
        (
            BERLIN,
            "Central European Time (Berlin)",
            "Central European Standard Time",
            "Central European Summer Time",
        ),
        (
            LORD_HOWE,
            "Lord Howe Time (Lord Howe Island)",
            "Lord Howe Daylight Time",
            "Lord Howe Standard Time",
        ),
        (KOLKATA, "India Standard Time (Kolkata)", "India Standard Time", "India Standard Time"),
        ("America/Phoenix", "Mountain Time (Phoenix)", "Mountain Standard Time", "Mountain Standard Time"),
        ("Europe/London", "United Kingdom Time (London)", "Greenwich Mean Time", "British Summer Time"),
        ("Europe/Dublin", "Ireland Time (Dublin)", "Greenwich Mean Time", "Irish Standard Time"),
        ("Asia/Tomsk", "Russia Time (Tomsk)", "Russia Time", "Russia Time"),
        ("UTC", "Coordinated Universal Time", "Coordinated Universal Time", "Coordinated Universal Time"),
    ],
)
def test_a_zone_is_named_in_words_never_by_an_offset(zone, generic, in_november, in_july):
    assert localtime.zone_name(zone) == generic
    assert localtime.zone_name(zone, HALF_PAST_FOUR).partition(" (")[0] == in_november
    assert localtime.zone_name(zone, utc(2026, 7, 1)).partition(" (")[0] == in_july


@pytest.mark.parametrize(
    ("zone", "first", "last", "expected"),
    [
        (
            NEW_YORK,
            (10, 26),
            (11, 6),
            "Clocks go back on Sunday 1 November; these times already allow for it.",
        ),
        (NEW_YORK, (3, 8), (3, 8), "Clocks go forward on Sunday 8 March; these times already allow for it."),
        (NEW_YORK, (11, 2), (11, 6), None),
        (NEW_YORK, (10, 26), (10, 31), None),
        (LORD_HOWE, (4, 1), (4, 9), "Clocks go back on Sunday 5 April; these times already allow for it."),
        (
            "Africa/Cairo",
            (4, 20),
            (4, 24),
            "Clocks go forward on Friday 24 April; these times already allow for it.",
        ),
        (KOLKATA, (1, 1), (12, 31), None),
    ],
)
def test_a_change_of_the_clocks_is_told_in_one_sentence(zone, first, last, expected):
    assert localtime.clock_change(zone, date(2026, *first), date(2026, *last)) == expected


@pytest.mark.parametrize(
    ("zone", "moment", "quiet", "expected"),
    [
        (NEW_YORK, utc(2026, 11, 4, 3), NIGHT, utc(2026, 11, 4, 12, 30)),
        (NEW_YORK, utc(2026, 11, 4, 7), NIGHT, utc(2026, 11, 4, 12, 30)),
        (NEW_YORK, utc(2026, 11, 4, 12, 30), NIGHT, utc(2026, 11, 4, 12, 30)),
        (NEW_YORK, utc(2026, 11, 4, 7), (time(0), time(6)), utc(2026, 11, 4, 11)),
        (NEW_YORK, utc(2026, 11, 4, 7), (time(6), time(6)), utc(2026, 11, 4, 7)),
        # The end, 2:30 am, is skipped: the first moment after is 3:00 am.
        (NEW_YORK, utc(2026, 3, 8, 5), (time(21), time(2, 30)), utc(2026, 3, 8, 7)),
        (BERLIN, utc(2026, 3, 28, 22), (time(21), time(2, 15)), utc(2026, 3, 29, 1)),
        (LORD_HOWE, utc(2026, 10, 3, 14), (time(21), time(2, 10)), utc(2026, 10, 3, 15, 30)),
        # In the repeated hour, after the first 1:30 am, the second one ends it.
        (NEW_YORK, utc(2026, 11, 1, 6, 10), (time(21), time(1, 30)), utc(2026, 11, 1, 6, 30)),
        (KOLKATA, utc(2026, 11, 1, 17), NIGHT, utc(2026, 11, 2, 2)),
    ],
)
def test_a_moment_in_quiet_hours_slides_to_their_end_and_stays_there(zone, moment, quiet, expected):
    slid = localtime.after_quiet(moment, zone, quiet)
    assert slid == expected
    assert localtime.after_quiet(slid, zone, quiet) == slid


@given(
    strategies.sampled_from(ZONES),
    strategies.integers(0, 2 * 365 * 96),
    strategies.integers(0, 23),
    strategies.integers(16, 40),
)
@settings(max_examples=150, deadline=None)
def test_quiet_hours_end_where_a_walk_through_the_night_ends(zone, quarter, evening, morning):
    moment = utc(2026, 1, 1) + quarter * timedelta(minutes=15)
    quiet = (time(evening), time(morning // 4, morning % 4 * 15))
    walked = moment
    while quiet[0] <= (wall := walked.astimezone(ZoneInfo(zone)).time()) < quiet[1] or (
        quiet[0] > quiet[1] and (wall >= quiet[0] or wall < quiet[1])
    ):
        walked += timedelta(minutes=15)
    assert localtime.after_quiet(moment, zone, quiet) == walked


def test_next_morning_is_the_day_after_by_the_reader_s_clock():
    assert localtime.next_morning(HALF_PAST_FOUR, NEW_YORK) == utc(2026, 11, 4, 13)
    assert localtime.next_morning(HALF_PAST_FOUR, KOLKATA) == utc(2026, 11, 5, 2, 30)
    assert localtime.next_morning(utc(2026, 10, 31, 23), NEW_YORK) == utc(2026, 11, 1, 13)
    assert localtime.next_morning(utc(2026, 3, 7, 23), NEW_YORK, at=time(2, 30)) == utc(2026, 3, 8, 7)
