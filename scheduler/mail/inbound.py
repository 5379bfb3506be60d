"""What a mail that came in means: a calendar's reply, or noise with the reason why it is none.

Reading is given bytes by anyone at all: it never raises, and what is unsure is noise for a human to see.
"""

import email
import html
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import utils
from email.message import Message

import icalendar

from scheduler.mail import invite

MAIL_LIMIT = 10_000_000
HEADERS_LIMIT = 64_000
PARTS_LIMIT = 100
DEPTH_LIMIT = 10
CALENDAR_LIMIT = 256_000
CALENDARS_LIMIT = 5
COMMENT_LIMIT = 2_000
UID_LIMIT = 255
MESSAGE_ID_LIMIT = 998
SEQUENCE_LIMIT = 2**31 - 1
# Counted before the parser, which takes seconds over a hundred thousand parts.
DASHED_LINES_LIMIT = 5_000

ANSWERS = frozenset({"ACCEPTED", "DECLINED", "TENTATIVE"})
_DELIVERY_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_CALENDAR_TYPES = frozenset({"text/calendar", "application/ics"})
_PASSED_OVER = frozenset({"broken", "other_method"})
_VITAL = frozenset({"UID", "SEQUENCE", "ATTENDEE", "X-MICROSOFT-CDO-APPT-SEQUENCE"})


@dataclass(frozen=True)
class Reply:
    """An answer as a calendar sent it, not yet weighed: who may be believed is decided elsewhere.

    `attendee` and `sender` are lower-cased addresses, `sender` empty when From names no single one.
    `partstat` is ACCEPTED, DECLINED or TENTATIVE; `stamp` is UTC, or None when the calendar gave none that
    could be used (the moment of receipt stands in for it). No time of a chat is read from a reply.
    """

    uid: str
    attendee: str
    partstat: str
    sequence: int
    stamp: datetime | None
    comment: str
    sender: str
    message_id: str


@dataclass(frozen=True)
class Noise:
    """A mail that changes nothing; `kind` is one word for programs, `reason` a sentence for people."""

    kind: str
    reason: str


class _Unsure(Exception):
    """Reading stops here, with the noise that comes of it."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.noise = Noise(kind, reason)


def read(raw: bytes) -> Reply | Noise:
    """What these bytes mean; a delivery report is known first, and forwarded mails are never looked into."""
    try:
        _check_size(raw)
        mail = email.message_from_bytes(raw)
        parts = list(_parts(mail))
        _check_for_bounce(mail, parts)
        return _reply(mail, parts)
    except _Unsure as unsure:
        return unsure.noise
    except Exception as error:  # hostile mail raises nearly anything; all of it is kept for a human
        return Noise("unreadable", f"The mail cannot be read ({type(error).__name__}).")


def normal_address(value: str) -> str:
    """The lower-case address in a calendar's or a header's way of writing it, or an empty string.

    Blanks and any number of "mailto:" are taken away and percent signs decoded.
    """
    address = re.sub(r"\s+", "", value)
    address = re.sub(r"^(mailto:)+", "", address, flags=re.IGNORECASE)
    address = urllib.parse.unquote(address).strip("<>").lower()
    return address if re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", address) and address.isprintable() else ""


def _check_size(raw: bytes) -> None:
    if len(raw) > MAIL_LIMIT:
        raise _Unsure("too_big", "The mail is larger than ten megabytes.")
    ends = [end for end in (raw.find(b"\n\n"), raw.find(b"\n\r\n")) if end >= 0]
    if min(ends, default=len(raw)) > HEADERS_LIMIT:
        raise _Unsure("too_big", "The mail's headers are longer than 64 kilobytes.")
    if raw.count(b"\n--") > DASHED_LINES_LIMIT or raw.lower().count(b"boundary") > 2 * PARTS_LIMIT:
        raise _Unsure("too_big", "The mail has too many parts.")


def _parts(mail: Message) -> Iterator[Message]:
    """The mail and its parts in order, but nothing inside message/…: that is another mail."""
    waiting = [(mail, 0)]
    seen = 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if seen > PARTS_LIMIT or depth > DEPTH_LIMIT:
            raise _Unsure("too_big", "The mail has too many parts, or they are nested too deep.")
        yield part
        inside = part.get_payload() if part.get_content_maintype() != "message" else ""
        if isinstance(inside, list):
            waiting.extend((child, depth + 1) for child in reversed(inside) if isinstance(child, Message))


def _check_for_bounce(mail: Message, parts: list[Message]) -> None:
    is_report = mail.get_content_type() == "multipart/report"
    report_type = str(mail.get_param("report-type", "")).lower() if is_report else ""
    if report_type == "delivery-status" or any(
        part.get_content_type() in _DELIVERY_REPORTS for part in parts
    ):
        raise _Unsure("bounce", "The mail is a delivery report.")


def _reply(mail: Message, parts: list[Message]) -> Reply:
    """The one answer in the mail; copies that say the same count once (some calendars attach a second)."""
    calendars = [part for part in parts if _is_calendar(part)]
    if len(calendars) > CALENDARS_LIMIT:
        raise _Unsure("too_big", "The mail brings too many calendars.")
    sender, message_id = _sender(mail), _message_id(mail)
    found = [_tried(part, sender, message_id) for part in calendars]
    answers = [one for one in found if isinstance(one, Reply)]
    # Beside an answer, a copy that cannot be read or is none is passed over; any other doubt is not.
    passable = _PASSED_OVER if answers else frozenset()
    for doubt in found:
        if isinstance(doubt, _Unsure) and doubt.noise.kind not in passable:
            raise doubt
    if not answers:
        raise _Unsure("no_calendar", "The mail brings no calendar answer.")
    if len({(answer.uid, answer.attendee, answer.partstat, answer.sequence) for answer in answers}) > 1:
        raise _Unsure("mixed", "The mail brings answers that differ.")
    return answers[0]


def _tried(part: Message, sender: str, message_id: str) -> Reply | _Unsure:
    """What this part alone says; one part that breaks must not hide another."""
    try:
        return _answer(part, sender, message_id)
    except _Unsure as unsure:
        return unsure
    except Exception as error:  # icalendar raises ValueError, KeyError, IndexError, RecursionError …
        return _Unsure("broken", f"A calendar part cannot be read ({type(error).__name__}).")


def _is_calendar(part: Message) -> bool:
    if part.is_multipart() or part.get_content_maintype() == "message":
        return False
    name = part.get_filename() or ""
    return part.get_content_type() in _CALENDAR_TYPES or name.lower().endswith(".ics")


def _answer(part: Message, sender: str, message_id: str) -> Reply:
    calendar = _calendar(part)
    method = str(calendar.get("METHOD", "")).strip().upper()
    declared = part.get_param("method")
    if declared is not None and method and str(declared).strip().upper() != method:
        raise _Unsure("mismatch", "The calendar part names one method in its header and another inside.")
    if method == "COUNTER":
        raise _Unsure("counter", "The calendar proposes another time.")
    if method != "REPLY":
        raise _Unsure("other_method", "The calendar part is no answer.")
    event = _event(calendar)
    attendee = _attendee(event)
    return Reply(
        uid=_uid(event),
        attendee=_attendee_address(attendee),
        partstat=_partstat(attendee),
        sequence=_sequence(event),
        stamp=_stamp(event),
        comment=_comment(event, attendee),
        sender=sender,
        message_id=message_id,
    )


def _calendar(part: Message) -> icalendar.Component:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or len(content) > CALENDAR_LIMIT:
        raise _Unsure("too_big", "The calendar part is larger than 256 kilobytes.")
    calendars = icalendar.Calendar.from_ical(_text(content, part.get_content_charset()), multiple=True)
    if len(calendars) != 1 or calendars[0].name != "VCALENDAR":
        raise _Unsure("broken", "The calendar part does not hold exactly one calendar.")
    return calendars[0]


def _text(content: bytes, declared: str | None) -> str:
    """The text in the charset declared, else UTF-8, else Latin-1, which never fails."""
    for charset in (declared or "utf-8", "utf-8"):
        try:
            return content.decode(charset).removeprefix("\ufeff")
        except (UnicodeError, LookupError):
            continue
    return content.decode("latin-1")


def _event(calendar: icalendar.Component) -> icalendar.Component:
    events = [component for component in calendar.subcomponents if component.name == "VEVENT"]
    if len({str(event.get("UID", "")) for event in events}) != 1:
        raise _Unsure("unclear", "The answer is not about exactly one event.")
    whole = [event for event in events if "RECURRENCE-ID" not in event]
    if len(whole) != 1:
        raise _Unsure("unclear", "The answer is about parts of a series, or twice about one event.")
    if any(name in _VITAL for name, _ in whole[0].errors):
        raise _Unsure("broken", "The answer's event or person cannot be read.")
    return whole[0]


def _attendee(event: icalendar.Component) -> icalendar.vCalAddress:
    attendee = event.get("ATTENDEE")
    if not isinstance(attendee, icalendar.vCalAddress):
        kind = "no_answer" if attendee is None else "unclear"
        raise _Unsure(kind, "The answer does not name exactly one person.")
    if any("PROPOSED-NEW-TIME" in name.upper() for name in attendee.params):
        raise _Unsure("counter", "The calendar proposes another time.")
    return attendee


def _attendee_address(attendee: icalendar.vCalAddress) -> str:
    value = str(attendee)
    if value.strip().lower().startswith("urn:"):
        value = str(attendee.params.get("EMAIL", ""))
    if not (address := normal_address(value)):
        raise _Unsure("unclear", "The answer names nobody's mail address.")
    return address


def _partstat(attendee: icalendar.vCalAddress) -> str:
    partstat = str(attendee.params.get("PARTSTAT", "")).strip().upper()
    if partstat == "DELEGATED":
        raise _Unsure("delegated", "The person answered that somebody else shall come.")
    if partstat not in ANSWERS:
        raise _Unsure("no_answer", "The calendar says neither yes nor no nor maybe.")
    return partstat


def _uid(event: icalendar.Component) -> str:
    value = event.get("UID", "")
    uid = str(value).strip()
    if isinstance(value, list) or not uid or len(uid) > UID_LIMIT or not uid.isprintable():
        raise _Unsure("unclear", "The answer names no event.")
    return uid


def _sequence(event: icalendar.Component) -> int:
    """SEQUENCE, else Exchange's own count, else 0 (RFC 5545, 3.8.7.4)."""
    value = event.get("SEQUENCE", event.get("X-MICROSOFT-CDO-APPT-SEQUENCE", 0))
    digits = str(value).strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 10 or int(digits) > SEQUENCE_LIMIT:
        raise _Unsure("broken", "The answer's sequence is no number of ours.")
    return int(digits)


def _stamp(event: icalendar.Component) -> datetime | None:
    value = event.get("DTSTAMP")
    moment = value.dt if isinstance(value, icalendar.vDDDTypes) else None
    if isinstance(moment, datetime) and moment.utcoffset() is not None:
        return moment.astimezone(UTC)
    return None


def _comment(event: icalendar.Component, attendee: icalendar.vCalAddress) -> str:
    """What the person wrote along, as plain text; empty when nothing."""
    comments = event.get("COMMENT", "")
    first = comments[0] if isinstance(comments, list) else comments
    own = attendee.params.get("X-RESPONSE-COMMENT", "")
    private = event.get("X-CALENDARSERVER-PRIVATE-COMMENT", "")
    texts = (invite.plain_text(html.unescape(str(text))).strip() for text in (first, own, private))
    return next((text for text in texts if text), "")[:COMMENT_LIMIT]


def _message_id(mail: Message) -> str:
    return "".join(invite.plain_text(str(mail.get("Message-ID", ""))).split())[:MESSAGE_ID_LIMIT]


def _sender(mail: Message) -> str:
    """From's address, or nothing when it names several: an unquoted comma in a name leaves one with an @."""
    pairs = utils.getaddresses([str(value) for value in mail.get_all("From", [])])
    known = {address for _, given in pairs if (address := normal_address(given))}
    return known.pop() if len(known) == 1 else ""
