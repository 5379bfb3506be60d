"""What gunicorn does beyond its options: a configuration that it reads (its settings, "server hooks")."""

from typing import Any

from scheduler import supervisor


def post_fork(server: Any, _worker: Any) -> None:
    """A process that serves pages dies with the one that forked it, also while a page hangs."""
    supervisor.die_with(server.pid)
