"""Instants turned into people's wall time and words, and the hours in which people are left alone.

Inside the service a moment is aware UTC; here it meets a zone, given by its IANA name. Words carry plain
spaces only, because the same text goes into subjects, plain mail and calendars.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_time, get_timezone_location, get_timezone_name

ENGLISH = "en_US"


class NoSuchTime(ValueError):
    """A wall time that a day does not have, or has twice; the text is a sentence fit for a page."""


def read_tables() -> None:
    """Read the names of days, months and zones now: processes forked from this one share them."""
    _dated(date(2027, 3, 1), "EEEE d MMMM")


def in_zone(moment: datetime, zone: str) -> datetime:
    """The same instant on the clocks of `zone`. Raises ValueError for a naive moment."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no time zone; inside the service every moment is aware.")
    return moment.astimezone(ZoneInfo(zone))


def readings(on: date, wall: time, zone: str) -> tuple[datetime, datetime]:
    """The two instants (UTC) a wall time may be read as; they differ only where the clocks change.

    Occurring twice, it is read as the first and the second; not existing, by the clock before the change
    (which gives the later instant) and by the clock after it. Raises ValueError for an aware wall time.
    """
    if wall.tzinfo is not None:
        raise ValueError(f"{wall} already carries a zone; a wall time has none.")
    local = datetime.combine(on, wall, tzinfo=ZoneInfo(zone))
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def at(on: date, wall: time, zone: str) -> datetime:
    """The instant (UTC) of a wall time. Raises NoSuchTime if that day skips it or has it twice."""
    first, second = readings(on, wall, zone)
    if first == second:
        return first
    why = "does not exist" if first > second else "occurs twice"
    raise NoSuchTime(
        f"{_wall_clock(wall)} on {_dated(on, 'EEEE d MMMM')} {why} in {_city(zone, ENGLISH)},"
        " because the clocks change then. Please choose another time."
    )


def first_at_or_after(on: date, wall: time, zone: str) -> datetime:
    """The first instant (UTC) of that day whose wall time is `wall`, or the end of the gap it falls in."""
    late, early = readings(on, wall, zone)
    if late <= early:
        return late
    # The clocks jump somewhere after `early` and at the latest at `late`: halve until the second is known.
    before = in_zone(early, zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if in_zone(middle, zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def start_of_day(on: date, zone: str) -> datetime:
    """The first instant (UTC) of a local date; not midnight where the clocks skip midnight."""
    return first_at_or_after(on, time.min, zone)


def end_of_day(on: date, zone: str) -> datetime:
    """The last instant (UTC) of a local date, a microsecond before the next date starts."""
    return start_of_day(on + timedelta(days=1), zone) - timedelta(microseconds=1)


def next_morning(moment: datetime, zone: str, at: time = time(8)) -> datetime:
    """`at` o'clock (UTC instant) on the local date after the moment's own."""
    return first_at_or_after(in_zone(moment, zone).date() + timedelta(days=1), at, zone)


def in_quiet_hours(moment: datetime, zone: str, quiet: tuple[time, time]) -> bool:
    """Whether the moment's wall time is from the first of `quiet` up to, not including, the second.

    The hours may span midnight; two equal times mean that there are none.
    """
    wall = in_zone(moment, zone).time()
    starts, ends = quiet
    if starts <= ends:
        return starts <= wall < ends
    return wall >= starts or wall < ends


def after_quiet(moment: datetime, zone: str, quiet: tuple[time, time]) -> datetime:
    """The moment itself (UTC), or, inside the quiet hours, the next instant at which they end.

    Where the clocks skip that end, it is the first instant after the gap. A second call changes nothing.
    """
    here = in_zone(moment, zone)
    if not in_quiet_hours(moment, zone, quiet):
        return moment.astimezone(UTC)
    days = [here.date(), here.date() + timedelta(days=1)]
    ends = [first_at_or_after(on, quiet[1], zone) for on in days]
    # On the day the clocks go back the end may come a second time.
    ends += [readings(on, quiet[1], zone)[1] for on in days]
    return min(end for end in ends if end > moment and not in_quiet_hours(end, zone, quiet))


def day(moment: datetime, zone: str, *, year: bool = False, locale: str = ENGLISH) -> str:
    """Like "Tue 3 Nov"."""
    return _dated(in_zone(moment, zone).date(), "EEE d MMM", year=year, locale=locale)


def day_long(moment: datetime, zone: str, *, year: bool = False, locale: str = ENGLISH) -> str:
    """Like "Tuesday 3 November"."""
    return _dated(in_zone(moment, zone).date(), "EEEE d MMMM", year=year, locale=locale)


def date_long(on: date, *, year: bool = False, locale: str = ENGLISH) -> str:
    """ "Tuesday 3 November" of a date that is nobody's instant."""
    return _dated(on, "EEEE d MMMM", year=year, locale=locale)


def day_and_month(on: date, *, year: bool = False, locale: str = ENGLISH) -> str:
    """Like "3 November"."""
    return _dated(on, "d MMMM", year=year, locale=locale)


def weekday(number: int, *, locale: str = ENGLISH) -> str:
    """Like "Monday" for 0, as datetime counts them."""
    return str(Locale.parse(locale).days["format"]["wide"][number])


def dates(
    first_on: date, last_on: date, *, full: bool = False, year: bool = False, locale: str = ENGLISH
) -> str:
    """ "26 Oct – 6 Nov", "2 – 6 Nov", "2 Nov"; `full` spells the months out."""
    month = "d MMMM" if full else "d MMM"
    last = _dated(last_on, month, year=year, locale=locale)
    if first_on == last_on:
        return last
    if (first_on.year, first_on.month) == (last_on.year, last_on.month):
        return f"{first_on.day} – {last}"
    twice = year and first_on.year != last_on.year
    return f"{_dated(first_on, month, year=twice, locale=locale)} – {last}"


def clock(moment: datetime, zone: str, *, locale: str = ENGLISH) -> str:
    """Like "4:30 pm"."""
    return _wall_clock(in_zone(moment, zone).time(), locale)


def wall_span(starts: time, ends: time, *, locale: str = ENGLISH) -> str:
    """ "4:30 – 5:00 pm": am or pm is said once where both times share it and the second is later."""
    first, second = _wall_clock(starts, locale), _wall_clock(ends, locale)
    half = first.partition(" ")[2]
    if half and starts < ends and second.endswith(f" {half}"):
        first = first.removesuffix(f" {half}")
    return f"{first} – {second}"


def span(starts_at: datetime, ends_at: datetime, zone: str, *, locale: str = ENGLISH) -> str:
    """ "4:30 – 5:00 pm"; the day of the end is named only when the clock alone could mislead."""
    first, second = in_zone(starts_at, zone), in_zone(ends_at, zone)
    if second.date() == first.date() or ends_at - starts_at < timedelta(hours=12):
        return wall_span(first.time(), second.time(), locale=locale)
    return f"{clock(starts_at, zone, locale=locale)} – {day(ends_at, zone, locale=locale)}, " + clock(
        ends_at, zone, locale=locale
    )


def when(
    starts_at: datetime, ends_at: datetime, zone: str, *, year: bool = False, locale: str = ENGLISH
) -> str:
    """ "Tuesday 3 November, 4:30 – 5:00 pm Eastern Standard Time (New York)": all one needs to be there."""
    on = day_long(starts_at, zone, year=year, locale=locale)
    first, second = (zone_name(zone, moment, locale=locale) for moment in (starts_at, ends_at))
    if first == second:
        return f"{on}, {span(starts_at, ends_at, zone, locale=locale)} {first}"
    # The clocks change while they talk: each end is told by its own name, else the chat may seem to run back.
    ends = f"{clock(ends_at, zone, locale=locale)} {second}"
    return f"{on}, {clock(starts_at, zone, locale=locale)} {first} – {ends}"


def zone_name(zone: str, moment: datetime | None = None, *, locale: str = ENGLISH) -> str:
    """ "Eastern Time (New York)" for a range of days; "Eastern Standard Time (New York)" at one moment."""
    return _zone_name(zone, "generic" if moment is None else _kind(moment, zone), locale)


@lru_cache(maxsize=1024)
def _zone_name(zone: str, kind: str, locale: str) -> str:
    names = _long_names(zone, locale)
    name = names.get(kind) or names.get("generic")
    if not name and "daylight" not in names:
        # A place whose clocks never change has only the one name (Unicode LDML, part 4, "generic format").
        name = names.get("standard")
    place = get_global("zone_aliases").get(zone, zone)
    if "/" not in place or place.startswith("Etc/"):
        fixed = datetime(2000, 1, 1, tzinfo=ZoneInfo(zone))
        return _plain(name or get_timezone_name(fixed, width="long", locale=locale))
    if not name:
        # "Russia (Tomsk) Time": the city stands at the end already.
        region = get_timezone_name(ZoneInfo(zone), width="long", locale=locale)
        # A zone younger than Babel's tables would be called "Unknown Region Time".
        name = _without_brackets(region) if place in get_global("zone_territories") else "Local Time"
    return _plain(f"{name} ({_city(zone, locale)})")


@lru_cache(maxsize=1024)
def clock_change(zone: str, first_on: date, last_on: date) -> str | None:
    """One sentence naming each date from first to last on which the clocks change, or None."""
    told = []
    before = in_zone(start_of_day(first_on, zone), zone).utcoffset()
    on = first_on
    while on <= last_on:
        after = in_zone(end_of_day(on, zone), zone).utcoffset()
        if before is not None and after is not None and before != after:
            told.append(f"{'back' if after < before else 'forward'} on {date_long(on)}")
        before, on = after, on + timedelta(days=1)
    return f"Clocks go {' and '.join(told)}; these times already allow for it." if told else None


@lru_cache(maxsize=4096)
def _dated(on: date, pattern: str, *, year: bool = False, locale: str = ENGLISH) -> str:
    return _plain(format_date(on, f"{pattern} y" if year else pattern, locale=locale))


@lru_cache(maxsize=4096)
def _wall_clock(wall: time, locale: str = ENGLISH) -> str:
    if "a" not in Locale.parse(locale).time_formats["short"].pattern:
        return _plain(format_time(wall, "HH:mm", locale=locale))
    return _plain(format_time(wall, "h:mm a", locale=locale)).lower()


def _plain(text: str) -> str:
    """Babel sets thin, narrow and no-break spaces; subjects and calendars want the one on the keyboard."""
    return " ".join(text.split())


def _without_brackets(text: str) -> str:
    before, _, rest = text.partition("(")
    return before + rest.partition(")")[2]


def _city(zone: str, locale: str) -> str:
    location = get_timezone_location(ZoneInfo(zone), locale=locale, return_city=True)
    return _plain(location.rpartition("/")[2])


@lru_cache(maxsize=1)
def _former_names() -> Mapping[str, list[str]]:
    former: dict[str, list[str]] = {}
    for old, new in get_global("zone_aliases").items():
        former.setdefault(new, []).append(old)
    return former


def _long_names(zone: str, locale: str) -> Mapping[str, str]:
    """The zone's names by kind; Unicode files some (Asia/Kolkata) under the name they had before."""
    place = get_global("zone_aliases").get(zone, zone)
    spoken = Locale.parse(locale)
    names: dict[str, Any] = {}
    for known in (place, *_former_names().get(place, ())):
        shared = spoken.meta_zones.get(get_global("meta_zones").get(known, ""), {})
        own = spoken.time_zones.get(known, {})
        for long in (shared.get("long"), own.get("long")):
            names.update(long or {})
    return names


def _kind(moment: datetime, zone: str) -> str:
    """Daylight time is the greater of the year's offsets; `dst()` is upside down in Dublin."""
    year = in_zone(moment, zone).year
    offsets = [datetime(year, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7)]
    usual = min(offset for offset in offsets if offset is not None)
    return "daylight" if in_zone(moment, zone).utcoffset() != usual else "standard"
