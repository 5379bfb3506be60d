"""Posting: from a letter's name and its reader to finished bytes in the outbox."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import links
from scheduler.mail import invite, letter, outbox
from scheduler.mail.envelope import Lane, Outgoing
from scheduler.mail.invite import Invite, Mailbox

WITH_UNSUBSCRIBE = frozenset(
    {
        "offer_wanted",
        "offer_reminder",
        "wish_wanted",
        "wish_reminder",
        "chat_nudge",
        "chat_reminder",
        "chat_how_was_it",
        "chat_prompt",
        "left_out",
        "offer_unused",
    }
)
"""Letters that time or the round sends; calendar mail carries no List-Unsubscribe."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """How the service signs itself: its one address, and whether answers by mail are read."""

    name: str = "Coffee Rounds"
    address: str = "rounds@coffee.test"
    reads_replies: bool = False
    plus_addresses: bool = True

    @property
    def domain(self) -> str:
        """The domain of the one address: of Message-IDs, UIDs and envelope senders."""
        return self.address.rpartition("@")[2]

    def detailed(self, kind: str, token: str) -> str:
        """`kind+token@domain` where the mail host knows plus addresses, else the one address."""
        return f"{kind}+{token}@{self.domain}" if self.plus_addresses else self.address


class _Bound:
    sender = Sender()


_bound = _Bound()


def bind(sender: Sender) -> None:
    """Write from now on in this sender's name."""
    _bound.sender = sender
    letter.bind_globals({"reads_replies": lambda: sender.reads_replies})


def sender() -> Sender:
    """In whose name letters are written."""
    return _bound.sender


@dataclass(frozen=True, kw_only=True)
class Posting:
    """One letter to be written now: which, to whom, about what, and when it may leave."""

    letter: str
    event: str
    about: str
    reader: Mailbox
    context: Mapping[str, object]
    person_id: int | None = None
    programme_id: int | None = None
    reply_token: str = ""
    coordinator: Mailbox | None = None
    """Whom an answer by mail reaches where the service reads none."""
    calendar: tuple[str, Invite] | None = None
    least_sequence: int = 0
    """The SEQUENCE this reader's calendar was last sent; it never falls."""
    shows: str = ""
    unsubscribe: str | None = None
    wait: timedelta = timedelta(0)
    useful_until: datetime | None = None
    lane: Lane = Lane.PROMPT
    never_twice: bool = False


def post(session: Session, posting: Posting, now: datetime) -> bool:
    """Write the letter and put it into the outbox, in the caller's transaction; whether it was added.

    The bytes are final: a retry sends the very same. Raises letter.Unfit if they do not pass the look over.
    """
    me = _bound.sender
    words = letter.render(posting.letter, posting.context)
    message_id = f"<{secrets.token_hex(16)}@{me.domain}>"
    method, copy = posting.calendar or (None, None)
    raw = letter.assemble(
        sender=Mailbox(me.name, me.address),
        recipient=posting.reader,
        reply_to=_reply_to(posting),
        words=words,
        message_id=message_id,
        date=now,
        references=_references(session, posting),
        calendar=None if copy is None else (method or "", _calendar(method, copy)),
        unsubscribe=posting.unsubscribe if posting.letter in WITH_UNSUBSCRIBE else None,
    )
    letter.check(
        raw,
        recipient=posting.reader.address,
        sender=me.address,
        uid=copy.uid if copy else None,
        least_sequence=posting.least_sequence,
    )
    return outbox.put(session, _row(posting, words.subject, message_id, raw, now))


def _row(posting: Posting, subject: str, message_id: str, raw: bytes, now: datetime) -> Outgoing:
    method, copy = posting.calendar or (None, None)
    token = links.address_token("bounce", posting.person_id or 0, int(now.timestamp()) // 86400)
    return Outgoing(
        event=posting.event,
        letter=posting.letter,
        about=posting.about,
        programme_id=posting.programme_id,
        person_id=posting.person_id,
        recipient=posting.reader.address,
        envelope_sender=_bound.sender.detailed("bounce", token),
        subject=subject[:200],
        message_id=message_id,
        raw=raw,
        written_at=now,
        try_at=now + posting.wait,
        lane=posting.lane,
        useful_until=posting.useful_until,
        never_twice=posting.never_twice,
        method=method,
        uid=copy.uid if copy else None,
        sequence=copy.sequence if copy else None,
        stamp=copy.stamp if copy else None,
        starts_at=copy.starts_at if copy else None,
        shows=posting.shows,
    )


def _reply_to(posting: Posting) -> Mailbox:
    me = _bound.sender
    if not me.reads_replies and posting.coordinator is not None:
        return posting.coordinator
    if me.reads_replies and posting.reply_token:
        return Mailbox(me.name, me.detailed("reply", posting.reply_token))
    return Mailbox(me.name, me.address)


def _calendar(method: str | None, copy: Invite) -> bytes:
    return invite.cancel(copy) if method == "CANCEL" else invite.request(copy)


def _references(session: Session, posting: Posting) -> Sequence[str]:
    """The first letter this reader was written about this: later ones stand in its thread."""
    first = (
        select(Outgoing.message_id)
        .where(Outgoing.about == posting.about, Outgoing.recipient == posting.reader.address)
        .order_by(Outgoing.id)
        .limit(1)
    )
    return [found] if (found := session.scalar(first)) else []
