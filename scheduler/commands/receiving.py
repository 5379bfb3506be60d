"""`coffee-rounds inbound`: one raw mail on standard input, as a mail server's pipe hands it over."""

import sys

import click
import structlog
from sqlalchemy.exc import SQLAlchemyError

from scheduler import clock, db, ticking
from scheduler.commands import opening
from scheduler.commands.speaking import Refused, Verb
from scheduler.mail import inbox
from scheduler.wiring import Wired

TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: mail servers keep the mail and come again."""
log = structlog.get_logger()


class NotKept(Refused):
    """The mail is still the mail server's."""

    exit_code = TRY_AGAIN


@click.command(cls=Verb)
@click.option("--recipient", default="", metavar="A", help="The envelope's recipient.")
@click.option("--sender", default="", metavar="A", help="The envelope's sender.")
def inbound(recipient: str, sender: str) -> None:
    """Keep one raw mail from standard input, then read it. 0: it is kept. 75: it is not; try again later."""
    raw = sys.stdin.buffer.read(inbox.LARGEST + 1)
    if not raw.strip():
        raise click.UsageError("There is no mail on standard input.")
    wired = _kept(raw, recipient, sender)
    try:
        ticking.tick(wired.transport)
    except Exception:  # it is kept, and the clock's next sweep will read it
        log.exception("kept, and not read yet")


def _kept(raw: bytes, recipient: str, sender: str) -> Wired:
    try:
        wired = opening.wired()
        with db.transaction() as session:
            inbox.store(session, raw, clock.now(), recipient=recipient, sender=sender)
        return wired
    except inbox.TooLarge:
        raise
    except (SQLAlchemyError, OSError, Refused, db.Unbound) as fault:
        why = getattr(fault, "orig", None) or fault  # the database's own word, without the statement
        raise NotKept(f"The mail could not be kept; the mail server should bring it again: {why}") from fault
