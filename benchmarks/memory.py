"""How much the processes of `run` grow over very many letters and requests."""

import tempfile
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import _databases
import _load
import _measure
import _programme
import _serving
import _sink
import drain
import picker
import psutil
import starting
from sqlalchemy import func, insert, select, update

from scheduler import clock, db
from scheduler.mail.envelope import Fate, Outgoing

LETTERS, REQUESTS, WARM = 20_000, 20_000, 500
CEILING = 10.0
PATIENCE = 1800.0
MEGABYTE = 1024 * 1024
PARTS = {"work prompt": "worker", "gunicorn": "web"}
"""The processes that are watched, by what their words hold."""


def main() -> None:
    """One run: it takes minutes, and what matters is where it ends."""
    asked = _measure.asked(__doc__)
    with (
        _databases.prepared(["sqlite"]) as urls,
        _sink.running() as sink,
        tempfile.TemporaryDirectory() as folder,
    ):
        port = _serving.free_port()
        known = _programme.environ(Path(folder), urls["sqlite"], SMTP_URL=sink.url, PORT=str(port))
        with _programme.wired(known):
            pages = picker.asked_mentors(50)
            put(asked.size(LETTERS, 60))
            with _serving.started([*starting.COMMAND, "run"], known) as service:
                _serving.wait_for(f"http://127.0.0.1:{port}/healthz")
                seen = watched(service.pid, port, pages, asked)
    _measure.tell([grown(name, seen, asked) for name in PARTS.values()], asked)


def watched(
    pid: int, port: int, pages: list[tuple[str, str]], asked: _measure.Asked
) -> list[dict[str, float]]:
    """The megabytes of each part: when ready, after a few letters and requests, and after all of them."""
    seen = [sizes(pid)]
    for share in (asked.size(WARM, 20), asked.size(LETTERS, 60)):
        release(share)
        half = max(share * REQUESTS // LETTERS // 2, 1)
        for method in ("GET", "POST"):
            _load.asked(port, pages, clients=8, seconds=PATIENCE, most=half, method=method)
        wait_until_sent()
        seen.append(sizes(pid))
    return seen


def grown(name: str, seen: list[dict[str, float]], asked: _measure.Asked) -> _measure.Result:
    """By how much this part is larger at the end than it was when ready."""
    first, warm, last = (sizes[name] for sizes in seen)
    return _measure.Result(
        name=f"growth of the {name}",
        unit="MB",
        values=[last - first],
        at_most=CEILING,
        beside={
            "letters": asked.size(LETTERS, 60),
            "requests": asked.size(REQUESTS, 60),
            "MB when ready": first,
            "MB once warm": warm,
            "MB at the end": last,
        },
    )


def put(letters: int) -> None:
    """So many letters, of three kinds, that do not leave yet."""
    rows = drain.written(60)
    later = clock.now().replace(year=clock.now().year + 1)
    copies: list[dict[str, Any]] = []
    for number in range(letters):
        row = {**rows[number % len(rows)], "try_at": later, "event": f"copy:{number}"}
        row |= {"message_id": f"<{number}@coffee.example.org>", "recipient": f"{number}@example.org"}
        del row["id"]
        copies.append(row)
    with db.transaction() as session:
        session.execute(insert(Outgoing.__table__), copies)


def release(letters: int) -> None:
    """Let so many more of them leave."""
    with db.transaction() as session:
        waiting = (
            select(Outgoing.id).where(Outgoing.state == Fate.WAITING).order_by(Outgoing.id).limit(letters)
        )
        session.execute(update(Outgoing).where(Outgoing.id.in_(waiting)).values(try_at=clock.now()))


def wait_until_sent() -> None:
    """Until nothing is left that may leave now."""
    began = monotonic()
    while monotonic() - began < PATIENCE:
        with db.reading() as session:
            open_ = (Outgoing.state == Fate.SENDING) | (Outgoing.state == Fate.WAITING)
            if not session.scalar(select(func.count()).where(open_, Outgoing.try_at <= clock.now())):
                return
        sleep(0.5)
    raise TimeoutError("The letters did not leave in time.")


def sizes(pid: int) -> dict[str, float]:
    """The megabytes of each part in memory: the largest of its processes."""
    found = dict.fromkeys(PARTS.values(), 0.0)
    for process in psutil.Process(pid).children(recursive=True):
        words = " ".join(process.cmdline())
        for mark, name in PARTS.items():
            if mark in words:
                found[name] = max(found[name], process.memory_info().rss / MEGABYTE)
    return found


if __name__ == "__main__":
    main()
