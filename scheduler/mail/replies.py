"""Answers as calendars write them: REPLY mails in the manner of four programs, for demo and tests."""

import email
import hashlib
import html
from collections.abc import Callable
from datetime import UTC, datetime
from email import policy, utils
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import NamedTuple

import icalendar

from scheduler.mail import invite
from scheduler.mail.invite import Mailbox

_SAID = {"ACCEPTED": "Accepted", "DECLINED": "Declined", "TENTATIVE": "Maybe"}


class _Answer(NamedTuple):
    """What all programs know when a person presses a button on the card."""

    event: icalendar.Component
    attendee: icalendar.vCalAddress
    partstat: str
    stamp: datetime


class _Program(NamedTuple):
    """How one program writes: its calendar's event, the mail's body, and headers of its own."""

    prodid: str
    event: Callable[[_Answer], icalendar.Event]
    body: Callable[[str, bytes], Message]
    headers: dict[str, str]


def reply(
    raw_invitation: bytes,
    partstat: str,
    *,
    stamp: datetime,
    sender: Mailbox | None = None,
    style: str = "google",
) -> bytes:
    """A REPLY mail (RFC 5546, 3.2.3) to the invitation, as google, outlook, apple or thunderbird write it.

    `partstat` is ACCEPTED, DECLINED or TENTATIVE; `stamp` is aware and becomes DTSTAMP and Date. It comes
    from the ATTENDEE, or from `sender` (an alias, a stranger), and goes to Reply-To, else to the ORGANIZER.
    The same arguments give the same bytes. A mail without a REQUEST raises ValueError.
    """
    if partstat not in _SAID or style not in _PROGRAMS or stamp.utcoffset() is None:
        raise ValueError(f"No calendar of ours answers {partstat!r} in the style {style!r} at {stamp}.")
    invitation = email.message_from_bytes(raw_invitation)
    event = _invited(invitation)
    answer = _Answer(event, _attendee(event), partstat, stamp.astimezone(UTC).replace(microsecond=0))
    program = _PROGRAMS[style]
    calendar = icalendar.Calendar()
    calendar.add("PRODID", program.prodid)
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "REPLY")
    calendar.add_component(program.event(answer))
    text = f"{_SAID[partstat]}: {event.get('SUMMARY', '')}"
    mail = program.body(text, bytes(calendar.to_ical(sorted=False)))
    _address(mail, invitation, answer, sender)
    for name, value in program.headers.items():
        mail[name] = value
    return _finished(mail, seed=f"{event['UID']} {partstat} {stamp.isoformat()} {style}")


def _invited(invitation: Message) -> icalendar.Component:
    for part in invitation.walk():
        content = part.get_payload(decode=True)
        if part.get_content_type() != "text/calendar" or not isinstance(content, bytes):
            continue
        calendar = icalendar.Calendar.from_ical(content)
        if str(calendar.get("METHOD")) == "REQUEST":
            return calendar.walk("VEVENT")[0]
    raise ValueError("Only an invitation can be answered, and this mail brings none.")


def _attendee(event: icalendar.Component) -> icalendar.vCalAddress:
    attendee = event.get("ATTENDEE")
    if not isinstance(attendee, icalendar.vCalAddress):
        raise ValueError("Only an invitation of one person can be answered.")
    return attendee


def _address(mail: Message, invitation: Message, answer: _Answer, sender: Mailbox | None) -> None:
    name, address = sender or Mailbox(str(answer.attendee.params.get("CN", "")), _bare(answer.attendee))
    to = utils.parseaddr(str(invitation.get("Reply-To", "")))[1] or _bare(answer.event["ORGANIZER"])
    subject = f"{_SAID[answer.partstat]}: {answer.event.get('SUMMARY', '')}"
    mail["From"] = utils.formataddr((invite.plain_name(name), address))
    mail["To"] = to
    mail["Subject"] = invite.one_line(subject)
    mail["Date"] = utils.format_datetime(answer.stamp)
    if "Message-ID" in invitation:
        mail["In-Reply-To"] = str(invitation["Message-ID"])


def _bare(value: object) -> str:
    return str(value).removeprefix("mailto:")


def _finished(mail: Message, *, seed: str) -> bytes:
    digest = hashlib.sha256(seed.encode()).hexdigest()
    mail["Message-ID"] = f"<{digest[:32]}@{utils.parseaddr(mail['From'])[1].rpartition('@')[2]}>"
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{digest[:20]}_{number}")
    return mail.as_bytes(policy=policy.compat32.clone(linesep="\r\n", max_line_length=76))


def _basic_event(answer: _Answer, attendee: icalendar.vCalAddress) -> icalendar.Event:
    event = icalendar.Event()
    event.add("DTSTART", answer.event["DTSTART"], encode=False)
    event.add("DTEND", answer.event["DTEND"], encode=False)
    event.add("DTSTAMP", answer.stamp)
    event.add("UID", str(answer.event["UID"]))
    event.add("ATTENDEE", attendee, encode=False)
    return event


def _google_event(answer: _Answer) -> icalendar.Event:
    """Everything is there; addresses come back in lower case."""
    attendee = icalendar.vCalAddress(f"mailto:{_bare(answer.attendee).lower()}")
    attendee.params.update(
        {
            "CUTYPE": "INDIVIDUAL",
            "ROLE": "REQ-PARTICIPANT",
            "PARTSTAT": answer.partstat,
            "CN": _bare(answer.attendee).lower(),
            "X-NUM-GUESTS": "0",
        }
    )
    event = _basic_event(answer, attendee)
    event.add("ORGANIZER", answer.event["ORGANIZER"], encode=False)
    event.add("SEQUENCE", int(answer.event.get("SEQUENCE", 0)))
    event.add("STATUS", "CONFIRMED")
    event.add("SUMMARY", str(answer.event.get("SUMMARY", "")))
    return event


def _outlook_event(answer: _Answer) -> icalendar.Event:
    """No ORGANIZER, SEQUENCE under Exchange's own name, MAILTO in capitals, an empty line as comment."""
    attendee = icalendar.vCalAddress(f"MAILTO:{_bare(answer.attendee)}")
    attendee.params.update({"PARTSTAT": answer.partstat, "CN": answer.attendee.params.get("CN", "")})
    event = _basic_event(answer, attendee)
    event.add("COMMENT", "\n")
    event.add("SUMMARY", f"{_SAID[answer.partstat]}: {answer.event.get('SUMMARY', '')}")
    event.add("X-MICROSOFT-CDO-APPT-SEQUENCE", str(int(answer.event.get("SEQUENCE", 0))))
    return event


def _plain_event(answer: _Answer) -> icalendar.Event:
    """As RFC 5546 has it."""
    attendee = icalendar.vCalAddress(str(answer.attendee))
    attendee.params.update({"CN": answer.attendee.params.get("CN", ""), "PARTSTAT": answer.partstat})
    event = _basic_event(answer, attendee)
    event.add("ORGANIZER", answer.event["ORGANIZER"], encode=False)
    event.add("SEQUENCE", int(answer.event.get("SEQUENCE", 0)))
    event.add("SUMMARY", str(answer.event.get("SUMMARY", "")))
    return event


def _google_body(text: str, ics: bytes) -> Message:
    alternatives = _multipart("alternative", _text(text), _page(text), _card(ics))
    return _multipart("mixed", alternatives, _file(ics, "application", "ics", "invite.ics"))


def _outlook_body(text: str, ics: bytes) -> Message:
    return _multipart("alternative", _text(text), _page(text), _card(ics))


def _apple_body(text: str, ics: bytes) -> Message:
    """The calendar is an attachment without a method, in a mixed part inside the alternatives."""
    file = _file(ics, "text", "calendar", "iCal-20260101-120000.ics")
    page = _multipart("mixed", _page(text), file, _text("<br>", "html"))
    return _multipart("alternative", _text(text), page)


def _thunderbird_body(text: str, ics: bytes) -> Message:
    alternatives = _multipart("alternative", _text(text), _card(ics))
    return _multipart("mixed", alternatives, _file(ics, "application", "ics", "invite.ics"))


def _multipart(subtype: str, *parts: Message) -> Message:
    whole = MIMEMultipart(subtype)
    for part in parts:
        whole.attach(part)
    return whole


def _text(text: str, subtype: str = "plain") -> Message:
    return MIMEText(text, subtype, "utf-8")


def _page(text: str) -> Message:
    return _text(f"<p>{html.escape(text)}</p>", "html")


def _card(ics: bytes) -> Message:
    part = MIMEText(ics.decode(), "calendar", "utf-8")
    part.set_param("method", "REPLY")
    return part


def _file(ics: bytes, kind: str, subtype: str, name: str) -> Message:
    part = MIMEBase(kind, subtype, name=name)
    part.set_payload(ics.decode(), "utf-8")
    part.add_header("Content-Disposition", "attachment", filename=name)
    return part


_PROGRAMS = {
    "google": _Program(
        "-//Google Inc//Google Calendar 70.9054//EN",
        _google_event,
        _google_body,
        {
            "Sender": "Google Calendar <calendar-notification@google.com>",
            "Auto-Submitted": "auto-generated",
        },
    ),
    "outlook": _Program(
        "Microsoft Exchange Server 2010",
        _outlook_event,
        _outlook_body,
        {"X-MS-Has-Attach": "", "Thread-Topic": "Coffee chat"},
    ),
    "apple": _Program("-//Apple Inc.//macOS 14.5//EN", _plain_event, _apple_body, {"X-Mailer": "Apple Mail"}),
    "thunderbird": _Program(
        "-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN",
        _plain_event,
        _thunderbird_body,
        {"User-Agent": "Mozilla Thunderbird"},
    ),
}
STYLES = tuple(_PROGRAMS)
