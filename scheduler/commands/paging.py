"""`coffee-rounds web`: the pages alone; and the words with which anything serves them."""

import contextlib
import errno
import os
import socket
import sys
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

import click

from scheduler import settings, supervisor
from scheduler.commands import forking, typed
from scheduler.commands.speaking import Refused, Verb
from scheduler.settings import Settings

PROCESSES, THREADS = 2, 4
ANSWER_SECONDS = 0.25
host = click.option(
    "--host", help="The address to listen on; without it this machine alone, in production all."
)
port = click.option("--port", type=typed.Number(1, 65535), help="Without it, PORT of the settings.")


@click.command(cls=Verb)
@host
@port
@click.option("--processes", type=typed.Number(1, 64), default=PROCESSES, show_default=True)
def web(host: str | None, port: int | None, processes: int) -> None:
    """Serve the pages alone; workers and a clock must run beside them."""
    known = settings.load()
    where = address(known, host, port)
    with door(*where):  # said in a sentence now, and not by gunicorn's log after five tries
        words = gunicorn("{}:{}".format(*where), processes)
    sys.stdout.flush()
    os.execv(words[0], words)  # noqa: S606 - our own program, in our own place


def gunicorn(bind: str, processes: int) -> list[str]:
    """The words that serve the pages at `bind`, made once and shared by as many processes."""
    how = {
        "--bind": bind,
        "--workers": str(processes),
        "--threads": str(THREADS),
        "--graceful-timeout": str(int(supervisor.DRAIN_SECONDS) - 1),
        "--log-level": "warning",
        "--config": f"python:{forking.__name__}",
    }
    flags = ["--preload", "--no-control-socket", *(word for pair in how.items() for word in pair)]
    return [sys.executable, "-m", "gunicorn", "scheduler.app:create_app()", *flags]


@contextlib.contextmanager
def door(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket, taken before anything else is done; it stays open while the pages restart.

    Raises Refused, with a sentence, where the port cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except socket.gaierror as error:
            raise Refused(f"There is no host {host} here to listen at.") from error
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
            raise Refused(f"Port {port} {why}: name another, as in  --port {port + 1}.") from error
        listening.listen(128)
        yield listening


def answers(listening: socket.socket) -> bool:
    """Whether somebody serves pages at this door of ours; never waits much longer than a quarter second."""
    host, port = listening.getsockname()[:2]
    try:
        with contextlib.closing(HTTPConnection(host, port, timeout=ANSWER_SECONDS)) as connection:
            connection.request("HEAD", "/healthz")
            return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False


def address(known: Settings, host: str | None, port: int | None) -> tuple[str, int]:
    """Where to listen: as told, else this machine alone, in production all its addresses."""
    everywhere = "0.0.0.0"  # noqa: S104 - behind a proxy, in production, that is what is wanted
    usual = everywhere if known.environment == "production" else "127.0.0.1"
    return host or usual, port or known.port
