"""What lasts: the parts of one machine for the supervisor, and the clock's own process."""

import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from scheduler import broker, queue, ticking
from scheduler.commands import paging
from scheduler.mail.transport import Transport
from scheduler.settings import Settings
from scheduler.supervisor import Part

ENDINGS = (signal.SIGINT, signal.SIGTERM)
PATIENCE_SECONDS = 9
"""How long the end waits for a sweep under way; what is cut off then goes on at the next start."""
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
    return Part(name=name, words=(sys.executable, "-m", "scheduler.cli", *words), environ=environ)


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
