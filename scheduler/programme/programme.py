"""The programme: the coordinator's standing scheme, its zone, hours, places and lead times."""

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db import Base

PARTS = [
    {"name": "Before clinic", "starts": "07:00", "ends": "08:30"},
    {"name": "Lunch", "starts": "12:00", "ends": "13:00"},
    {"name": "After clinic", "starts": "16:30", "ends": "18:30"},
    {"name": "Evening", "starts": "19:00", "ends": "20:30"},
]


class Programme(Base):
    """One coordinator's scheme; everything else belongs to exactly one programme."""

    __tablename__ = "programme"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(80))
    timezone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    parts: Mapped[list[Any]] = mapped_column(default_factory=lambda: [dict(part) for part in PARTS])
    """The parts of the day, in the programme's wall time: `{"name", "starts", "ends"}`."""
    weekdays: Mapped[list[Any]] = mapped_column(default_factory=lambda: [0, 1, 2, 3, 4])
    places: Mapped[list[Any]] = mapped_column(default_factory=list)
    minutes: Mapped[int] = mapped_column(default=30)
    notice_hours: Mapped[int] = mapped_column(default=24)
    answer_days: Mapped[int] = mapped_column(default=3)
    reminder_days: Mapped[list[Any]] = mapped_column(default_factory=lambda: [3, 6])
    quiet_from: Mapped[str] = mapped_column(String(5), default="21:00")
    quiet_to: Mapped[str] = mapped_column(String(5), default="07:30")
    offset_minutes: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    approves_first: Mapped[bool] = mapped_column(default=False)
    publishes_itself: Mapped[bool] = mapped_column(default=False)
    signup_numbers: Mapped[dict[str, Any]] = mapped_column(
        default_factory=lambda: {"any": 1, "mentor": 1, "student": 1}
    )
    """The number each signup link carries; raised to renew the link, negative while it is turned off."""
    texts: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """The coordinator's own words after a letter's greeting, by the letter's name; none where it has none."""
    needs_you_on: Mapped[str | None] = mapped_column(String(10), default=None)
    """The local date of the last morning's digest."""
    needs_you_told: Mapped[list[Any]] = mapped_column(default_factory=list)
    """What that morning's list held, in sentences."""

    @property
    def notice(self) -> timedelta:
        """How long before its start a chat must be settled at the latest."""
        return timedelta(hours=self.notice_hours)

    @property
    def answer_time(self) -> timedelta:
        """How long a student has to answer a proposed chat."""
        return timedelta(days=self.answer_days)

    @property
    def quiet(self) -> tuple[time, time]:
        """The local hours in which time writes to nobody."""
        return time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_to)

    @property
    def offsets(self) -> dict[str, timedelta]:
        """The programme's own lead times, by step name; where it has none, the tables' hold."""
        return {name: timedelta(minutes=minutes) for name, minutes in self.offset_minutes.items()}

    def open_letter_with(self, letter: str, words: str) -> None:
        """From now on these words stand after the greeting of this letter; empty, none do."""
        others = {name: kept for name, kept in self.texts.items() if name != letter}
        self.texts = others | ({letter: words} if words else {})

    def signup_number(self, role: str) -> int | None:
        """The number a signup link for `role` (any, mentor, student) must carry; None when turned off."""
        number = int(self.signup_numbers.get(role, 0))
        return number if number > 0 else None

    def renew_signup(self, role: str) -> None:
        """Make a new signup link for `role`; the former stops working."""
        numbers = dict(self.signup_numbers)
        numbers[role] = abs(numbers.get(role, 0)) + 1
        self.signup_numbers = numbers

    def turn_signup(self, role: str, *, on: bool) -> None:
        """Turn the signup link for `role` off, or on again as it was; twice is once."""
        numbers = dict(self.signup_numbers)
        numbers[role] = abs(numbers.get(role, 1)) * (1 if on else -1)
        self.signup_numbers = numbers
