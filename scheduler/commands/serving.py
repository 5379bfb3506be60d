"""`coffee-rounds run`: all of one machine. It imports no more than it needs, so as to be there soon."""

import os
from contextlib import nullcontext

import click

from scheduler import logs, settings, supervisor
from scheduler.commands import lasting, paging
from scheduler.commands.speaking import Verb
from scheduler.operating import schema


@click.command(cls=Verb)
@paging.host
@paging.port
@click.option("--pages/--no-pages", default=True, help="Without pages: the workers and the clock alone.")
def run(host: str | None, port: int | None, *, pages: bool) -> None:
    """Serve the pages and do the work of one machine; Ctrl-C or TERM ends all of it within ten seconds."""
    given = settings.surroundings() | ({"PORT": str(port)} if port else {})
    known = settings.load(given)
    logs.configure(known.log_format, level=known.log_level)
    with paging.door(*paging.address(known, host, None)) if pages else nullcontext() as listening:
        known.data_dir.mkdir(parents=True, exist_ok=True)
        schema.upgrade(known.database_url)
        if pages:
            click.echo(f"Coffee Rounds is at {known.base_url}; Ctrl-C ends it.", err=True)
        # Whoever writes a letter must know the port as well: without BASE_URL the links name it.
        environ = os.environ | {"PORT": str(known.port)}
        supervisor.keep_running(lasting.parts(known, listening, environ=environ))
