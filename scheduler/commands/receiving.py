"""`coffee-rounds inbound`: one raw mail on standard input, as a mail server's pipe hands it over."""

import json
import sys
from datetime import datetime

import click
import structlog
from sqlalchemy.exc import SQLAlchemyError

from scheduler import clock, db, sweep, ticking
from scheduler.commands import opening
from scheduler.commands.speaking import Refused, Verb
from scheduler.mail import inbox
from scheduler.mail.inbound import read
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
@click.option("--dry-run", is_flag=True, help="Keep nothing, and say what the mail would be taken for.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
def inbound(recipient: str, sender: str, *, dry_run: bool, as_json: bool) -> None:
    """Keep one raw mail from standard input, then read it. 0: it is kept. 75: it is not; try again later."""
    if as_json and not dry_run:
        raise click.UsageError("--json says what a mail would be taken for: it goes with --dry-run.")
    raw = sys.stdin.buffer.read(inbox.LARGEST + 1)
    if dry_run:
        told = _taken_for(raw, recipient)
        lines = (f"{name}: {value}" for name, value in told.items() if value is not None)
        click.echo(json.dumps(told, ensure_ascii=False) if as_json else "\n".join(lines))
        return
    if not raw.strip():
        raise click.UsageError("There is no mail on standard input.")
    wired = _kept(raw, recipient, sender)
    try:
        ticking.tick(wired.transport)
    except Exception:  # it is kept, and the clock's next sweep will read it
        log.exception("kept, and not read yet")


def _taken_for(raw: bytes, recipient: str) -> dict[str, object]:
    """What the mail says and what would come of it; None where that is not known."""
    try:
        opening.wired()
        said = read(raw, inbox.border(), recipient=recipient)
        came_to = sweep.tried(said, clock.now())
    except (SQLAlchemyError, OSError, Refused, db.Unbound):
        said, came_to = read(raw, inbox.border(), recipient=recipient), None
    told: dict[str, object] = {
        "kind": said.kind,
        "method": said.method,
        "partstat": said.partstat,
        "uid": said.uid,
        "attendee": said.attendee,
        "sequence": said.sequence,
        "dtstamp": _moment(said.stamp),
        "start": _moment(said.starts_at),
        "end": _moment(said.ends_at),
        "comment": said.comment,
        "recipients": list(said.recipients),
        "severity": said.severity,
        "text": said.text,
        "weight": came_to and came_to.weight,
        "effect": came_to and (came_to.words if came_to.is_applied else "nothing changes"),
        "reason": said.reason or (came_to and came_to.words),
    }
    return {name: None if value in ("", []) else value for name, value in told.items()}


def _moment(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None


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
