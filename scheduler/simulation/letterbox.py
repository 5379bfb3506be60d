"""Reading: everybody's mail in the demo, as their mail program would show it, calendar card included."""

import email
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage

import icalendar
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from scheduler import localtime
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.person import Person

ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "maybe"}


@dataclass(frozen=True)
class Box:
    """One mailbox: whose it is, what they are, and in which zone they read."""

    address: str
    name: str
    role: str
    zone: str


@dataclass(frozen=True)
class Line:
    """One mail in a list: to whom, about what, and when it came, in its reader's words."""

    id: int
    address: str
    name: str
    subject: str
    when: str


@dataclass(frozen=True)
class Event:
    """What the mail's calendar part makes of the reader's calendar."""

    day: str
    hours: str
    summary: str
    place: str
    is_cancelled: bool
    newer: int | None
    """The mail that changed this event later, if one did: calendars show the latest."""
    is_agreed: bool


@dataclass(frozen=True)
class Opened:
    """One mail, opened."""

    id: int
    subject: str
    sender: str
    when: str
    text: str
    html: str
    source: str
    event: Event | None


def boxes(session: Session, zone: str) -> list[Box]:
    """Every mailbox: coordinators first, then mentors, students, and whoever has just signed up."""
    coordinators = session.scalars(select(Coordinator).order_by(Coordinator.email))
    found = [Box(one.email, one.name or one.email, "coordinator", zone) for one in coordinators]
    people = list(session.scalars(select(Person).order_by(Person.is_mentor.desc(), Person.id)))
    found += [
        Box(one.email, one.name, "mentor" if one.is_mentor else "student", one.timezone) for one in people
    ]
    known = {box.address for box in found}
    others = session.scalars(select(Outgoing.recipient).distinct().order_by(Outgoing.recipient))
    return found + [Box(other, other, "newcomer", zone) for other in others if other not in known]


def lines(session: Session, box: Box, *, most: int = 60) -> list[Line]:
    """The mails that have reached this mailbox, the newest first."""
    return _lines(session, _arrived().where(Outgoing.recipient == box.address).limit(most), [box])


def just_arrived(session: Session, among: Iterable[Box], *, most: int = 6) -> list[Line]:
    """The newest mails of all, one of each letter, so that a hundred alike do not hide the rest."""
    each = select(func.max(Outgoing.id)).where(Outgoing.state == Fate.SENT).group_by(Outgoing.letter)
    return _lines(session, _arrived().where(Outgoing.id.in_(each)).limit(most), among)


def _arrived() -> Select[Outgoing]:
    return (
        select(Outgoing)
        .where(Outgoing.state == Fate.SENT)
        .order_by(Outgoing.settled_at.desc(), Outgoing.id.desc())
    )


def _lines(session: Session, which: Select[Outgoing], among: Iterable[Box]) -> list[Line]:
    known = {box.address: box for box in among}
    return [
        Line(
            mail.id,
            box.address,
            box.name,
            mail.subject,
            _moment(mail.settled_at or mail.written_at, box.zone),
        )
        for mail in session.scalars(which)
        if (box := known.get(mail.recipient)) is not None
    ]


def waiting(session: Session, box: Box) -> str:
    """When the next letter to this mailbox leaves, which may still be taken back; empty when none waits."""
    held = Outgoing.recipient == box.address, Outgoing.state == Fate.WAITING
    moment = session.scalar(select(Outgoing.try_at).where(*held).order_by(Outgoing.try_at).limit(1))
    return "" if moment is None else _moment(moment, box.zone)


def find(session: Session, box: Box, mail_id: int | None) -> Outgoing | None:
    """The mail with this id if it reached this mailbox; without an id its newest."""
    which = _arrived().where(Outgoing.recipient == box.address)
    if mail_id is not None:
        which = which.where(Outgoing.id == mail_id)
    return session.scalar(which.limit(1))


def opened(session: Session, mail: Outgoing, box: Box) -> Opened:
    """The mail's parts, and its calendar card."""
    parsed = email.message_from_bytes(mail.raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)  # noqa: S101  # the policy makes it one
    return Opened(
        id=mail.id,
        subject=mail.subject,
        sender=str(parsed["From"]),
        when=_moment(mail.settled_at or mail.written_at, box.zone),
        text=_part(parsed, "plain"),
        html=_part(parsed, "html"),
        source=mail.raw.decode("utf-8", "replace"),
        event=_event(session, mail, parsed, box.zone),
    )


def _part(mail: EmailMessage, subtype: str) -> str:
    part = mail.get_body(("plain",) if subtype == "plain" else ("html",))
    return str(part.get_content()) if part is not None else ""


def _event(session: Session, mail: Outgoing, parsed: EmailMessage, zone: str) -> Event | None:
    part = next((part for part in parsed.walk() if part.get_content_type() == "text/calendar"), None)
    if part is None:
        return None
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)  # noqa: S101  # a text part has bytes
    calendar = icalendar.Calendar.from_ical(content)
    event = calendar.walk("VEVENT")[0]
    starts_at, ends_at = event.decoded("DTSTART"), event.decoded("DTEND")
    later = select(Outgoing.id).where(
        Outgoing.uid == mail.uid, Outgoing.id > mail.id, Outgoing.state == Fate.SENT
    )
    attendee = event.get("ATTENDEE")
    return Event(
        day=localtime.day_long(starts_at, zone),
        hours=f"{localtime.span(starts_at, ends_at, zone)}, {localtime.zone_name(zone, starts_at)}",
        summary=str(event.get("SUMMARY", "")),
        place=str(event.get("LOCATION", "")),
        is_cancelled=str(calendar.get("METHOD")) == "CANCEL",
        newer=session.scalar(later.order_by(Outgoing.id.desc()).limit(1)),
        is_agreed=str(getattr(attendee, "params", {}).get("PARTSTAT", "")) == "ACCEPTED",
    )


def _moment(moment: datetime, zone: str) -> str:
    return f"{localtime.day(moment, zone)}, {localtime.clock(moment, zone)}"
