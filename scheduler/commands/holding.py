"""`coffee-rounds hold` and `release`: the operator's hold on all mail, set and lifted."""

import json
from collections.abc import Callable
from functools import partial

import click
from sqlalchemy.orm import Session

from scheduler import clock, db, queue
from scheduler.commands import opening
from scheduler.commands.speaking import Refused, Verb
from scheduler.mail import holds, outbox
from scheduler.operating import finding
from scheduler.programme import names

as_json = click.option("--json", "as_json", is_flag=True, help="Print how mail stands as JSON.")


@click.command(cls=Verb)
@click.option("--why", default="", metavar="TEXT", help="A reason that every coordinator reads on the board.")
@as_json
def hold(why: str, *, as_json: bool) -> None:
    """Keep every letter back, sign-in mails too, until it is released; letters are still written and wait."""
    reason = names.clean_text(why, holds.WHY_LIMIT + 1)
    if len(reason) > holds.WHY_LIMIT:
        raise Refused(f"The reason can have {holds.WHY_LIMIT} characters at most; this one is longer.")
    _carry_out(partial(_hold, reason), as_json=as_json)


@click.command(cls=Verb)
@as_json
def release(*, as_json: bool) -> None:
    """Let mail go again, and wake the workers; what a coordinator has paused stays paused."""
    _carry_out(_release, as_json=as_json)
    queue.ring("deliver")


def _hold(reason: str, session: Session) -> str:
    now = clock.now()
    before = holds.find(session, holds.ALL)
    if before is None:
        holds.set_up(session, holds.ALL, reason, now, by=holds.OPERATOR)
        return "All mail is held back: no letter leaves until  coffee-rounds release."
    because = f": {before.why.rstrip('.')}." if before.why else "."
    return f"All mail has been held back already for {finding.lasted(now - before.since)}{because}"


def _release(session: Session) -> str:
    return "Mail goes out again." if holds.lift(session, holds.ALL) else "Mail was not held back."


def _carry_out(verb: Callable[[Session], str], *, as_json: bool) -> None:
    """One verb in one transaction, and how mail stands then."""
    opening.wired()

    def work() -> tuple[str, dict[str, object]]:
        with db.transaction() as session:
            return verb(session), _standing(session)

    said, standing = db.attempt(work)
    if as_json:
        click.echo(json.dumps(standing, ensure_ascii=False, indent=2))
        return
    waiting = standing["waiting"]
    click.echo(f"{said} {waiting} {'letter waits' if waiting == 1 else 'letters wait'}.")


def _standing(session: Session) -> dict[str, object]:
    """For programs: the same keys whether mail is held back or not."""
    found = holds.find(session, holds.ALL)
    return {
        "is_held": found is not None,
        "since": found.since.isoformat() if found is not None else None,
        "why": found.why if found is not None else "",
        "waiting": outbox.count_waiting(session),
    }
