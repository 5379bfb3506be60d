"""A mailbox's calendar, which takes our mail as mail programs do and knows nothing of how it was written."""

import email
from dataclasses import dataclass
from datetime import datetime

import icalendar


@dataclass(frozen=True)
class Event:
    """What the calendar's owner sees of one event."""

    starts_at: datetime
    ends_at: datetime
    summary: str
    location: str
    partstat: str
    sequence: int


class Calendar:
    """The events of one mailbox, by UID, after the mails taken so far."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self._latest: dict[str, tuple[int, datetime]] = {}

    def take(self, raw_mail: bytes) -> bool:
        """Apply the mail's REQUEST or CANCEL; whether the calendar took it (RFC 5546, 2.1.5).

        A lower SEQUENCE is ignored, and an equal one without a newer DTSTAMP. A header's method other than
        the one inside is refused, as Exchange does.
        """
        found = _calendar_part(raw_mail)
        if found is None:
            return False
        declared, calendar = found
        method = str(calendar["METHOD"])
        if declared != method:
            raise ValueError(f"The header says {declared}, the calendar {method}.")
        if method not in ("REQUEST", "CANCEL"):
            return False
        event = _one([part for part in calendar.subcomponents if part.name == "VEVENT"])
        uid = str(event["UID"])
        revision = (int(event.get("SEQUENCE", 0)), event["DTSTAMP"].dt)
        if uid in self._latest and revision <= self._latest[uid]:
            return False
        self._latest[uid] = revision
        if method == "REQUEST":
            self.events[uid] = _seen(event, sequence=revision[0])
        else:
            self.events.pop(uid, None)
        return True


def _calendar_part(raw_mail: bytes) -> tuple[str, icalendar.Component] | None:
    for part in email.message_from_bytes(raw_mail).walk():
        if part.get_content_type() == "text/calendar":
            return str(part.get_param("method")), icalendar.Calendar.from_ical(part.get_payload(decode=True))
    return None


def _seen(event: icalendar.Component, *, sequence: int) -> Event:
    attendee = _one(event["ATTENDEE"] if isinstance(event["ATTENDEE"], list) else [event["ATTENDEE"]])
    return Event(
        starts_at=event["DTSTART"].dt,
        ends_at=event["DTEND"].dt,
        summary=str(event.get("SUMMARY", "")),
        location=str(event.get("LOCATION", "")),
        partstat=str(attendee.params["PARTSTAT"]),
        sequence=sequence,
    )


def _one(found):
    [only] = found
    return only
