"""A programme's settings as its coordinator writes them: read, with a sentence for each fault, and kept."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from scheduler import localtime
from scheduler.programme import names
from scheduler.programme.programme import Programme

_SPAN = re.compile(r"^(.*?)[:\s]\s*(\d{1,2}[:.]\d{2})\s*(?:-|–|—|to)\s*(\d{1,2}[:.]\d{2})$")
MOST_PARTS, MOST_PLACES = 12, 200
NUMBERS = {
    "minutes": ("A chat’s length", 15, 120),
    "notice_hours": ("The notice", 1, 168),
    "answer_days": ("The time to answer", 1, 14),
    "remind": ("The reminder before a chat", 1, 96),
}
"""Fields that are whole numbers: what they are called, the least and the most."""
MOST_REMIND_AGAIN = 240


class Misfit(ValueError):
    """Settings that cannot be kept; `faults` has a sentence for each field in question."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


class BadTime(ValueError):
    """What was written is no time of day; the text is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """The settings of a programme, as they are kept; two lead times in minutes by step name."""

    name: str
    timezone: str
    minutes: int
    notice_hours: int
    answer_days: int
    reminder_days: list[int]
    quiet_from: str
    quiet_to: str
    parts: list[dict[str, str]]
    weekdays: list[int]
    places: list[str]
    offset_minutes: dict[str, int]
    approves_first: bool
    publishes_itself: bool


def written(programme: Programme) -> dict[str, Any]:
    """The programme's settings as the form shows them."""
    offsets = programme.offset_minutes
    return {
        "name": programme.name,
        "timezone": programme.timezone,
        "minutes": str(programme.minutes),
        "notice_hours": str(programme.notice_hours),
        "answer_days": str(programme.answer_days),
        "reminder_days": ", ".join(map(str, programme.reminder_days)),
        "quiet_from": programme.quiet_from,
        "quiet_to": programme.quiet_to,
        "parts": "\n".join(f"{part['name']} {part['starts']}–{part['ends']}" for part in programme.parts),
        "weekdays": list(map(str, programme.weekdays)),
        "places": "\n".join(programme.places),
        "remind": str(abs(offsets.get("remind", 24 * 60)) // 60),
        "remind_again": str(abs(offsets["remind_again"])) if "remind_again" in offsets else "",
        "approves_first": programme.approves_first,
        "publishes_itself": programme.publishes_itself,
    }


def read(sent: Mapping[str, str], weekdays: Sequence[str]) -> Arrangement:
    """The form as it was sent. Raises Misfit with a sentence for every field that cannot be kept."""
    faults: dict[str, str] = {}
    numbers = {field: _number(sent, field, faults) for field in NUMBERS}
    found = Arrangement(
        name=_name(sent, faults),
        timezone=_zone(sent, faults),
        minutes=_quarters(numbers["minutes"], faults),
        notice_hours=numbers["notice_hours"],
        answer_days=numbers["answer_days"],
        reminder_days=_days(sent, faults),
        quiet_from=_wall(sent, "quiet_from", faults),
        quiet_to=_wall(sent, "quiet_to", faults),
        parts=_parts(sent, numbers["minutes"], faults),
        weekdays=_weekdays(weekdays, faults),
        places=_places(sent, faults),
        offset_minutes=_offsets(numbers["remind"], sent, faults),
        approves_first=sent.get("approves_first") == "yes",
        publishes_itself=sent.get("publishes_itself") == "yes",
    )
    if faults:
        raise Misfit(faults)
    return found


def keep(programme: Programme, wanted: Arrangement) -> None:
    """Put the settings in force; lead times the form does not show stay. The same again changes nothing."""
    for field in Arrangement.__dataclass_fields__:
        if field != "offset_minutes":
            setattr(programme, field, getattr(wanted, field))
    rest = {k: v for k, v in programme.offset_minutes.items() if k not in ("remind", "remind_again")}
    programme.offset_minutes = rest | wanted.offset_minutes


def _name(sent: Mapping[str, str], faults: dict[str, str]) -> str:
    try:
        return names.clean_title(sent.get("name", ""))
    except names.BadTitle as error:
        faults["name"] = str(error)
        return ""


def _zone(sent: Mapping[str, str], faults: dict[str, str]) -> str:
    try:
        return names.known_zone(sent.get("timezone", ""))
    except names.BadZone as error:
        faults["timezone"] = str(error)
        return ""


def _number(sent: Mapping[str, str], field: str, faults: dict[str, str]) -> int:
    label, least, most = NUMBERS[field]
    text = sent.get(field, "").strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else -1
    if not least <= number <= most:
        faults[field] = f"{label} must be a whole number from {least} to {most}."
    return number


def _quarters(minutes: int, faults: dict[str, str]) -> int:
    if minutes % 15:
        faults.setdefault("minutes", "A chat’s length must be in quarters of an hour, like 30 or 45.")
    return minutes


def _days(sent: Mapping[str, str], faults: dict[str, str]) -> list[int]:
    written_days = sent.get("reminder_days", "").replace(",", " ").split()
    if any(not (day.isascii() and day.isdigit() and 1 <= int(day[:3]) <= 60) for day in written_days):
        faults["reminder_days"] = "Reminders are days after asking, from 1 to 60, like “3, 6”."
        return []
    days = sorted({int(day[:3]) for day in written_days})
    if len(days) > 3:
        faults["reminder_days"] = "Three reminders are the most; people who stay silent want to."
    return days


def _wall(sent: Mapping[str, str], field: str, faults: dict[str, str]) -> str:
    try:
        return time_of_day(sent.get(field, ""))
    except BadTime as error:
        faults[field] = str(error)
        return ""


def time_of_day(text: str) -> str:
    """A time of day as we keep it, like "21:00". Raises BadTime."""
    try:
        return time.fromisoformat(text.strip()).strftime("%H:%M")
    except ValueError:
        raise BadTime("A time of day is written like 21:00.") from None


def _parts(sent: Mapping[str, str], minutes: int, faults: dict[str, str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for line in filter(None, map(str.strip, sent.get("parts", "").splitlines())):
        part = _part(line)
        if part is None:
            faults["parts"] = (
                f"“{names.clean_text(line, 60)}” is not a name and two times, like “Lunch 12:00–13:00”."
            )
            return []
        if part["starts"] >= part["ends"]:
            faults["parts"] = f"{names.quoted(line)} must end after it begins."
            return []
        found.append(part)
    found.sort(key=lambda part: part["starts"])
    if not 1 <= len(found) <= MOST_PARTS:
        faults["parts"] = f"A day needs one part at least, and {MOST_PARTS} at most."
    elif any(one["ends"] > two["starts"] for one, two in zip(found, found[1:], strict=False)):
        faults["parts"] = "The parts of the day must not overlap."
    elif "minutes" not in faults and (unfit := too_short(found, minutes)):
        faults["parts"] = f"{unfit} Make the part longer, or the chats shorter."
    return found


def too_short(parts: Sequence[Mapping[str, str]], minutes: int) -> str:
    """Which parts of the day a chat of so many minutes does not fit into, in a sentence; empty if it does."""
    lengths = [(part["name"], _lasts(part["starts"], part["ends"])) for part in parts]
    unfit = [f"“{name}” ({lasts} minutes)" for name, lasts in lengths if lasts < minutes]
    return f"A chat of {minutes} minutes does not fit into {' or '.join(unfit)}." if unfit else ""


def _lasts(starts: str, ends: str) -> int:
    first, last = time.fromisoformat(starts), time.fromisoformat(ends)
    return (60 * (last.hour - first.hour) + last.minute - first.minute) % (24 * 60)


def _part(line: str) -> dict[str, str] | None:
    match = _SPAN.match(names.clean_text(line, 100))
    if match is None:
        return None
    name = names.clean_text(match[1].strip(" :"), 40)
    try:
        starts, ends = (time.fromisoformat(wall.replace(".", ":").zfill(5)) for wall in match.groups()[1:])
    except ValueError:
        return None
    if not name:
        return None
    return {"name": name, "starts": starts.strftime("%H:%M"), "ends": ends.strftime("%H:%M")}


def _places(sent: Mapping[str, str], faults: dict[str, str]) -> list[str]:
    try:
        places = [names.clean_place(line) for line in sent.get("places", "").splitlines()]
    except names.BadPlace as error:
        faults["places"] = str(error)
        return []
    if len(places) > MOST_PLACES:
        faults["places"] = f"A programme can have {MOST_PLACES} places at most."
    return list(filter(None, places))


def _weekdays(sent: Sequence[str], faults: dict[str, str]) -> list[int]:
    days = sorted({int(day) for day in sent if day in {*"0123456"}})
    if not days:
        faults["weekdays"] = "Choose one day of the week at least."
    return days


def _offsets(remind: int, sent: Mapping[str, str], faults: dict[str, str]) -> dict[str, int]:
    found = {"remind": remind * 60}
    again = sent.get("remind_again", "").strip()
    if again:
        minutes = int(again) if again.isascii() and again.isdigit() and len(again) < 5 else 0
        if not 5 <= minutes <= MOST_REMIND_AGAIN:
            faults["remind_again"] = (
                f"The second reminder comes 5 to {MOST_REMIND_AGAIN} minutes before; empty for none."
            )
        found["remind_again"] = minutes
    return found


def weekday_choices() -> list[tuple[str, str]]:
    """The days of the week as a form offers them."""
    return [(str(number), localtime.weekday(number)) for number in range(7)]
