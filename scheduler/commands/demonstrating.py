"""`coffee-rounds demo`: an invented programme to walk through, all of it embedded, on a clock that moves."""

import contextlib
import fcntl
import logging
import math
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from scheduler import clock, db, settings, supervisor, wiring
from scheduler.commands import lasting, paging, typed
from scheduler.commands.speaking import Refused, Verb
from scheduler.operating import schema
from scheduler.settings import Settings
from scheduler.simulation import invented

KEPT = ("SMTP_URL", "SMTP_URL_FILE", "LOG_FORMAT")
"""What the demo hears of the surroundings; all else is its own, so that it never touches a real service."""
USUAL_PORT = 8000
WELCOME = """
  Coffee Rounds, the demo:  {address}/demo

  Everybody in it is invented, and nothing is sent. Open the address: you read anyone's mail there,
  press its links, answer in their calendars and move the clock. Six steps on that page lead through a round.
  Ctrl-C ends it; the next start goes on where this one stopped.
"""


@click.command(cls=Verb)
@click.option("--data", type=typed.FOLDER, default=Path("data/demo"))
@click.option("--port", type=typed.Number(0, 65535), help="Without it, PORT or 8000; 0 takes any free one.")
def demo(data: Path, port: int | None) -> None:
    """Start the demo: an invented programme, everybody's mail, and a clock that can be moved."""
    given = settings.surroundings()
    folder = data.expanduser().absolute()
    with paging.door("127.0.0.1", _port(given, port)) as door, _alone_in(folder):
        own = _own(given, folder, door.getsockname()[1])
        known = settings.load(own)
        _go_on_from_last_time(known)
        _fill(known)
        _serve(known, door, own)


def _port(given: dict[str, str], port: int | None) -> int:
    if port is not None:
        return port
    named = given.get("PORT", "").strip()
    return int(named) if named.isdecimal() else USUAL_PORT


def _own(given: dict[str, str], folder: Path, port: int) -> dict[str, str]:
    """The demo's settings. Raises BadSettings, by `settings.load`, for those that name a real mail server."""
    return {name: given[name] for name in KEPT if name in given} | {
        "ENVIRONMENT": "demo",
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite3'}",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "INBOUND": "true",
        "CLOCK_OFFSET_FILE": str(folder / "clock-offset"),
        "LOG_LEVEL": "warning",
    }


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(f"The demo in {folder} is running already.") from error
        yield


def _fill(known: Settings) -> None:
    """Invent the programme at the first start, or once more where the first was broken off."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    schema.upgrade(known.database_url)
    transport = wiring.start(known).transport
    with db.reading() as session:
        if invented.is_whole(session):
            return
    db.unbind()
    for path in known.data_dir.glob("demo.sqlite3*"):
        path.unlink()
    schema.upgrade(known.database_url)
    wiring.start(known)
    now = clock.now()
    click.echo("Inventing a programme and its last round; this takes a few seconds, the first time only.")
    # The clock goes by whole seconds, and nine o'clock should have struck.
    morning = clock.advance(invented.good_morning(now) - now + timedelta(seconds=1))
    invented.fill(transport, morning)


def _serve(known: Settings, door: socket.socket, own: dict[str, str]) -> None:
    """Pages, workers, clock and broker until somebody ends them."""
    db.unbind()
    names = [name.upper() for name in Settings.model_fields] + [f"{name}_FILE" for name in settings.SECRETS]
    # What a .env says is not for the demo; an empty value is none, and hides it.
    environ = os.environ | dict.fromkeys(names, "") | own
    click.echo(WELCOME.format(address=known.base_url))
    supervisor.keep_running(lasting.parts(known, door, environ=environ, processes=1))
    _stopped_at(known).write_text(clock.now().isoformat(), encoding="ascii")
    click.echo("The demo has ended.")


def _go_on_from_last_time(known: Settings) -> None:
    """Between two starts the demo's time stands still, or a week away would be a round over."""
    note = _stopped_at(known)
    if not note.exists():
        return
    try:
        moment = datetime.fromisoformat(note.read_text(encoding="ascii").strip()).astimezone(UTC)
    except ValueError as error:
        raise Refused(f"{note} should hold a moment; delete it to go on from today.") from error
    ahead = math.ceil((moment - clock.machine_time()) / timedelta(seconds=1))
    if known.clock_offset_file is not None:
        known.clock_offset_file.write_text(str(ahead), encoding="ascii")
    note.unlink()


def _stopped_at(known: Settings) -> Path:
    return known.data_dir / "stopped-at"
