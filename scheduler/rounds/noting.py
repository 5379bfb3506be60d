"""Mails in people's own words: whom they are from and what about, for the coordinator to read."""

import re
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import links, localtime
from scheduler.chats import card
from scheduler.chats.chat import Chat, Copy
from scheduler.links import BadLink
from scheduler.mail.envelope import Incoming, Outgoing
from scheduler.mail.invite import Mailbox
from scheduler.mail.meaning import Kind, Meaning, Verdict
from scheduler.mail.posting import Posting
from scheduler.programme import contact
from scheduler.programme.person import Person, Standing

IN_WORDS = frozenset({Kind.NOTE, Kind.TNEF, Kind.CHALLENGE, Kind.AUTO_REPLY})
_OURS = re.compile(r"\b(reply|bounce)\+[a-z0-9]+", re.IGNORECASE)


class _About(NamedTuple):
    """Whose mail it is, and about which chat, if one can be told."""

    person: Person
    chat: Chat | None


def is_for_reading(found: Meaning) -> bool:
    """Whether a human may make more of it than we: words, or an answer that is not clear."""
    return found.kind in IN_WORDS or (found.kind in (Kind.REPLY, Kind.COUNTER) and not found.is_clear)


def note(session: Session, mail: Incoming, found: Meaning, now: datetime) -> str:
    """Put a mail beside its person and chat; what came of it, in words, empty when it is nobody's.

    What it says sets nothing: it stands on the board until the coordinator has done with it. Its writer is
    told that it came, once a day at most, and only where it came from the person's own address.
    """
    about = _about(session, found)
    if about is None:
        return ""
    person = about.person
    mail.person_id = person.id
    mail.about = about.chat.key if about.chat is not None else ""
    mail.words = _harmless(found.text or found.reason)
    if found.kind is Kind.AUTO_REPLY:
        mail.handled_at = now  # it only stands on its person's page
        return f"written down beside {person.name}"
    is_theirs = found.sender == person.email.casefold() and found.verdict is not Verdict.FAIL
    if found.kind is Kind.NOTE and is_theirs and person.standing is not Standing.LEFT:
        _thank(session, about, now)
    return "for the coordinator to read"


def _harmless(text: str) -> str:
    """The text without what would let its reader act as its writer, where a quote of ours was left in it."""
    ours = re.compile(re.escape(links.page("")) + r"\S+", re.IGNORECASE)
    return _OURS.sub(r"\1+…", ours.sub("[link]", text))


def _about(session: Session, found: Meaning) -> _About | None:
    """By the copy it names, the address it came to, or the letter it answers; else by its sender alone."""
    return (
        _by_copy(session, found)
        or _by_token(session, found)
        or _by_letter(session, found)
        or _by_sender(session, found)
    )


def _by_copy(session: Session, found: Meaning) -> _About | None:
    copy = session.scalar(select(Copy).where(Copy.uid == found.uid)) if found.uid else None
    chat = session.get_one(Chat, copy.chat_id) if copy is not None else None
    return None if copy is None or chat is None else _About(chat.person(copy.side), chat)


def _by_token(session: Session, found: Meaning) -> _About | None:
    kind, _, token = found.delivered_to.partition("@")[0].partition("+")
    try:
        chat_id, person_id = links.read_address_token("reply", token) if kind == "reply" else (0, 0)
    except (BadLink, ValueError):
        return None
    return _told(session.get(Person, person_id), session.get(Chat, chat_id))


def _by_letter(session: Session, found: Meaning) -> _About | None:
    rows = select(Outgoing.person_id, Outgoing.about).where(Outgoing.message_id.in_(found.references))
    for person_id, about in session.execute(rows.order_by(Outgoing.id.desc()).limit(1)):
        kind, _, number = about.partition(":")
        chat = session.get(Chat, int(number)) if kind == "chat" and number.isdigit() else None
        return _told(session.get(Person, person_id) if person_id is not None else None, chat)
    return None


def _by_sender(session: Session, found: Meaning) -> _About | None:
    """Of one who takes part in several programmes, the one that wrote to them last."""
    if not found.sender:
        return None
    rows = select(Outgoing.person_id).where(
        Outgoing.recipient == found.sender, Outgoing.person_id.is_not(None)
    )
    person_id = session.scalar(rows.order_by(Outgoing.id.desc()).limit(1))
    return _told(session.get(Person, person_id) if person_id is not None else None, None)


def _told(person: Person | None, chat: Chat | None) -> _About | None:
    if person is None:
        return None
    is_theirs = chat is not None and person.id in (chat.mentor_id, chat.student_id)
    return _About(person, chat if is_theirs else None)


def _thank(session: Session, about: _About, now: datetime) -> None:
    person, chat = about
    today = localtime.in_zone(now, person.timezone).date()

    def link(name: str) -> str:
        if name == "chat" and chat is not None:
            return card.link(chat, chat.side(person), "chat")
        return contact.preferences_url(person)

    posting = Posting(
        letter="note_received",
        event=f"note:{person.id}:{today}",
        about=chat.key if chat is not None else f"person:{person.id}",
        reader=Mailbox(person.name, person.email),
        context={"reader": person, "programme": person.programme, "link": link, "has_chat": chat is not None},
        person_id=person.id,
        programme_id=person.programme_id,
        reply_token=links.address_token("reply", chat.id, person.id) if chat is not None else "",
    )
    contact.post(session, posting, now)
