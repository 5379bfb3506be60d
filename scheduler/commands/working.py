"""The commands that work: workers, the clock, and one sweep at a time."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from scheduler import broker, jobs, queue, supervisor, ticking
from scheduler.commands import lasting, opening
from scheduler.commands.speaking import Verb
from scheduler.mail.transport import Transport

ENDINGS = (signal.SIGINT, signal.SIGTERM)
PATIENCE_SECONDS = 9
"""How long the end waits for a sweep under way; what is cut off then goes on at the next start."""


@click.command(cls=Verb)
@click.argument("queue_name", required=False, type=click.Choice(sorted(set(queue.JOBS.values()))))
def work(queue_name: str | None) -> None:
    """Do the jobs of one queue, or of both with a process each, until told to end; two at once share them."""
    wired = opening.wired()
    known = wired.settings
    url = broker.address(known.redis_url, known.data_dir)
    if queue_name is not None:
        jobs.work(queue_name, url, wired.transport)
    elif known.redis_url or broker.answers(url):
        supervisor.keep_running(lasting.workers())
    else:
        click.echo(lasting.WITHOUT_BROKER, err=True)
        run_clock(wired.transport)


@click.command(cls=Verb)
def clock() -> None:
    """Have everything due done in time, until told to end; two at once are harmless."""
    run_clock(opening.wired().transport)


@click.command(cls=Verb)
def tick() -> None:
    """Do everything that is due, once, now; for hosts that call commands by the clock."""
    done = ticking.tick(opening.wired().transport)
    click.echo(f"{done} things done.")


@contextmanager
def endings_held() -> Iterator[None]:
    """Ctrl-C and TERM wait in line for `run_clock`, instead of breaking into whatever runs just then."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def run_clock(transport: Transport) -> None:
    """Keep the clock until this process is told to end."""
    with endings_held():
        stop = threading.Event()
        # A daemon, so that a sweep that hangs keeps nobody from ending.
        thread = threading.Thread(target=ticking.loop, args=(transport, stop), name="clock", daemon=True)
        thread.start()
        signal.sigwait(ENDINGS)
        stop.set()
        thread.join(PATIENCE_SECONDS)
