"""The meaning of a mail that came in: what it was taken for, and what it says; not yet who is believed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a mail is."""

    REPLY = "reply"
    COUNTER = "counter"
    REQUEST = "request"
    CANCEL = "cancel"
    OTHER_CALENDAR = "other_calendar"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    CHALLENGE = "challenge"
    TNEF = "tnef"
    NOTE = "note"
    GARBAGE = "garbage"


class Severity(StrEnum):
    """What a bounce says of an address (RFC 3463)."""

    HARD = "hard"  # there is no such address
    SOFT = "soft"  # not now: a full mailbox, a server away
    DELAYED = "delayed"  # not yet: it is still being tried
    POLICY = "policy"  # not from us, or not this


class Weight(StrEnum):
    """How far an answer is believed: the first three are applied."""

    VERIFIED = "verified"  # our border vouches for the sender
    PROVIDER = "provider"  # a calendar provider answers for its user
    PLAIN = "plain"  # nothing speaks against it, and nothing vouches for it
    HELD = "held"  # something speaks against it: the invited person is to be asked
    KEPT = "kept"  # it is about nothing of ours, or says nothing clear


class Verdict(StrEnum):
    """What our border found out about a mail's sender."""

    PASS = "pass"  # noqa: S105 - a verdict
    PROVIDER = "provider"  # a calendar provider answers for its user
    FAIL = "fail"
    NONE = "none"  # nothing was said


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a mail says; what it does not say is empty, None or ().

    Addresses are in small letters; `sender` is From's, empty when it names no single one. Moments are UTC:
    `stamp` is the calendar's DTSTAMP, and `starts_at` and `ends_at` are what a counter proposes (without
    `ends_at` the length stays). No time of a chat is read from a reply.
    """

    kind: Kind
    reason: str = ""
    """Why it was taken for this, or why nothing can follow from it: a sentence for people."""
    is_clear: bool = True
    """Whether a reply or a counter says one thing of one person, fit to be weighed."""
    sender: str = ""
    verdict: Verdict = Verdict.NONE
    message_id: str = ""
    references: tuple[str, ...] = ()
    """The mails it answers, by their Message-IDs."""
    delivered_to: str = ""
    """To which address of ours, as its topmost header says."""
    method: str = ""
    uid: str = ""
    attendee: str = ""
    partstat: str = ""
    sequence: int | None = None
    stamp: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    comment: str = ""
    text: str = ""
    """What a person wrote, without what they quote."""
    recipients: tuple[str, ...] = ()
    severity: Severity | None = None

    @property
    def is_answer(self) -> bool:
        """Whether it is a calendar's answer that can be weighed."""
        return self.kind is Kind.REPLY and self.is_clear


class CameTo(NamedTuple):
    """What came of a mail: how far it was believed, whether anything changed, and in words."""

    weight: Weight
    is_applied: bool
    words: str

    def __str__(self) -> str:
        """As it is kept."""
        named = "applied" if self.is_applied else "held" if self.weight is Weight.HELD else "kept"
        return f"{named}: {self.words}"


class Unreadable(Exception):
    """Reading stops here; the text is a sentence."""
