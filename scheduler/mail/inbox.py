"""Mail received: kept byte for byte before anyone is told so, and read later."""

import email
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.crashpoint import crashpoint
from scheduler.mail.envelope import Incoming
from scheduler.mail.verdict import Border
from scheduler.refusal import Refusal

LARGEST = 10 * 1024 * 1024


class _Bound:
    border = Border()


_bound = _Bound()


def bind(border: Border) -> None:
    """From now on this server's word on a sender counts."""
    _bound.border = border


def border() -> Border:
    """Whose word on a sender counts."""
    return _bound.border


class TooLarge(Refusal):
    """The mail is larger than any calendar answer can be."""


def store(session: Session, raw: bytes, now: datetime, *, recipient: str = "", sender: str = "") -> Incoming:
    """Keep a mail, due to be read at once; the same bytes again are the same row. Raises TooLarge.

    Whoever delivers may be told "kept" only after the caller's transaction has committed.
    """
    if len(raw) > LARGEST:
        raise TooLarge("The mail is larger than 10 MB.")
    digest = sha256(raw).hexdigest()
    message_id = _message_id(raw) or f"<{digest[:32]}@none>"
    same = select(Incoming).where(Incoming.message_id == message_id, Incoming.digest == digest)
    kept = session.scalar(same)
    if kept is None:
        crashpoint("inbox.before_store")
        kept = Incoming(
            message_id=message_id,
            digest=digest,
            raw=raw,
            received_at=now,
            envelope_recipient=recipient[:254],
            envelope_sender=sender[:254],
            due_at=now,
        )
        session.add(kept)
        session.flush()
        crashpoint("inbox.after_store")
    return kept


def _message_id(raw: bytes) -> str:
    """The Message-ID as it stands, cut to size; reading a hostile header may raise anything at all."""
    try:
        headers = email.message_from_bytes(raw[:65536].split(b"\r\n\r\n")[0].split(b"\n\n")[0])
        return str(headers.get("Message-ID", "")).strip().replace("\x00", "")[:250]
    except Exception:  # whatever a header does, the mail is kept
        return ""
