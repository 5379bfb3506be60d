"""How commands speak: what stands against a wish becomes one sentence, never a traceback."""

from typing import IO, Any

import click
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from scheduler import db
from scheduler.db import Conflict
from scheduler.refusal import Refusal


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
        except Refusal as refusal:
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
