"""The time zones to choose from in a form."""

import functools
import zoneinfo

from scheduler import localtime

REGIONS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


def choices(*usual: str) -> tuple[tuple[str, str], ...]:
    """Zones as (IANA name, words): the usual ones first and told in full, then all others by region."""
    first = dict.fromkeys(usual)
    named = tuple((zone, localtime.zone_name(zone)) for zone in first)
    return named + tuple(choice for choice in _by_region() if choice[0] not in first)


@functools.cache
def _by_region() -> tuple[tuple[str, str], ...]:
    zones = sorted(zone for zone in zoneinfo.available_timezones() if zone.startswith(REGIONS))
    return tuple((zone, zone.replace("_", " ").replace("/", " / ")) for zone in zones)
