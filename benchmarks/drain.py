"""How fast letters that wait leave, settled one by one, beside smtplib sending the same bytes."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

import _databases
import _measure
import _programme
import _sink
from sqlalchemy import delete, func, insert, select

from scheduler import clock, db
from scheduler.mail import delivery, transport
from scheduler.mail.envelope import Fate, Outgoing

LETTERS = 1_000
BASELINE = "smtplib, one connection, the same bytes"
FLOORS = {"sqlite": 0.60, "postgresql": 0.50}
"""What one connection must reach; up to four must be as fast as smtplib."""
MANY = 4


def main() -> None:
    """Measure each database that is to be had here."""
    asked = _measure.asked(__doc__)
    with _databases.prepared(asked.databases) as urls, _sink.running() as sink:
        results = [result for kind, url in urls.items() for result in measured(kind, url, sink, asked)]
    _measure.tell(results, asked)


def measured(kind: str, url: str, sink: _sink.Sink, asked: _measure.Asked) -> list[_measure.Result]:
    """The drain over one connection and over up to four, in turns with smtplib."""
    with tempfile.TemporaryDirectory() as folder:
        known = _programme.environ(Path(folder), url, SMTP_URL=sink.url, MAIL_CONNECTIONS=str(MANY))
        with _programme.wired(known):
            letters = written(asked.size(LETTERS, 20))
            found = _measure.in_turns(
                asked.runs,
                smtplib=lambda: plain(letters, sink),
                one=lambda: drained(letters, sink, 1),
                many=lambda: drained(letters, sink, MANY),
            )
    rates = {name: [pace.rate for pace in paces] for name, paces in found.items()}
    cpu = {name: [pace.cpu for pace in paces] for name, paces in found.items()}
    beside = {
        "letters": len(letters),
        "octets a letter": sum(len(row["raw"]) for row in letters) // len(letters),
        "disk syncs/s": _measure.syncs(),
        "baseline letters/s": rates["smtplib"],
        "baseline CPU ms a letter": cpu["smtplib"],
    }
    floors = {"one": ("one connection", FLOORS[kind]), "many": ("up to four connections", 1.0)}
    return [
        _measure.Result(
            name=f"drain over {words}, {kind}",
            unit="of the baseline",
            values=_measure.ratios(rates[which], rates["smtplib"]),
            at_least=floor,
            baseline=BASELINE,
            beside={**beside, "letters/s": rates[which], "CPU ms a letter": cpu[which]},
        )
        for which, (words, floor) in floors.items()
    ]


def written(most: int) -> Sequence[dict[str, Any]]:
    """Rows of letters as the service writes them: asked, receipted and invited, in equal parts."""
    round_id = _programme.begin(-(-most // 3))
    _programme.ask(round_id)
    _programme.answer(round_id)
    _programme.propose(_programme.plan(round_id))
    table, now = Outgoing.__table__, clock.now()
    with db.reading() as session:
        rows = session.execute(select(table).order_by(table.c.id)).mappings()
        fresh = {"state": Fate.WAITING, "try_at": now, "useful_until": None, "why": "", "settled_at": None}
        return [{**row, **fresh} for row in rows][-most:]


class Pace(NamedTuple):
    """How many letters a second, and the milliseconds of a core that each took on our side."""

    rate: float
    cpu: float


def plain(letters: Sequence[dict[str, Any]], sink: _sink.Sink) -> Pace:
    """How smtplib's own `sendmail` hands these over on one connection."""
    with sink.connect() as connection:
        began, cpu = perf_counter(), process_time()
        for row in letters:
            connection.sendmail(row["envelope_sender"], row["recipient"], row["raw"])
        return _pace(len(letters), began, cpu)


def drained(letters: Sequence[dict[str, Any]], sink: _sink.Sink, connections: int) -> Pace:
    """How the service sends these, all of which must arrive and be settled."""
    with db.transaction() as session:
        session.execute(delete(Outgoing))
        session.execute(insert(Outgoing.__table__), list(letters))
    before, _ = sink.taken()
    began, cpu = perf_counter(), process_time()
    sent = delivered(sink.url, connections)
    pace = _pace(sent, began, cpu)
    after, _ = sink.taken()
    assert after - before == sent == len(letters), f"{after - before} of {len(letters)} have arrived"
    with db.reading() as session:
        settled = select(func.count()).where(Outgoing.state == Fate.SENT)
        assert session.scalar(settled) == len(letters), "not every letter is settled"
    return pace


def _pace(letters: int, began: float, cpu: float) -> Pace:
    return Pace(letters / (perf_counter() - began), (process_time() - cpu) / letters * 1000)


def delivered(url: str, connections: int) -> int:
    """How many letters left; run until none are left that may."""
    delivery.bind(delivery.Pace(connections=connections))
    sent = 0
    while True:
        run = delivery.deliver(transport.to(url), clock.now)
        sent += run.sent
        if not run.is_more:
            return sent


if __name__ == "__main__":
    main()
