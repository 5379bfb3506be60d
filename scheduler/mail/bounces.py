"""Delivery reports (RFC 3464): for whom a letter did not arrive, and what that says of the address."""

import re
from collections.abc import Iterator
from email.message import Message

from scheduler.mail import parts
from scheduler.mail.meaning import Kind, Meaning, Severity

REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
RECEIPTS = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
RECIPIENTS_LIMIT = 20
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_OF_SEVERITY = (Severity.HARD, Severity.POLICY, Severity.SOFT, Severity.DELAYED)
"""The gravest first: of several recipients it counts."""


def read(mail: Message, found: list[Message]) -> Meaning | None:
    """What a delivery report says; None for a mail that is none, or tells of a delivery that went well."""
    reports = [part for part in found if part.get_content_type() in REPORTS]
    is_report = mail.get_content_type() == "multipart/report"
    declared = str(mail.get_param("report-type", "")).lower() if is_report else ""
    if not reports and declared != "delivery-status":
        return None
    told = [one for part in reports for one in _told(part)]
    failed = [(address, severity) for address, severity in told if severity is not None]
    if told and not failed:
        return Meaning(kind=Kind.AUTO_REPLY, reason="The report tells of a delivery that went well.")
    addresses = dict.fromkeys(address for address, _ in failed if address)
    named = {severity for _, severity in failed}
    return Meaning(
        kind=Kind.BOUNCE,
        reason="The mail is a delivery report.",
        recipients=tuple(addresses)[:RECIPIENTS_LIMIT],
        severity=next((severity for severity in _OF_SEVERITY if severity in named), Severity.SOFT),
    )


def is_bounce_address(recipient: str) -> bool:
    """Whether this is an address that letters leave from: what comes there was not written by people."""
    return recipient.startswith("bounce+")


def is_receipt(found: list[Message]) -> bool:
    """Whether it tells that a mail was shown, or deleted, to or by its reader (RFC 8098)."""
    return any(part.get_content_type() in RECEIPTS for part in found)


def severity(action: str, status: str, diagnostic: str) -> Severity | None:
    """What one recipient's fields mean; None when the mail arrived, or went on to another system.

    The diagnosis is asked where the status is a mere 5.0.0, as of systems that know no better. A failure of
    a kind not known here is soft: people are shown it, and no address is blocked for it.
    """
    if action in ("delivered", "relayed", "expanded"):
        return None
    if action == "delayed":
        return Severity.DELAYED
    found = _STATUS.search(status)
    if found is None or found.group(2, 3) == ("0", "0"):
        found = _STATUS.search(diagnostic) or found
    if found is None or found.group(1) != "5":
        return Severity.SOFT
    subject, detail = found.group(2, 3)
    if subject == "1" or (subject, detail) == ("4", "4"):
        return Severity.HARD
    return Severity.POLICY if subject == "7" else Severity.SOFT


def _told(part: Message) -> Iterator[tuple[str, Severity | None]]:
    """Each recipient's address and severity; the first block of a report is about the mail as a whole."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message) or ("Action" not in block and "Final-Recipient" not in block):
            continue
        address = parts.header(block, "Original-Recipient") or parts.header(block, "Final-Recipient")
        action, status = parts.header(block, "Action").lower(), parts.header(block, "Status")
        words = parts.header(block, "Diagnostic-Code")
        yield parts.normal_address(address.rpartition(";")[2]), severity(action, status, words)
