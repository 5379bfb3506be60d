"""Wiring: from settings to a service that can run; imports every noun, so that tables know each other."""

from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr

from scheduler import broker, clock, db, leases, limits, links, logs, queue
from scheduler.availability import ask
from scheduler.chats import chat, held, proposal
from scheduler.mail import delivery, envelope, holds, inbox, posting, transport
from scheduler.mail.delivery import Pace
from scheduler.mail.posting import Sender
from scheduler.mail.transport import Transport
from scheduler.mail.verdict import Border
from scheduler.programme import coordinator, pairing, person, programme, round, signup
from scheduler.rounds import plan
from scheduler.settings import Settings

NOUNS = (
    ask,
    chat,
    coordinator,
    envelope,
    held,
    holds,
    leases,
    limits,
    pairing,
    person,
    plan,
    programme,
    proposal,
    round,
    signup,
)
"""Every module with tables."""


@dataclass(frozen=True)
class Wired:
    """What the edges hand down: the settings, and how letters leave."""

    settings: Settings
    transport: Transport


def start(settings: Settings) -> Wired:
    """Bind database, clock, links, bell, letters and transport; starting again binds anew."""
    logs.configure(settings.log_format, level=settings.log_level)
    clock.bind(settings.clock_offset_file)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    db.bind(settings.database_url)
    links.bind(settings.base_url, settings.secrets)
    queue.bind(broker.address(settings.redis_url, settings.data_dir))
    name, address = parseaddr(settings.mail_from)
    posting.bind(
        Sender(
            name=name or "Coffee Rounds",
            address=address,
            reads_replies=settings.inbound,
            plus_addresses=settings.plus_addresses,
        )
    )
    inbox.bind(
        Border(authserv_id=settings.authserv_id, holds_without=settings.replies_without_verdict == "hold")
    )
    delivery.bind(
        Pace(
            per_minute=settings.mail_per_minute,
            per_domain=settings.mail_per_domain,
            connections=settings.mail_connections,
            keep=timedelta(days=settings.keep_letters_days),
        )
    )
    url = settings.smtp_url or f"maildir://{settings.mail_dir}"
    return Wired(settings, transport.to(url))
