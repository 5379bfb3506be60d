"""`coffee-rounds upgrade`: the database brought to this version's tables."""

import click

from scheduler import settings
from scheduler.commands.speaking import Verb
from scheduler.operating import schema


@click.command(cls=Verb)
def upgrade() -> None:
    """Bring the database to this version's tables; all or nothing, and twice is once."""
    known = settings.load()
    known.data_dir.mkdir(parents=True, exist_ok=True)
    was_needed = schema.upgrade(known.database_url)
    click.echo("The database has been upgraded." if was_needed else "The database is up to date already.")
