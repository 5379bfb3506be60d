"""Bounces: what a delivery report says of an address, when it came to where a letter of ours left from."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from scheduler import links
from scheduler.links import BadLink
from scheduler.mail.envelope import Outgoing
from scheduler.mail.meaning import CameTo, Meaning, Severity, Weight
from scheduler.programme import roster
from scheduler.programme.person import Person

NO_SUCH_ADDRESS = "It came back: there is no such address."
SAID = {
    Severity.SOFT: "it could not be delivered for now; the address is still written to",
    Severity.DELAYED: "it is still being tried",
    Severity.POLICY: "it was refused for what it is, not for whom; the address is still written to",
}
"""What the lighter kinds come to."""


def apply_bounce(session: Session, bounce: Meaning, recipient: str, now: datetime) -> CameTo:
    """Mark a person whose address does not exist, as a refusal at once does; what came of it.

    A report is believed that came to the address a letter to them left from, whose token only that letter
    bore (VERP): anybody can write a report. Whom it names is a hint at most, for mail is forwarded.
    """
    found = _written_to(session, recipient)
    if found is None:
        return CameTo(Weight.KEPT, False, "it did not come to an address that a letter of ours left from")
    person, day = found
    if not _is_still_theirs(session, person, day):
        return CameTo(Weight.VERIFIED, False, "they have another address since")
    if bounce.severity is not Severity.HARD:
        return CameTo(Weight.VERIFIED, False, SAID[bounce.severity or Severity.SOFT])
    if person.undeliverable:
        return CameTo(Weight.VERIFIED, False, "that mail to them does not arrive is known")
    roster.mark_undeliverable(session, person, NO_SUCH_ADDRESS, now)
    return CameTo(Weight.VERIFIED, True, "mail to this person does not arrive")


def _written_to(session: Session, recipient: str) -> tuple[Person, datetime] | None:
    """To whom the letter was that left from this address, and on which day (UTC)."""
    kind, _, token = recipient.partition("@")[0].lower().partition("+")
    try:
        person_id, day = links.read_address_token("bounce", token) if kind == "bounce" else (0, 0)
    except (BadLink, ValueError):
        return None
    person = session.get(Person, person_id)
    return None if person is None else (person, datetime.fromtimestamp(day * 86400, UTC))


def _is_still_theirs(session: Session, person: Person, day: datetime) -> bool:
    """Whether the address written to on that day is the one they have now."""
    that_day = Outgoing.written_at >= day, Outgoing.written_at < day + timedelta(days=1)
    mine = Outgoing.person_id == person.id, Outgoing.recipient == person.email
    return bool(session.scalar(select(exists().where(*mine, *that_day))))
