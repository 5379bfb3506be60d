"""The commands that serve: pages and clock together or apart, and one sweep for hosts with timers."""

import os
import sys
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # it brings no types

from scheduler import app, settings, ticking
from scheduler.commands import lasting, speaking
from scheduler.commands.lasting import Clockwork
from scheduler.commands.speaking import Verb
from scheduler.operating import schema
from scheduler.settings import Settings

THREADS = 8
host = click.option(
    "--host", help="The address to listen on; without it this machine alone, in production all."
)
port = click.option("--port", type=click.IntRange(1, 65535), help="Without it, PORT of the settings.")


class OneMachine(BaseApplication):  # type: ignore[misc]  # for the same reason
    """Gunicorn with one process of many threads, one of which is the clock: so its bell is heard at once."""

    def __init__(self, known: Settings, bind: str) -> None:
        self._known, self._bind = known, bind
        self._clockworks: list[Clockwork] = []
        super().__init__()

    def load_config(self) -> None:
        """What gunicorn asks for before it starts."""
        chosen: dict[str, Any] = {
            "bind": self._bind,
            "workers": 1,
            "threads": THREADS,
            "worker_class": "gthread",
            "graceful_timeout": lasting.PATIENCE_SECONDS,
            "control_socket_disable": True,  # nobody steers it from outside, and its file would lie in HOME
            "post_worker_init": self._start_clock,
            "worker_exit": self._stop_clock,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The pages, made in the process that serves them."""
        return app.create_app(self._known)

    def _start_clock(self, worker: Any) -> None:
        clockwork = Clockwork(worker.wsgi.extensions["wired"].transport)
        self._clockworks.append(clockwork)
        clockwork.start()

    def _stop_clock(self, _server: Any, _worker: Any) -> None:
        for clockwork in self._clockworks:
            clockwork.stop()


@click.command(cls=Verb)
@host
@port
def run(host: str | None, port: int | None) -> None:
    """Serve the pages and do the work of one machine; Ctrl-C or TERM ends both."""
    known = settings.load()
    known.data_dir.mkdir(parents=True, exist_ok=True)
    schema.upgrade(known.database_url)
    click.echo(f"Coffee Rounds is at {known.base_url}; Ctrl-C ends it.", err=True)
    OneMachine(known, _address(known, host, port)).run()


@click.command(cls=Verb)
@host
@port
def web(host: str | None, port: int | None) -> None:
    """Serve the pages alone; a clock must run beside them."""
    known = settings.load()
    gunicorn = [sys.executable, "-m", "gunicorn", "scheduler.app:create_app()"]
    how = ["--bind", _address(known, host, port), "--workers", "2", "--threads", "4", "--no-control-socket"]
    sys.stdout.flush()
    os.execv(sys.executable, [*gunicorn, *how])  # noqa: S606 - our own program, in our own place


@click.command(cls=Verb)
def work() -> None:
    """Do what is due and send the mail, until told to end; two at once share the work."""
    lasting.run_clock(speaking.wired().transport)


@click.command(cls=Verb)
def clock() -> None:
    """Do what is due as it falls due, until told to end; two at once are harmless."""
    lasting.run_clock(speaking.wired().transport)


@click.command(cls=Verb)
def tick() -> None:
    """Do everything that is due, once, now; for hosts that call commands by the clock."""
    done = ticking.tick(speaking.wired().transport)
    click.echo(f"{done} things done.")


def _address(known: Settings, host: str | None, port: int | None) -> str:
    everywhere = "0.0.0.0"  # noqa: S104 - behind a proxy, in production, that is what is wanted
    usual = everywhere if known.environment == "production" else "127.0.0.1"
    return f"{host or usual}:{port or known.port}"
