"""Letters put straight into the outbox, and what has become of them; nothing of chats."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from scheduler import db
from scheduler.clock import now
from scheduler.mail import delivery, outbox
from scheduler.mail.delivery import Run
from scheduler.mail.envelope import Outgoing
from scheduler.mail.transport import Transport

RAW = b"Subject: x\r\n\r\nx\r\n"


def letter(number: int = 1, **changed: Any) -> Outgoing:
    """A letter to Sam about a chat, due now; number and changes make it another."""
    given: dict[str, Any] = {
        "event": f"event:{number}",
        "letter": "chat_reminder",
        "about": "chat:1",
        "programme_id": 1,
        "person_id": 1,
        "recipient": "sam@example.org",
        "envelope_sender": "bounce@x.example.org",
        "subject": "x",
        "message_id": f"<{number}@x.example.org>",
        "raw": RAW,
        "written_at": now(),
        "try_at": now(),
    }
    return Outgoing(**(given | changed))


def many(count: int, **changed: Any) -> list[Outgoing]:
    """So many letters, each about a chat of its own and saying its number, in their order."""
    return [
        letter(number, **({"about": f"chat:{number}", "raw": b"Subject: %d\r\n\r\n" % number} | changed))
        for number in range(1, count + 1)
    ]


def put(*letters: Outgoing) -> list[bool]:
    """Put them, in one transaction; whether each was added."""
    with db.transaction() as session:
        return [outbox.put(session, one) for one in letters]


def deliver(transport: Transport, **more: Any) -> int:
    """One run; how many letters left."""
    return run(transport, **more).sent


def run(transport: Transport, **more: Any) -> Run:
    """One run, with all that came of it."""
    return delivery.deliver(transport, now, **more)


def rows() -> list[Outgoing]:
    """Every letter as it stands, the first put first."""
    with db.reading() as session:
        found = list(session.scalars(select(Outgoing).order_by(Outgoing.id)))
        session.expunge_all()
    return found


def fates() -> list[tuple[str, int, str]]:
    """What has become of each: state, tries, and why."""
    return [(str(row.state), row.attempts, row.why) for row in rows()]


def states() -> list[str]:
    """The state of each."""
    return [str(row.state) for row in rows()]


def waits(row: Outgoing) -> timedelta:
    """For how long it still waits."""
    return row.try_at - now()
