"""What every letter of a programme carries: links to the reader's own pages, and who answers for it."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import links
from scheduler.mail import posting
from scheduler.mail.invite import Mailbox
from scheduler.mail.posting import Posting
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme


def post(session: Session, letter: Posting, now: datetime) -> bool:
    """As `posting.post`, for a letter of a programme: where the service reads no replies, they reach its
    coordinator."""
    return posting.post(session, replace(letter, coordinator=_coordinator(session, letter)), now)


def preferences_url(person: Person) -> str:
    """The person's own page: pause, leave, zone, place."""
    return links.url("me", p=person.id, n=person.link_number)


def unsubscribe_url(person: Person) -> str:
    """The one-click address of List-Unsubscribe (RFC 8058): POST pauses, GET shows a page."""
    return links.url("unsubscribe", p=person.id, n=person.link_number)


def _coordinator(session: Session, letter: Posting) -> Mailbox | None:
    """The first of the programme's coordinators; None where there is none, or the service reads replies."""
    if posting.sender().reads_replies:
        return None
    found = session.scalar(
        select(Coordinator)
        .where(Coordinator.programmes.any(Programme.id == letter.programme_id))
        .order_by(Coordinator.id)
        .limit(1)
    )
    return None if found is None else Mailbox(found.name, found.email)
