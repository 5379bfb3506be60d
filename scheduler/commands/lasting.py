"""What lasts: the processes of one machine, for the supervisor."""

import socket
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from scheduler import broker, queue
from scheduler.commands import paging
from scheduler.settings import Settings
from scheduler.supervisor import Part

WITHOUT_BROKER = "No Redis or Valkey is to be had here, so the clock does all work itself."


def parts(
    known: Settings,
    listening: socket.socket | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    processes: int = paging.PROCESSES,
) -> list[Part]:
    """The processes of one machine: a broker where none is named, pages at `listening`, workers and clock.

    The pages come before the work, which would be at their processor while somebody waits. Says in one
    sentence when there is no broker and the clock does everything.
    """
    server = broker.private_server(known.redis_url)
    found = [] if server is None else [_broker_part(server, known)]
    if listening is not None:
        found.append(_web_part(listening, environ, processes))
    if server is not None or known.redis_url:
        found += workers(environ)
    else:
        click.echo(WITHOUT_BROKER, err=True)
    return [*found, _ours("clock", "clock", environ=environ)]


def workers(environ: Mapping[str, str] | None = None) -> list[Part]:
    """One worker process for each queue."""
    return [_ours(name, "work", name, environ=environ) for name in (queue.PROMPT, queue.SLOW)]


def _broker_part(server: Path, known: Settings) -> Part:
    words, url = broker.command(server, known.data_dir), broker.address("", known.data_dir)
    return Part(
        name="broker",
        words=words,
        is_ready=lambda: broker.answers(url),
        is_leaned_on=True,
        lock=broker.lock(known.data_dir),
        prepare=lambda: broker.make_room(known.data_dir),
        is_lost=lambda: not broker.has_socket(known.data_dir),
    )


def _web_part(listening: socket.socket, environ: Mapping[str, str] | None, processes: int) -> Part:
    fd = listening.fileno()
    words = paging.gunicorn(f"fd://{fd}", processes)
    is_ready = partial(paging.answers, listening)
    return Part(name="web", words=words, environ=environ, files=(fd,), is_ready=is_ready)


def _ours(name: str, *words: str, environ: Mapping[str, str] | None) -> Part:
    return Part(name=name, words=(sys.executable, "-m", "scheduler.cli", *words), environ=environ)
