"""A copy of a chat as calendars take it: REQUEST and CANCEL, byte for byte the same for the same copy."""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import icalendar

FILE = "invite.ics"
"""What the calendar is called where it goes as a file."""
PRODID = "-//Coffee Rounds//1.0//EN"
UID_LENGTH = 26
UID_ENTROPY = 17
LINE_OCTETS = 75

# Quotes and carets would become RFC 6868 escapes, which few calendars decode; a backslash is read
# in three ways by three parsers; an isolate left open turns what follows a name.
_UNFIT_IN_NAMES = str.maketrans(dict.fromkeys('"^\\\u2066\u2067\u2068\u2069'))
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Unicode's controls (Cc) but for \\t and \\n, its surrogates (Cs), and the five that force a direction.
_UNFIT_ANYWHERE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")
_STATUS_OF = {"REQUEST": "CONFIRMED", "CANCEL": "CANCELLED"}
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
_UID = re.compile(r"[!-~]+")


class Mailbox(NamedTuple):
    """A name, which may be empty, and the address it stands with."""

    name: str
    address: str


@dataclass(frozen=True)
class Invite:
    """What one person's calendar shall hold of a chat; instants are aware, and written in UTC to the second.

    `sequence` is the copy's own count and `stamp` the moment of writing. A naive instant, an end not
    after the start, a negative sequence and an address that cannot stand in a calendar raise ValueError.
    """

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    location: str
    organizer: tuple[str, str]
    attendee: tuple[str, str]
    accepted: bool = False

    def __post_init__(self) -> None:
        for moment in (self.stamp, self.starts_at, self.ends_at):
            if moment.utcoffset() is None:
                raise ValueError(f"An invitation needs moments with a zone, and {moment} has none.")
        if self.ends_at <= self.starts_at:
            raise ValueError("A chat must end after it starts.")
        if self.sequence < 0:
            raise ValueError("A copy's sequence never falls below zero.")
        if not _UID.fullmatch(self.uid):
            raise ValueError("A copy needs a UID of plain characters.")
        for _, address in (self.organizer, self.attendee):
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"{address!r} is no address that a calendar could answer.")


def request(invite: Invite) -> bytes:
    """A VCALENDAR with METHOD:REQUEST (RFC 5546, 3.2.2): new, moved, or confirmed when `accepted`."""
    event = _event(invite)
    event.add("STATUS", _STATUS_OF["REQUEST"])
    event.add("TRANSP", "OPAQUE")
    event.add("X-MICROSOFT-CDO-BUSYSTATUS", "BUSY" if invite.accepted else "TENTATIVE")
    event.add("X-MICROSOFT-CDO-INTENDEDSTATUS", "BUSY")
    event.add("X-MICROSOFT-DISALLOW-COUNTER", "FALSE")
    event["ATTENDEE"].params["RSVP"] = "FALSE" if invite.accepted else "TRUE"
    return _calendar("REQUEST", event)


def cancel(invite: Invite) -> bytes:
    """A VCALENDAR with METHOD:CANCEL (RFC 5546, 3.2.5); the caller has raised the copy's sequence."""
    event = _event(invite)
    event.add("STATUS", _STATUS_OF["CANCEL"])
    event.add("TRANSP", "TRANSPARENT")
    return _calendar("CANCEL", event)


def check(
    ics: bytes, *, method: str, organizer: str, attendee: str, uid: str | None = None, least_sequence: int = 0
) -> None:
    """Look over finished calendar bytes before they leave; a ValueError with a sentence says what is amiss.

    Asked for: CRLF and lines of at most 75 octets (RFC 5545, 3.1), one event that parses without a
    complaint, the method named, UTC times in order, these two addresses and no other, this UID, and
    a sequence not below the last one sent.
    """
    _must(ics.endswith(b"\r\n"), "The calendar's last line has no end.")
    for line in ics.removesuffix(b"\r\n").split(b"\r\n"):
        _must(len(line) <= LINE_OCTETS, "A line of the calendar is longer than 75 octets.")
        _must(b"\n" not in line and b"\r" not in line, "A line of the calendar does not end with CRLF.")
    calendar, event = _only_event(ics)
    _must(str(calendar.get("METHOD")) == method, "The calendar's METHOD is not the one its header names.")
    _must(str(event.get("STATUS")) == _STATUS_OF.get(method), f"The event's STATUS does not fit {method}.")
    _check_moments(ics)
    _must(uid is None or str(event.get("UID")) == uid, "The event's UID is not the copy's.")
    _must(
        int(event.get("SEQUENCE", -1)) >= least_sequence,
        "The event's SEQUENCE is lower than one sent before.",
    )
    _must(event.get("ATTENDEE") == f"mailto:{attendee}", "The event's only ATTENDEE is not the recipient.")
    _must(event.get("ORGANIZER") == f"mailto:{organizer}", "The event's ORGANIZER is not the sender.")


def new_uid(domain: str, token: bytes) -> str:
    """A copy's UID from at least 17 random bytes: 26 lower-case base32 characters, then our domain.

    It stays with the copy for life, and is the secret by which an answer is known (130 bits).
    """
    if len(token) < UID_ENTROPY:
        raise ValueError(f"A UID needs {UID_ENTROPY} random bytes, and got {len(token)}.")
    return f"{base64.b32encode(token).decode()[:UID_LENGTH].lower()}@{domain.lower()}"


def plain_name(name: str) -> str:
    """The name on one line, without what breaks header lines, CN parameters or the direction of reading."""
    return one_line(name.translate(_UNFIT_IN_NAMES))


def one_line(text: str) -> str:
    """The text without control characters, every run of blanks and line ends a single blank."""
    return " ".join(plain_text(text).split())


def plain_text(text: str) -> str:
    """The text with \\n as its only line end, without control, override and surrogate characters."""
    lines = _LINE_ENDS.sub("\n", text)
    return _UNFIT_ANYWHERE.sub("", lines)


def _must(holds: bool, sentence: str) -> None:
    if not holds:
        raise ValueError(sentence)


def _only_event(ics: bytes) -> tuple[icalendar.Component, icalendar.Component]:
    try:
        calendar = icalendar.Calendar.from_ical(ics)
        components = calendar.walk()
    except (ValueError, LookupError, RecursionError) as error:
        raise ValueError("The calendar cannot be read again.") from error
    _must(
        not any(component.errors for component in components), "A line of the calendar cannot be read again."
    )
    names = [component.name for component in components]
    _must(names == ["VCALENDAR", "VEVENT"], "The calendar does not hold exactly one event.")
    return calendar, components[1]


def _check_moments(ics: bytes) -> None:
    moments = {}
    for name in ("DTSTAMP", "DTSTART", "DTEND"):
        found = re.findall(rf"(?m)^{name}:(\d{{8}}T\d{{6}})Z\r$".encode(), ics)
        _must(len(found) == 1, f"The event's {name} is not in UTC.")
        moments[name] = found[0]
    # Digits of one length and one zone: their order as bytes is their order in time.
    _must(moments["DTSTART"] < moments["DTEND"], "The event does not end after it starts.")


def _event(invite: Invite) -> icalendar.Event:
    event = icalendar.Event()
    event.add("UID", invite.uid)
    event.add("SEQUENCE", invite.sequence)
    event.add("DTSTAMP", invite.stamp.astimezone(UTC))
    event.add("DTSTART", invite.starts_at.astimezone(UTC))
    event.add("DTEND", invite.ends_at.astimezone(UTC))
    event.add("SUMMARY", one_line(invite.summary))
    if location := one_line(invite.location):
        event.add("LOCATION", location)
    if description := plain_text(invite.description).strip():
        event.add("DESCRIPTION", description)
    event.add("ORGANIZER", _calendar_address(invite.organizer), encode=False)
    attendee = _calendar_address(invite.attendee)
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "ACCEPTED" if invite.accepted else "NEEDS-ACTION"
    event.add("ATTENDEE", attendee, encode=False)
    return event


def _calendar_address(mailbox: tuple[str, str]) -> icalendar.vCalAddress:
    name, address = mailbox
    value = icalendar.vCalAddress(f"mailto:{address}")
    if plain_name(name):
        value.params["CN"] = plain_name(name)
    return value


def _calendar(method: str, event: icalendar.Event) -> bytes:
    # Calendar.new() would add a random UID of its own: the same copy would never give the same bytes.
    calendar = icalendar.Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", method)
    calendar.add_component(event)
    # Unsorted keeps the order above, which readers of a raw mail know.
    return bytes(calendar.to_ical(sorted=False))
