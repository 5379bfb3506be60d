"""Whether anything more can be kept: a mail's worth of bytes, written on trial and taken back."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.mail import inbox
from scheduler.operating import schema
from scheduler.operating.finding import Finding, Mark
from scheduler.settings import Settings

ANSWER_SECONDS = 10
TRIAL_BYTES = 256 * 1024


def look(known: Settings) -> Iterator[Finding]:
    """A sentence for each place that takes nothing more, because it is full or may only be read."""
    wrong = [*_database(known), *_folder(known)]
    words = "The database and the folder of this machine take what is to be kept."
    yield from wrong or [Finding("keeping", Mark.WELL, words)]


def _database(known: Settings) -> Iterator[Finding]:
    # What keeps it from answering at all is told elsewhere.
    with contextlib.suppress(SQLAlchemyError), db.looking(known.database_url, ANSWER_SECONDS) as session:
        if schema.is_current(session.connection()):
            yield from _mail_on_trial(session)


def _mail_on_trial(session: Session) -> Iterator[Finding]:
    """Keep a mail and take it back; SQLite may hold but few pages meanwhile, so that it writes them first."""
    try:
        if session.connection().dialect.name == "sqlite":
            session.execute(text("PRAGMA cache_size = 10"))
        inbox.store(session, secrets.token_bytes(TRIAL_BYTES), clock.now())
    except SQLAlchemyError as error:
        cause = " ".join(str(getattr(error, "orig", None) or error).split())
        yield Finding("keeping", Mark.WRONG, f"The database takes nothing more: {cause}.")
    finally:
        session.rollback()


def _folder(known: Settings) -> Iterator[Finding]:
    """DATA_DIR, unless everything has a place elsewhere."""
    is_needed = make_url(known.database_url).get_backend_name() == "sqlite" or not (
        known.smtp_url and known.redis_url
    )
    try:
        if is_needed:
            _write_on_trial(known.data_dir)
    except OSError as error:
        words = f"The folder {known.data_dir} takes nothing more: {error.strerror}."
        yield Finding("keeping", Mark.WRONG, words)


def _write_on_trial(folder: Path) -> None:
    """A file of the folder, gone as soon as it is on the disk. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(TRIAL_BYTES))
        file.flush()
        os.fsync(file.fileno())
