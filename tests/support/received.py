"""Mails as they come in, written out: a calendar's answer, and whatever stands around it."""

from datetime import UTC, datetime

from scheduler.mail.meaning import Kind, Meaning

CALENDAR = """BEGIN:VCALENDAR
METHOD:REPLY
BEGIN:VEVENT
UID:abc@rounds.example
SEQUENCE:1
DTSTAMP:20260113T091500Z
ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.com
END:VEVENT
END:VCALENDAR
"""
READ = Meaning(
    kind=Kind.REPLY,
    method="REPLY",
    uid="abc@rounds.example",
    attendee="maya@example.com",
    partstat="ACCEPTED",
    sequence=1,
    stamp=datetime(2026, 1, 13, 9, 15, tzinfo=UTC),
    comment="",
    sender="maya@example.com",
    message_id="<7@example.com>",
)


def part(calendar: str = CALENDAR, content_type: str = "text/calendar; charset=utf-8; method=REPLY") -> str:
    """A part of a mail."""
    return f"Content-Type: {content_type}\n\n{calendar}"


def mail(*parts: str, sender: str = "Maya <maya@example.com>", kind: str = "mixed") -> bytes:
    """A mail of these parts."""
    body = "".join(f"--b1\n{one}\n" for one in parts)
    return (
        f"From: {sender}\nMessage-ID: <7@example.com>\n"
        f'Content-Type: multipart/{kind}; boundary="b1"\n\n{body}--b1--\n'
    ).encode()
