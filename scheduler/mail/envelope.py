"""What is kept of mail: letters waiting or sent, mails received, and addresses never written to."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db import Base, words
from scheduler.life import NotNow


class Fate(StrEnum):
    """What has become of a letter."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    WITHDRAWN = "withdrawn"
    GIVEN_UP = "given up"


class Lane(StrEnum):
    """Which letters go first: answers to people's own acts before what time sends."""

    PROMPT = "1 prompt"
    ORDINARY = "2 ordinary"


class Outgoing(Base):
    """One letter to one person: its finished bytes and its fate.

    `about` (as "chat:12") and `person_id` are for those who withdraw; mail itself does not read them.
    """

    __tablename__ = "outgoing"
    __table_args__ = (
        UniqueConstraint("event", "letter", "recipient"),
        Index("ix_outgoing_due", "state", "lane", "try_at", "useful_until", "id"),
        Index("ix_outgoing_about", "about", "person_id"),
        Index("ix_outgoing_settled", "is_kept", "settled_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    event: Mapped[str] = mapped_column(String(64))
    letter: Mapped[str] = mapped_column(String(32))
    about: Mapped[str] = mapped_column(String(32))
    programme_id: Mapped[int | None] = mapped_column(index=True)
    person_id: Mapped[int | None]
    recipient: Mapped[str] = mapped_column(String(254), index=True)
    envelope_sender: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime]
    try_at: Mapped[datetime]
    lane: Mapped[Lane] = mapped_column(words(Lane), default=Lane.ORDINARY)
    useful_until: Mapped[datetime | None] = mapped_column(default=None)
    never_twice: Mapped[bool] = mapped_column(default=False)
    """A sign-in code: better asked for anew than sent again after an uncertain try."""
    method: Mapped[str | None] = mapped_column(String(8), default=None)
    uid: Mapped[str | None] = mapped_column(String(80), default=None)
    sequence: Mapped[int | None] = mapped_column(default=None)
    stamp: Mapped[datetime | None] = mapped_column(default=None)
    starts_at: Mapped[datetime | None] = mapped_column(default=None)
    """The calendar part's start: what the reader's calendar shows once they have this letter."""
    shows: Mapped[str] = mapped_column(String(220), default="")
    """What else of the calendar part matters to the reader (place and answer), to tell whether it differs."""
    state: Mapped[Fate] = mapped_column(words(Fate), default=Fate.WAITING)
    owner: Mapped[str | None] = mapped_column(String(80), default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    uncertain: Mapped[int] = mapped_column(default=0)
    """Tries that broke off after the last byte: it may have arrived."""
    why: Mapped[str] = mapped_column(String(300), default="")
    """The server's last answer, or why it was withdrawn, in plain words."""
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    """When its last try, or its life, ended."""
    recalled: Mapped[str] = mapped_column(String(300), default="")
    """Why it was taken back while it was being sent: it does not go a second time."""
    domain: Mapped[str] = mapped_column(String(254), default="")
    """The recipient's, in small letters."""
    digest: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the bytes; it and `size` stay when these are no longer kept."""
    size: Mapped[int] = mapped_column(default=0)
    is_kept: Mapped[bool] = mapped_column(default=True)
    """Whether the bytes are still there."""

    def seal(self) -> None:
        """Write down what is told by address and bytes, which no longer change."""
        self.domain = self.recipient.rpartition("@")[2].lower()
        self.digest, self.size = sha256(self.raw).hexdigest(), len(self.raw)

    def why_not_again(self, now: datetime) -> str:
        """Why it cannot be sent again, a sentence; empty when it can."""
        if self.state is not Fate.GIVEN_UP:
            return "Only a letter that was given up can be sent again."
        if not self.is_kept:
            return "This letter’s text is no longer kept, so it cannot be sent again."
        if self.useful_until is not None and self.useful_until <= now:
            return "This letter would come too late to be of use, so it is not sent again."
        return ""

    def try_anew(self, now: datetime) -> None:
        """Let a letter that was given up go again, from the start of its schedule. Raises NotNow."""
        if why := self.why_not_again(now):
            raise NotNow(why)
        self.state, self.try_at, self.attempts, self.why = Fate.WAITING, now, 0, ""


class Reading(StrEnum):
    """What has become of a received mail."""

    UNREAD = "unread"
    APPLIED = "applied"
    KEPT = "kept"
    DEAD = "dead"


class Incoming(Base):
    """One received mail: its raw bytes, what it was taken for, and what came of it."""

    __tablename__ = "incoming"
    __table_args__ = (UniqueConstraint("message_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    message_id: Mapped[str] = mapped_column(String(250))
    digest: Mapped[str] = mapped_column(String(64))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    envelope_recipient: Mapped[str] = mapped_column(String(254), default="")
    envelope_sender: Mapped[str] = mapped_column(String(254), default="")
    state: Mapped[Reading] = mapped_column(words(Reading), default=Reading.UNREAD)
    kind: Mapped[str] = mapped_column(String(24), default="")
    came_to: Mapped[str] = mapped_column(String(300), default="")
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    person_id: Mapped[int | None] = mapped_column(default=None, index=True)
    """Whose it is, as far as that can be told; mail itself reads neither it nor `about`."""
    about: Mapped[str] = mapped_column(String(32), default="")
    words: Mapped[str] = mapped_column(Text, default="")
    """What a person wrote in it, without what they quote."""
    handled_at: Mapped[datetime | None] = mapped_column(default=None)
    """When there was nothing more to do about it for a human."""

    def settle(self, state: Reading, kind: str, came_to: str) -> None:
        """It has been read: what it was taken for, and what came of it."""
        self.state, self.kind, self.came_to, self.due_at = state, kind, came_to[:300], None


class Suppression(Base):
    """An address never to be written to again, kept as a hash so that it outlives erasure."""

    __tablename__ = "suppression"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    address_hash: Mapped[str] = mapped_column(String(64), unique=True)
    why: Mapped[str] = mapped_column(String(80))
    since: Mapped[datetime]
