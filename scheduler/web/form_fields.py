"""Forms of the board, read: dates, spans of dates, class lists; a sentence for what cannot be read."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Request

from scheduler import localtime
from scheduler.programme import arrangement, free_days

LARGEST_HIDDEN = 600_000
"""A class list up to this size travels through the preview's form; a larger one is chosen again."""
LONGEST_AHEAD = timedelta(days=731)
"""Two years: so far from today a date of ours may lie."""


class Unreadable(ValueError):
    """A form that cannot be taken; `faults` has a sentence for each field in question."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


class BadDate(ValueError):
    """A date that cannot be taken; the text is a sentence fit for a page."""


def round_dates(sent: Mapping[str, str], today: date) -> dict[str, Any]:
    """What `running.open_round` takes of the form that opens a round. Raises Unreadable."""
    faults: dict[str, str] = {}
    found: dict[str, Any] = {
        "first_on": _date(sent, "first_on", today, faults),
        "last_on": _date(sent, "last_on", today, faults),
        "answer_on": _date(sent, "answer_on", today, faults) if sent.get("answer_on", "").strip() else None,
        "minutes": _minutes(sent, faults),
        "blocked": _blocked(sent.get("blocked", ""), faults),
        "quiet_from": _time(sent, "quiet_from", faults),
        "quiet_to": _time(sent, "quiet_to", faults),
    }
    if faults:
        raise Unreadable(faults)
    return found


def _date(sent: Mapping[str, str], field: str, today: date, faults: dict[str, str]) -> date | None:
    found = some_date(sent.get(field, ""))
    if found is None:
        faults[field] = "Please give a date, like 2027-03-08."
    elif abs(found - today) > LONGEST_AHEAD:
        faults[field] = "Please give a date within two years of today."
    return found


def _minutes(sent: Mapping[str, str], faults: dict[str, str]) -> int:
    text = sent.get("minutes", "").strip()
    if text.isascii() and text.isdigit() and 15 <= int(text[:4]) <= 120:
        return int(text[:4])
    faults["minutes"] = "Please choose how long a chat lasts."
    return 0


def _time(sent: Mapping[str, str], field: str, faults: dict[str, str]) -> str | None:
    try:
        return arrangement.time_of_day(sent[field]) if sent.get(field, "").strip() else None
    except arrangement.BadTime as error:
        faults[field] = str(error)
        return None


def _blocked(text: str, faults: dict[str, str]) -> list[dict[str, str]]:
    try:
        return free_days.read(text)
    except free_days.BadSpan as error:
        faults["blocked"] = str(error)
        return []


def class_list(request: Request) -> bytes:
    """The class list a form brings: a file, or pasted text, or the one its preview kept."""
    file = request.files.get("file")
    if file is not None:
        file.seek(0)  # a view that is tried once more reads it again
    content = bytes(file.read()) if file is not None else b""
    if content:
        return content
    try:
        kept = base64.b64decode(request.form.get("kept", ""), validate=True)
    except (binascii.Error, ValueError):
        kept = b""
    return kept or request.form.get("text", "").encode()


def kept(raw: bytes) -> str:
    """A class list as a hidden field carries it; empty when it is too large for one."""
    return base64.b64encode(raw).decode() if len(raw) <= LARGEST_HIDDEN else ""


def pause_end(text: str, zone: str, now: datetime) -> datetime:
    """The beginning, in `zone`, of the written day a pause ends on. Raises BadDate."""
    on, today = some_date(text), localtime.in_zone(now, zone).date()
    if on is None:
        raise BadDate("Please say until when, as a date.")
    if not today < on <= today + LONGEST_AHEAD:
        raise BadDate("Please choose a day to come, within two years.")
    return localtime.start_of_day(on, zone)


def act(sent: Mapping[str, str]) -> tuple[str, datetime | None]:
    """What a form about a chat asks for, and the start it names: beside the act ("move:1793136600"), or in a
    field of its own, `t`."""
    name, _, start = sent.get("act", "").partition(":")
    return name, moment(start or sent.get("t", ""))


def moment(seconds: str) -> datetime | None:
    """A moment as a form or a link names it; None for anything else."""
    is_time = seconds.isascii() and seconds.isdigit() and len(seconds) <= 11
    return datetime.fromtimestamp(int(seconds), UTC) if is_time else None


def some_date(text: str) -> date | None:
    """A date as a form sends it; None for anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
