"""`coffee-rounds programme add`: a programme, its first coordinator, and their way in."""

import click

from scheduler import clock, db
from scheduler.commands import opening
from scheduler.commands.speaking import Verb
from scheduler.programme import admitting, beginning


@click.group()
def programme() -> None:
    """Programmes: the coordinators' standing schemes."""


@programme.command(cls=Verb)
@click.argument("name")
@click.option("--timezone", required=True, metavar="ZONE", help="Such as America/New_York.")
@click.option("--coordinator", required=True, metavar="ADDRESS", help="Who runs it: a mail address.")
def add(name: str, timezone: str, coordinator: str) -> None:
    """Add a programme, and print its number and a one-time link by which the coordinator signs in."""
    opening.wired()
    now = clock.now()
    with db.transaction() as session:
        begun = beginning.begin(session, name, timezone, coordinator, now)
        link = admitting.invite(session, begun.coordinator, now)
        number = begun.programme.id
    click.echo(number)
    click.echo(f"Sign in once, within a day, at {link}", err=True)
