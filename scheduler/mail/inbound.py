"""What a mail that came in means: the order of the tests, of which the first that fits decides.

Reading is given bytes by anyone at all: it never raises, and what is unsure is for a human to see.
"""

import email
from dataclasses import replace

from scheduler.mail import bounces, itip, parts, texts, verdict
from scheduler.mail.meaning import Kind, Meaning, Unreadable
from scheduler.mail.verdict import Border

NOBODY = Border()


def read(raw: bytes, border: Border = NOBODY, *, recipient: str = "") -> Meaning:
    """What these bytes mean. `border` is the server of ours whose word on the sender counts; `recipient`
    the address of ours that they came to, if the envelope is known.

    A delivery report is known first, for it may bring our own calendar back; then a calendar, for Google
    calls an answer automatic; then what machines and people write. Forwarded mails are never looked into.
    """
    try:
        parts.check_size(raw)
        mail = email.message_from_bytes(raw)
        found = list(parts.walk(mail))
        sender, message_id = parts.sender(mail), parts.message_id(mail)
        came_to = recipient.lower() or parts.delivered_to(mail)
        is_automatic = bounces.is_bounce_address(came_to) or bounces.is_receipt(found)
        meaning = (
            bounces.read(mail, found)
            or itip.read(found, sender)
            or texts.read(mail, found, sender, is_automatic=is_automatic)
        )
        found_out = verdict.read(mail, sender, border)
        return replace(
            meaning,
            sender=sender,
            message_id=message_id,
            references=parts.references(mail),
            verdict=found_out,
            delivered_to=came_to,
        )
    except Unreadable as error:
        return Meaning(kind=Kind.GARBAGE, reason=str(error))
    except Exception as error:  # hostile mail raises nearly anything; all of it is kept for a human
        return Meaning(kind=Kind.GARBAGE, reason=f"The mail cannot be read ({type(error).__name__}).")
