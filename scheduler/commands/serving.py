"""The commands that work: all of one machine under a supervisor, workers, clock, and one sweep at a time."""

import click

from scheduler import broker, jobs, queue, settings, supervisor, ticking
from scheduler.commands import lasting, paging, speaking
from scheduler.commands.speaking import Verb
from scheduler.operating import schema


@click.command(cls=Verb)
@paging.host
@paging.port
@click.option("--pages/--no-pages", default=True, help="Without pages: the workers and the clock alone.")
def run(host: str | None, port: int | None, *, pages: bool) -> None:
    """Serve the pages and do the work of one machine; Ctrl-C or TERM ends all of it within ten seconds."""
    known = settings.load()
    known.data_dir.mkdir(parents=True, exist_ok=True)
    schema.upgrade(known.database_url)
    if not pages:
        supervisor.keep_running(lasting.parts(known))
        return
    with paging.door(*paging.address(known, host, port)) as listening:
        click.echo(f"Coffee Rounds is at {known.base_url}; Ctrl-C ends it.", err=True)
        supervisor.keep_running(lasting.parts(known, listening))


@click.command(cls=Verb)
@click.argument("queue_name", required=False, type=click.Choice(sorted(set(queue.JOBS.values()))))
def work(queue_name: str | None) -> None:
    """Do the jobs of one queue, or of both with a process each, until told to end; two at once share them."""
    wired = speaking.wired()
    known = wired.settings
    url = broker.address(known.redis_url, known.data_dir)
    if queue_name is not None:
        jobs.work(queue_name, url, wired.transport)
    elif known.redis_url or broker.answers(url):
        supervisor.keep_running(lasting.workers())
    else:
        click.echo(lasting.WITHOUT_BROKER, err=True)
        lasting.run_clock(wired.transport)


@click.command(cls=Verb)
def clock() -> None:
    """Have everything due done in time, until told to end; two at once are harmless."""
    lasting.run_clock(speaking.wired().transport)


@click.command(cls=Verb)
def tick() -> None:
    """Do everything that is due, once, now; for hosts that call commands by the clock."""
    done = ticking.tick(speaking.wired().transport)
    click.echo(f"{done} things done.")
