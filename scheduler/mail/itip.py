"""What a calendar says by mail (RFC 5546): an answer, another time proposed, or something that is none."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Any

import icalendar

from scheduler.mail import invite, parts
from scheduler.mail.meaning import Kind, Meaning, Unreadable

CALENDAR_LIMIT = 256_000
CALENDARS_LIMIT = 5
COMMENT_LIMIT = 2_000
UID_LIMIT = 255
SEQUENCE_LIMIT = 2**31 - 1

ANSWERS = frozenset({"ACCEPTED", "DECLINED", "TENTATIVE"})
OTHERS = {
    "DELEGATED": "The person answered that somebody else shall come.",
    "NEEDS-ACTION": "The calendar says neither yes nor no nor maybe.",
}
"""PARTSTATs that are no answer, and why; a missing or unknown one is NEEDS-ACTION (RFC 5545, 3.2.12)."""
_TYPES = frozenset({"text/calendar", "application/ics"})
_VITAL = frozenset({"UID", "SEQUENCE", "ATTENDEE", "X-MICROSOFT-CDO-APPT-SEQUENCE"})
_ASKED = {"REPLY": Kind.REPLY, "COUNTER": Kind.COUNTER, "REQUEST": Kind.REQUEST, "CANCEL": Kind.CANCEL}
_ANSWERING = (Kind.REPLY, Kind.COUNTER)
_HIDDEN_TIME = re.compile(r"DTSTART[^:;]*:(\d{8}T\d{6}Z)")


class _Unsure(Exception):
    """What the calendar says is not one thing of one person; the text is a sentence."""


def read(found: list[Message], sender: str) -> Meaning | None:
    """What the calendars among these parts say; None when there is none. Never raises for what they hold.

    Copies that say the same count once (some programs attach a second). Beside an answer, a copy that
    cannot be read, or that is none, is passed over; any other doubt is not.
    """
    calendars = [part for part in found if _is_calendar(part)]
    if not calendars:
        return None
    if len(calendars) > CALENDARS_LIMIT:
        return Meaning(kind=Kind.GARBAGE, reason="The mail brings too many calendars.")
    said = [_tried(part, sender) for part in calendars]
    answers = [one for one in said if one.kind in _ANSWERING]
    if not answers:
        return next((one for one in said if one.kind is not Kind.GARBAGE), said[0])
    unclear = [one for one in answers if not one.is_clear]
    if unclear:
        return unclear[0]
    if len({replace(one, stamp=None, comment="") for one in answers}) > 1:
        return Meaning(kind=answers[0].kind, is_clear=False, reason="The mail brings answers that differ.")
    return answers[0]


def _tried(part: Message, sender: str) -> Meaning:
    """What this part alone says; one part that breaks must not hide another."""
    try:
        return _said(part, sender)
    except Unreadable as error:
        return Meaning(kind=Kind.GARBAGE, reason=str(error))
    except Exception as error:  # icalendar raises ValueError, KeyError, IndexError, RecursionError …
        reason = f"A calendar part cannot be read ({type(error).__name__})."
        return Meaning(kind=Kind.GARBAGE, reason=reason)


def _is_calendar(part: Message) -> bool:
    if part.is_multipart() or part.get_content_maintype() == "message":
        return False
    name = part.get_filename() or ""
    return part.get_content_type() in _TYPES or name.lower().endswith(".ics")


def _said(part: Message, sender: str) -> Meaning:
    calendar = _calendar(part)
    method = str(calendar.get("METHOD", "")).strip().upper()
    has_event = any(component.name == "VEVENT" for component in calendar.subcomponents)
    kind = _ASKED.get(method, Kind.OTHER_CALENDAR) if has_event else Kind.OTHER_CALENDAR
    if kind not in _ANSWERING:
        named = method[:20] if method.isalpha() else "no method"
        uid = next((str(one.get("UID", "")) for one in calendar.subcomponents), "")
        reason = f"The calendar part is no answer ({named})."
        return Meaning(kind=kind, method=method[:20], uid=invite.one_line(uid)[:UID_LIMIT], reason=reason)
    declared = part.get_param("method")
    return _Answer(kind, method, calendar, sender).read(str(declared or method).strip().upper())


def _calendar(part: Message) -> icalendar.Component:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or len(content) > CALENDAR_LIMIT:
        raise Unreadable("The calendar part is larger than 256 kilobytes.")
    text = parts.decoded(content, part.get_content_charset())
    calendars = icalendar.Calendar.from_ical(text, multiple=True)
    if len(calendars) != 1 or calendars[0].name != "VCALENDAR":
        raise Unreadable("The calendar part does not hold exactly one calendar.")
    return calendars[0]


@dataclass
class _Answer:
    """One calendar's answer or counter, read property by property; where one is unclear, the others stay."""

    kind: Kind
    method: str
    calendar: icalendar.Component
    sender: str

    def read(self, declared: str) -> Meaning:
        """All of it; `declared` is the method that the mail's header names."""
        told: dict[str, Any] = {}
        doubts: list[str] = []
        try:
            event = _event(self.calendar)
            steps = self._steps(event)
        except _Unsure as unsure:
            return Meaning(kind=self.kind, method=self.method, is_clear=False, reason=str(unsure))
        for name, step in steps.items():
            try:
                told[name] = step()
            except _Unsure as unsure:
                doubts.append(str(unsure))
        kind = told.pop("kind", self.kind)
        if kind is Kind.REPLY and told["partstat"] in OTHERS:
            doubts.append(OTHERS[told["partstat"]])
        if declared != self.method:
            doubts.insert(0, "The calendar part names one method in its header and another inside.")
        reason = doubts[0] if doubts else ""
        return Meaning(kind=kind, method=self.method, is_clear=not doubts, reason=reason, **told)

    def _steps(self, event: icalendar.Component) -> dict[str, Callable[[], Any]]:
        attendee = _attendee(event, self.sender if self.kind is Kind.COUNTER else "")
        hidden = next((str(attendee.params[name]) for name in attendee.params if _proposes(name)), "")
        is_counter = self.kind is Kind.COUNTER or bool(hidden)
        steps: dict[str, Callable[[], Any]] = {
            "kind": lambda: Kind.COUNTER if is_counter else self.kind,
            "uid": lambda: _uid(event),
            "attendee": lambda: _address(attendee),
            "partstat": lambda: _partstat(attendee),
            "sequence": lambda: _sequence(event),
            "stamp": lambda: _moment(event.get("DTSTAMP")),
            "comment": lambda: _comment(event, attendee),
        }
        if is_counter:
            steps["starts_at"] = lambda: _hidden_start(hidden) if hidden else _start(event)
            steps["ends_at"] = lambda: None if hidden else _end(event)
        return steps


def _event(calendar: icalendar.Component) -> icalendar.Component:
    events = [component for component in calendar.subcomponents if component.name == "VEVENT"]
    if len({str(event.get("UID", "")) for event in events}) != 1:
        raise _Unsure("The answer is not about exactly one event.")
    whole = [event for event in events if "RECURRENCE-ID" not in event]
    if len(whole) != 1:
        raise _Unsure("The answer is about parts of a series, or twice about one event.")
    if any(name in _VITAL for name, _ in whole[0].errors):
        raise _Unsure("The answer's event or person cannot be read.")
    return whole[0]


def _attendee(event: icalendar.Component, proposer: str) -> icalendar.vCalAddress:
    """The one who answers; of several in a counter, the one who sent it."""
    found = event.get("ATTENDEE")
    everybody = found if isinstance(found, list) else [found]
    if proposer and len(everybody) > 1:
        everybody = [one for one in everybody if parts.normal_address(str(one)) == proposer]
    if len(everybody) != 1 or not isinstance(everybody[0], icalendar.vCalAddress):
        raise _Unsure("The answer does not name exactly one person.")
    return everybody[0]


def _address(attendee: icalendar.vCalAddress) -> str:
    value = str(attendee)
    if value.strip().lower().startswith("urn:"):
        value = str(attendee.params.get("EMAIL", ""))
    if not (address := parts.normal_address(value)):
        raise _Unsure("The answer names nobody's mail address.")
    return address


def _partstat(attendee: icalendar.vCalAddress) -> str:
    partstat = str(attendee.params.get("PARTSTAT", "")).strip().upper()
    return partstat if partstat in ANSWERS or partstat in OTHERS else "NEEDS-ACTION"


def _uid(event: icalendar.Component) -> str:
    value = event.get("UID", "")
    uid = str(value).strip()
    if isinstance(value, list) or not uid or len(uid) > UID_LIMIT or not uid.isprintable():
        raise _Unsure("The answer names no event.")
    return uid


def _sequence(event: icalendar.Component) -> int:
    """SEQUENCE, else Exchange's own count, else 0 (RFC 5545, 3.8.7.4)."""
    value = event.get("SEQUENCE", event.get("X-MICROSOFT-CDO-APPT-SEQUENCE", 0))
    digits = str(value).strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 10 or int(digits) > SEQUENCE_LIMIT:
        raise _Unsure("The answer's sequence is no number of ours.")
    return int(digits)


def _moment(value: object) -> datetime | None:
    """The moment in UTC; None for a day, and where no zone is known: nothing is guessed."""
    moment = value.dt if isinstance(value, icalendar.vDDDTypes) else None
    if isinstance(moment, datetime) and moment.utcoffset() is not None:
        return moment.astimezone(UTC)
    return None


def _start(event: icalendar.Component) -> datetime:
    if (start := _moment(event.get("DTSTART"))) is None:
        raise _Unsure("The time that is proposed is not clear.")
    return start


def _end(event: icalendar.Component) -> datetime | None:
    length = getattr(event.get("DURATION"), "dt", None)
    if "DTEND" not in event and isinstance(length, timedelta):
        return _start(event) + length
    end = _moment(event.get("DTEND"))
    if end is not None and end <= _start(event):
        raise _Unsure("The time that is proposed ends before it starts.")
    return end


def _proposes(name: str) -> bool:
    return "PROPOSED-NEW-TIME" in name.upper()


def _hidden_start(value: str) -> datetime:
    """The iPhone's: DTSTART within a parameter of ATTENDEE, in UTC."""
    found = _HIDDEN_TIME.search(value.upper())
    if found is None:
        raise _Unsure("The time that is proposed is not clear.")
    return datetime.strptime(found.group(1), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _comment(event: icalendar.Component, attendee: icalendar.vCalAddress) -> str:
    """What the person wrote along, as plain text; empty when nothing."""
    comments = event.get("COMMENT", "")
    first = comments[0] if isinstance(comments, list) else comments
    own = attendee.params.get("X-RESPONSE-COMMENT", "")
    private = event.get("X-CALENDARSERVER-PRIVATE-COMMENT", "")
    texts = (invite.plain_text(html.unescape(str(text))).strip() for text in (first, own, private))
    return next((text for text in texts if text), "")[:COMMENT_LIMIT]
