"""How fast the picker is shown and its answers are kept, beside a bare Flask hello under the same server."""

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import _databases
import _load
import _measure
import _programme
import _serving
from sqlalchemy import select

from scheduler import clock, db
from scheduler.availability import ask_card, boxes
from scheduler.availability.ask import Ask

CLIENTS, SECONDS, MENTORS = 16, 8, 100
BASELINE = "a bare Flask hello under the same server"
SHOW = 0.35
KEEP = {"sqlite": 0.12, "postgresql": 0.08}
PATIENCE = {"sqlite": 500.0, "postgresql": 150.0}
"""Milliseconds within which 99 of 100 answers are kept."""


def main() -> None:
    """Measure each database that is to be had here."""
    asked = _measure.asked(__doc__)
    with _databases.prepared(asked.databases) as urls:
        results = [result for kind, url in urls.items() for result in measured(kind, url, asked)]
    _measure.tell(results, asked)


def measured(kind: str, url: str, asked: _measure.Asked) -> list[_measure.Result]:
    """GET and POST of mentors' pickers, in turns with the hello."""
    with tempfile.TemporaryDirectory() as folder:
        known = _programme.environ(Path(folder), url)
        with _programme.wired(known):
            pages = asked_mentors(asked.size(MENTORS, 4))
        with _serving.running(known) as ours, _serving.running(known, _serving.HELLO) as hello:
            seen = _measure.in_turns(
                asked.runs,
                hello=lambda: load(hello, [("/", "")], asked),
                show=lambda: load(ours, pages, asked),
                keep=lambda: load(ours, pages, asked, method="POST"),
            )
    return [
        ratio(f"picker shown, {kind}", SHOW, seen["show"], seen["hello"]),
        ratio(f"picker answered, {kind}", KEEP[kind], seen["keep"], seen["hello"]),
        _measure.Result(
            name=f"picker answered, slowest of 100, {kind}",
            unit="ms",
            values=[one["p99"] for one in seen["keep"]],
            at_most=PATIENCE[kind],
            beside={
                "longest, ms": [one["max"] for one in seen["keep"]],
                "clients": CLIENTS,
                "disk syncs/s": _measure.syncs(),
            },
        ),
    ]


def ratio(
    name: str, floor: float, ours: Sequence[dict[str, Any]], hello: Sequence[dict[str, Any]]
) -> _measure.Result:
    """How many requests a second, as a part of the hello's."""
    rates, baseline = [one["rate"] for one in ours], [one["rate"] for one in hello]
    beside = {
        "baseline requests/s": baseline,
        "requests/s": rates,
        "baseline CPU ms a request": [one["cpu"] for one in hello],
        "CPU ms a request": [one["cpu"] for one in ours],
        "p50, ms": [one["p50"] for one in ours],
        "p99, ms": [one["p99"] for one in ours],
    }
    return _measure.Result(
        name=name,
        unit="of the baseline",
        values=_measure.ratios(rates, baseline),
        at_least=floor,
        baseline=BASELINE,
        beside=beside,
    )


def asked_mentors(mentors: int) -> list[tuple[str, str]]:
    """The picker's address of each mentor asked, and a form that gives other times in each turn."""
    round_id = _programme.begin(0, mentors)
    _programme.ask(round_id)
    now = clock.now()
    with db.reading() as session:
        asks = session.scalars(select(Ask).where(Ask.round_id == round_id)).all()
        return [page for turn in (0, 1) for page in (_page(ask, turn, now) for ask in asks)]


def _page(asked: Ask, turn: int, now: datetime) -> tuple[str, str]:
    """The path, and what is sent from there: three evenings of the first week or, in turn, of the second."""
    days = boxes.days(ask_card.window(asked, now), ())
    first = 5 * turn
    evenings = [part.key for day in days[first : first + 3] for part in day.parts[-2:-1]]
    fields = [("answer", "ticked"), *(("t", key) for key in evenings), ("note", "By the fountain.")]
    fields += [("capacity", str(asked.capacity)), ("place", "Main cafeteria")]
    return urlsplit(ask_card.link(asked, "pick")).path, urlencode(fields)


def load(
    server: _serving.Server,
    pages: list[tuple[str, str]],
    asked: _measure.Asked,
    *,
    method: str = "GET",
) -> dict[str, Any]:
    """What the clients saw; every request must have been answered well."""
    seconds = asked.size(SECONDS, 1)
    before = server.cpu()
    seen = _load.asked(server.port, pages, clients=CLIENTS, seconds=seconds, method=method)
    seen["cpu"] = (server.cpu() - before) * 1000 / sum(seen["codes"].values())
    assert set(seen["codes"]) <= {"200", "303"}, f"answers were {seen['codes']}"
    return seen


if __name__ == "__main__":
    main()
