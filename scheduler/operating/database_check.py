"""Whether the database answers, has its tables, and agrees with this machine on the time."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.operating import mail_check, schema, work_check
from scheduler.operating.finding import Finding, Mark
from scheduler.settings import Settings

MOST_ASKEW = timedelta(seconds=30)
ANSWER_SECONDS = 10


def look(known: Settings) -> Iterator[Finding]:
    """The database itself, and what is told by that which stands in it: the work and the mail."""
    try:
        with db.looking(known.database_url, ANSWER_SECONDS) as session:
            kind = session.connection().dialect.name
            yield Finding("database", Mark.WELL, f"The database answers ({kind}).")
            if not schema.is_current(session.connection()):
                words = "The database does not have this version's tables: run  coffee-rounds upgrade."
                yield Finding("migrations", Mark.WRONG, words)
                return
            yield Finding(
                "migrations", Mark.WELL, f"The database has this version's tables ({schema.head()})."
            )
            yield _time(session)
            yield from work_check.look(session, clock.now(), clock.machine_now())
            yield from mail_check.look(session, known, clock.now())
    except SQLAlchemyError as error:
        yield _gone(known, error)


def _gone(known: Settings, error: SQLAlchemyError) -> Finding:
    url = make_url(known.database_url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        words = f"There is no database at {url.database} yet: coffee-rounds upgrade  makes one."
        return Finding("database", Mark.WRONG, words)
    cause = " ".join(str(getattr(error, "orig", None) or error).split())
    return Finding("database", Mark.WRONG, f"The database does not answer: {cause}")


def _time(session: Session) -> Finding:
    ahead = clock.offset()
    if ahead:
        return Finding("time", Mark.WELL, f"The clock of this demo runs {ahead} ahead.")
    if session.connection().dialect.name != "postgresql":
        return Finding("time", Mark.WELL, "The time is this machine's, and so is the database's.")
    there = session.scalar(select(func.clock_timestamp()))
    apart = abs(clock.now() - there) if there is not None else timedelta(0)
    if apart > MOST_ASKEW:
        seconds = int(apart.total_seconds())
        words = f"This machine's time and the database's are {seconds} seconds apart."
        return Finding("time", Mark.WRONG, words)
    return Finding("time", Mark.WELL, "This machine's time and the database's agree.")
