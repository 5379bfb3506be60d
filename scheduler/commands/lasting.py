"""What lasts: the processes of one machine, for the supervisor."""

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from scheduler import broker, queue
from scheduler.commands import paging
from scheduler.settings import Settings
from scheduler.supervisor import Part

COURTESY = 5
"""How far workers and clock stand back at the processor: at the start, and under load, pages go first."""
WITHOUT_BROKER = "No Redis or Valkey is to be had here, so the clock does all work itself."


def parts(
    known: Settings,
    listening: socket.socket | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    processes: int = paging.PROCESSES,
) -> list[Part]:
    """The processes of one machine: a broker where none is named, workers, clock, and pages at `listening`.

    Says in one sentence when there is no broker and the clock does everything.
    """
    server = broker.private_server(known.redis_url)
    found = [] if server is None else [_broker_part(server, known)]
    if server is not None or known.redis_url:
        found += workers(environ)
    else:
        click.echo(WITHOUT_BROKER, err=True)
    found.append(_ours("clock", "clock", environ=environ))
    if listening is not None:
        fd = listening.fileno()
        words = paging.gunicorn(f"fd://{fd}", processes)
        found.append(Part(name="web", words=words, environ=environ, files=(fd,)))
    return found


def workers(environ: Mapping[str, str] | None = None) -> list[Part]:
    """One worker process for each queue."""
    return [_ours(name, "work", name, environ=environ) for name in (queue.PROMPT, queue.SLOW)]


def _broker_part(server: Path, known: Settings) -> Part:
    words, url = broker.command(server, known.data_dir), broker.address("", known.data_dir)
    lock = broker.lock(known.data_dir)
    return Part(name="broker", words=words, is_ready=lambda: broker.answers(url), lock=lock)


def _ours(name: str, *words: str, environ: Mapping[str, str] | None) -> Part:
    own = (sys.executable, "-m", "scheduler.cli", *words)
    return Part(name=name, words=own, environ=environ, nice=COURTESY)
