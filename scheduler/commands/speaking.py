"""What all commands share: the service wired, things found by number, refusals in one sentence."""

from typing import IO, Any, TypeVar

import click
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from scheduler import db, settings, wiring
from scheduler.clock import BadOffset
from scheduler.db import Conflict
from scheduler.life import NotAllowed, NotNow
from scheduler.mail.inbox import TooLarge
from scheduler.operating import schema
from scheduler.planning.problem import BadInstance
from scheduler.programme.class_list import BadClassList
from scheduler.programme.names import BadAddress, BadTitle, BadZone
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.settings import BadSettings
from scheduler.wiring import Wired

T = TypeVar("T")
IN_A_SENTENCE = (
    BadAddress,
    BadClassList,
    BadInstance,
    BadOffset,
    BadSettings,
    BadTitle,
    BadZone,
    Conflict,
    NotAllowed,
    NotNow,
    TooLarge,
)
"""Exceptions whose text is made for people."""


class Refused(click.ClickException):
    """Something stands against it; the text is a sentence for whoever typed the command."""

    def show(self, file: IO[Any] | None = None) -> None:
        """The sentence alone, on stderr."""
        click.echo(self.format_message(), err=True, file=file)


class Verb(click.Command):
    """A command whose refusals become one sentence and exit code 1, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except IN_A_SENTENCE as refusal:
            raise Refused(str(refusal)) from refusal
        except SQLAlchemyError as error:
            raise Refused(_of_database(error)) from error
        except BrokenPipeError:
            raise  # who reads along has read enough: click ends without a word
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise Refused(f"The machine refuses: {error.strerror or error}{where}.") from error


def _of_database(error: SQLAlchemyError) -> str:
    """What the database's trouble means to whoever typed the command; other errors are ours, and raise."""
    if db.is_conflict(error):
        return str(Conflict())
    # DatabaseError itself, none of its kinds, is what SQLite says of a file that is no database, or damaged.
    if isinstance(error, OperationalError) or type(error) is DatabaseError:
        why = " ".join(str(error.orig).split())
        return f"The database does not answer: {why}" + ("" if why.endswith((".", "?")) else ".")
    raise error


def wired() -> Wired:
    """The service on the environment's settings. Raises Refused where the database is not prepared."""
    started = wiring.start(settings.load())
    with db.reading() as session:
        is_current = schema.is_current(session.connection())
    if not is_current:
        raise Refused("The database is not prepared for this version: run  coffee-rounds upgrade  first.")
    return started


def get_programme(session: Session, number: int) -> Programme:
    """The programme with this number, as `programme add` printed it. Raises Refused."""
    return _got(session.get(Programme, number), "programme", number)


def get_round(session: Session, number: int) -> Round:
    """The round with this number, as `round open` printed it. Raises Refused."""
    return _got(session.get(Round, number), "round", number)


def _got(found: T | None, what: str, number: int) -> T:
    if found is None:
        raise Refused(f"There is no {what} {number}.")
    return found
