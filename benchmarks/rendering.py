"""How many letters a second of one core are decided, rendered, looked over and queued."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time

import _databases
import _measure
import _programme
from sqlalchemy import func, select

from scheduler import db
from scheduler.mail.envelope import Outgoing

STUDENTS = 200
FLOOR = 150


def main() -> None:
    """Ask a whole programme, let it answer, and invite it: the three kinds of letters there are most of."""
    asked = _measure.asked(__doc__)
    rates: dict[str, list[float]] = {}
    spent: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        _databases.prepared(["sqlite"]) as urls,
        _programme.wired(_programme.environ(Path(folder), urls["sqlite"])),
    ):
        for _ in range(asked.runs):
            for name, work in steps(asked.size(STUDENTS, 4)):
                letters, cpu, wall = timed(work)
                rates.setdefault(name, []).append(letters / cpu)
                spent.setdefault(name, []).append(letters / wall)
    _measure.tell(
        [
            _measure.Result(
                name=name,
                unit="letters/s of one core",
                values=values,
                at_least=FLOOR,
                beside={"letters/s by the clock": spent[name]},
            )
            for name, values in rates.items()
        ],
        asked,
    )


def steps(students: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """A new programme, and what is done with it, each step before the next is asked for."""
    round_id = _programme.begin(students)
    yield "asks", lambda: _programme.ask(round_id)
    yield "receipts of answers", lambda: _programme.answer(round_id)
    due = _programme.plan(round_id)
    yield "invitations with a calendar", lambda: _programme.propose(due)


def timed(work: Callable[[], object]) -> tuple[int, float, float]:
    """How many letters it wrote, in how many seconds of the core, and of the clock."""
    before, cpu, wall = written(), process_time(), perf_counter()
    work()
    cpu, wall = process_time() - cpu, perf_counter() - wall
    return written() - before, cpu, wall


def written() -> int:
    """How many letters there are."""
    with db.reading() as session:
        return session.scalar(select(func.count(Outgoing.id))) or 0


if __name__ == "__main__":
    main()
