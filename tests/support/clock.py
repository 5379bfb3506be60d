"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from scheduler import clock


class Clock:
    """Stands in for the machine's time while the `with` block lasts: `at` sets it, `advance` moves it."""

    def __init__(self, zone: str = "America/New_York") -> None:
        self.zone = zone
        self.moment = datetime(2027, 3, 1, 9, tzinfo=ZoneInfo(zone)).astimezone(UTC)

    def __enter__(self) -> Self:
        self._before = clock.source
        clock.source = self.now
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        clock.source = self._before

    def now(self) -> datetime:
        """The moment it stands at, aware, in UTC."""
        return self.moment

    def at(self, wall: str, zone: str | None = None) -> datetime:
        """Sets the clock to a wall time such as "2027-03-02 09:00" in `zone` or its own; returns it in UTC.

        An hour that comes twice is its first; one that the spring skips raises ValueError.
        """
        local = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone or self.zone))
        self.moment = local.astimezone(UTC)
        if self.moment.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
            raise ValueError(f"there is no {wall} in {local.tzinfo}")
        return self.moment

    def advance(
        self, *, weeks: int = 0, days: int = 0, hours: int = 0, minutes: int = 0, seconds: int = 0
    ) -> datetime:
        """Moves it by true time: a day is 24 hours, also when clocks change. Returns the moment in UTC."""
        self.moment += timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self.moment
