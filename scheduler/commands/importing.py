"""`coffee-rounds import`: the people of a class list taken into a programme, or looked at first."""

from pathlib import Path

import click

from scheduler import clock, db
from scheduler.commands import opening, typed
from scheduler.commands.speaking import Refused, Verb
from scheduler.programme import class_list, enrolling
from scheduler.programme.enrolling import NotTaken, Preview

WOULD_BE_REFUSED = (
    "This list would not be imported: correct its wrong lines, or leave them out with --skip-bad."
)


@click.command("import", cls=Verb)
@click.argument("file", type=typed.FILE)
@click.option(
    "--programme", "number", required=True, type=typed.KEPT, metavar="P", help="The programme's number."
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--skip-bad", is_flag=True, help="Take the good lines in, and leave the wrong ones out.")
def import_people(file: Path, number: int, *, dry_run: bool, skip_bad: bool) -> None:
    """Take in the people of a class list: all of it or, where a line is wrong, nothing."""
    opening.wired()
    people, now = class_list.read(typed.content(file, class_list.MOST_BYTES)), clock.now()
    if dry_run:
        with db.reading() as session:
            found = enrolling.preview(session, opening.get_programme(session, number), people, now)
        _tell(found)
        click.echo(f"Nothing was changed: {found.summary}.")
        if found.wrong and not skip_bad:
            raise Refused(WOULD_BE_REFUSED)
        return
    try:
        with db.transaction() as session:
            found = enrolling.take_in(
                session, opening.get_programme(session, number), people, now, skip_bad=skip_bad
            )
    except NotTaken as refusal:
        _tell_wrong(refusal.preview)
        raise Refused(str(refusal)) from refusal
    _tell_wrong(found)
    click.echo(f"Imported: {found.summary}.")


def _tell(found: Preview) -> None:
    for row in found.new:
        click.echo(f"new        {row.name} <{row.email}>")
    for changed in found.changed:
        what = ", ".join(
            f"{change.what}: {change.old or '-'} → {change.new or '-'}" for change in changed.changes
        )
        click.echo(f"changed    {changed.row.name} <{changed.row.email}>  {what}")
    for row in found.away:
        click.echo(
            f"away       {row.name} <{row.email}>  takes no part at present; a list does not change that"
        )
    _tell_wrong(found)


def _tell_wrong(found: Preview) -> None:
    for wrong in found.wrong:
        click.echo(f"wrong      {wrong.sentence}")
