"""What a sweep costs when nothing is due among very many open chats, beside one indexed query."""

import tempfile
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import _databases
import _measure
import _programme
from sqlalchemy import func, insert, select

from scheduler import clock, db, sweep
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import State
from scheduler.mail.transport import Maildir
from scheduler.programme.person import Person

CHATS, TIMES = 100_000, 50
BASELINE = "one indexed query"
CEILING = 5.0


def main() -> None:
    """Measure each database that is to be had here."""
    asked = _measure.asked(__doc__)
    with _databases.prepared(asked.databases) as urls:
        results = [measured(kind, url, asked) for kind, url in urls.items()]
    _measure.tell(results, asked)


def measured(kind: str, url: str, asked: _measure.Asked) -> _measure.Result:
    """A sweep in turns with the query, each so many times in a row."""
    chats, times = asked.size(CHATS, 100), asked.size(TIMES, 2)
    with tempfile.TemporaryDirectory() as folder, _programme.wired(_programme.environ(Path(folder), url)):
        transport = Maildir(Path(folder) / "mail")
        fill(chats)
        swept(transport, 3)
        found = _measure.in_turns(
            asked.runs, query=lambda: queried(times), sweep=lambda: swept(transport, times)
        )
    return _measure.Result(
        name=f"an idle sweep, {kind}",
        unit="of the baseline",
        values=_measure.ratios(found["sweep"], found["query"]),
        at_most=CEILING,
        baseline=BASELINE,
        beside={"open chats": chats, "baseline ms": found["query"], "ms": found["sweep"]},
    )


def fill(chats: int) -> None:
    """So many agreed chats of as many people, each with a step that falls due in the months ahead."""
    round_id = _programme.begin(2, 0)
    now = clock.now()
    with db.transaction() as session:
        people = list(session.scalars(select(Person.id)))
        starts = [now + timedelta(days=30, minutes=number) for number in range(chats)]
        rows = [
            {
                "round_id": round_id,
                "mentor_id": people[0],
                "student_id": people[1],
                "starts_at": start,
                "ends_at": start + timedelta(minutes=30),
                "place": "",
                "state": State.CONFIRMED,
                "since": now,
                "reasons": [],
                "is_pinned": False,
                "has_follower": False,
                "is_listed": False,
                "is_settled": False,
                "due_step": "remind",
                "due_at": start - timedelta(days=1),
                "version": 1,
            }
            for start in starts
        ]
        session.execute(insert(Chat.__table__), rows)
    with db.engine().connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def queried(times: int) -> float:
    """Milliseconds of asking when the next chat is due, in a session of the service's own."""
    began = perf_counter()
    for _ in range(times):
        with db.reading() as session:
            session.scalar(select(func.min(Chat.due_at)))
    return (perf_counter() - began) / times * 1000


def swept(transport: Maildir, times: int) -> float:
    """Milliseconds of a sweep; nothing may have been done."""
    began = perf_counter()
    done = sum(sweep.sweep(transport, clock.now) for _ in range(times))
    assert done == 0, f"{done} things were due"
    return (perf_counter() - began) / times * 1000


if __name__ == "__main__":
    main()
