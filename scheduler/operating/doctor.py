"""The doctor: whether settings, database, mail and clock are well, each in a plain sentence."""

import smtplib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from scheduler import clock, db, settings, wiring
from scheduler.availability.ask import Ask
from scheduler.chats.chat import Chat
from scheduler.chats.proposal import Proposal
from scheduler.mail import outbox
from scheduler.mail.envelope import Fate, Incoming, Outgoing, Reading
from scheduler.operating import schema
from scheduler.programme.round import Round
from scheduler.settings import BadSettings, Settings

PATIENCE = timedelta(minutes=5)
"""Work that has waited longer is overdue: the clock sweeps twice a minute."""
MOST_ASKEW = timedelta(seconds=30)
CONNECT_SECONDS = 10


class Finding(NamedTuple):
    """One thing looked at: what, whether it is well, and a sentence about it."""

    about: str
    is_well: bool
    sentence: str


def examine(load: Callable[[], Settings] = settings.load) -> list[Finding]:
    """Look at everything, worst cause first; what cannot be looked at without another thing is left out.

    Nothing is changed but the laptop's secret, made if there is none, as at any start.
    """
    try:
        known = load()
        wiring.start(known)
    except BadSettings as error:
        return [Finding("settings", False, fault) for fault in error.faults]
    except OSError as error:
        return [Finding("settings", False, f"{error.filename or 'DATA_DIR'}: {error.strerror}.")]
    where = f"The pages are at {known.base_url}, set up for {known.environment}."
    found = [Finding("settings", True, where), _mail_out(known)]
    return [*found, *_database(clock.now())]


def _database(now: datetime) -> Iterator[Finding]:
    try:
        with db.reading() as session:
            is_current = schema.is_current(session.connection())
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        yield Finding("database", False, f"The database does not answer: {' '.join(str(cause).split())}")
        return
    yield Finding("database", True, f"The database answers ({db.engine().dialect.name}).")
    if not is_current:
        words = "The database does not have this version's tables: run  coffee-rounds upgrade."
        yield Finding("migrations", False, words)
        return
    yield Finding("migrations", True, f"The database has this version's tables ({schema.head()}).")
    with db.reading() as session:
        yield _clock(session, now)
        yield _work(session, now)
        yield from _mail(session, now)


def _clock(session: Session, now: datetime) -> Finding:
    ahead = clock.offset()
    if ahead:
        return Finding("clock", True, f"The clock of this demo runs {ahead} ahead.")
    if db.engine().dialect.name != "postgresql":
        return Finding("clock", True, "The clock is this machine's, and so is the database's.")
    there = session.scalar(select(func.clock_timestamp()))
    apart = abs(now - there) if there is not None else timedelta(0)
    if apart > MOST_ASKEW:
        seconds = int(apart.total_seconds())
        return Finding(
            "clock", False, f"This machine's clock and the database's are {seconds} seconds apart."
        )
    return Finding("clock", True, "This machine's clock and the database's agree.")


def _work(session: Session, now: datetime) -> Finding:
    dues = [session.scalar(select(func.min(noun.due_at))) for noun in (Incoming, Round, Ask, Chat, Proposal)]
    oldest = min((due for due in dues if due is not None), default=None)
    if oldest is None or now - oldest <= PATIENCE:
        return Finding("work", True, "No work is overdue.")
    waits = _long(now - oldest)
    return Finding(
        "work", False, f"Work has been due for {waits}: does  coffee-rounds clock  or  run  go on?"
    )


def _mail(session: Session, now: datetime) -> Iterator[Finding]:
    oldest = outbox.oldest_due(session, now)
    if oldest is not None and now - oldest > PATIENCE:
        why = session.scalar(
            select(Outgoing.why).where(Outgoing.state == Fate.WAITING, Outgoing.why != "").limit(1)
        )
        words = f"Mail has waited for {_long(now - oldest)}" + (
            f"; the mail server said: {why}" if why else "."
        )
        yield Finding("mail waiting", False, words)
    else:
        yield Finding("mail waiting", True, "No mail waits longer than it should.")
    dead = session.scalar(select(func.count(Incoming.id)).where(Incoming.state == Reading.DEAD)) or 0
    if dead:
        yield Finding(
            "mail received", False, f"{dead} received mails could not be read, and wait for a human."
        )


def _mail_out(known: Settings) -> Finding:
    if not known.smtp_url:
        is_well = known.environment != "production"
        more = "" if is_well else ": nobody gets any, so set SMTP_URL"
        return Finding("mail out", is_well, f"Mail goes into the folder {known.mail_dir}{more}.")
    parts = urlsplit(known.smtp_url)
    name = f"{parts.hostname}:{parts.port or (465 if parts.scheme == 'smtps' else 25)}"
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(parts.hostname or "", parts.port or 0, timeout=CONNECT_SECONDS) as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return Finding("mail out", False, f"The mail server {name} does not take us: {error}")
    return Finding("mail out", True, f"The mail server {name} answers.")


def _long(time: timedelta) -> str:
    minutes = int(time.total_seconds()) // 60
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
