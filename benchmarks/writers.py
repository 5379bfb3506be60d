"""Eight processes writing the same SQLite file at once: nobody is told that it is locked, nothing is lost."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from time import monotonic

import _databases
import _measure
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from scheduler import db, limits

WRITERS, SECONDS = 8, 60
WHEN = datetime(2027, 3, 1, tzinfo=UTC)


def main() -> None:
    """One run is enough: it is a minute long, and neither figure may be anything but nought."""
    if sys.argv[1:2] == ["writer"]:
        write(sys.argv[2], float(sys.argv[3]))
        return
    asked = _measure.asked(__doc__)
    with _databases.prepared(["sqlite"]) as urls:
        url = urls["sqlite"]
        seconds = asked.size(SECONDS, 1)
        words = [sys.executable, __file__, "writer", url, str(seconds)]
        each = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(WRITERS)]
        said = [[float(word) for word in writer.communicate()[0].split()] for writer in each]
        kept = count(url)
    written, locked = (sum(column) for column in list(zip(*said, strict=True))[:2])
    beside = {"written": written, "a second": written / seconds, "longest, ms": max(row[2] for row in said)}
    _measure.tell(
        [
            _measure.Result(
                name=f"told that the file is locked, {WRITERS} writers",
                unit="times",
                values=[locked],
                at_most=0,
                beside=beside,
            ),
            _measure.Result(
                name=f"writes lost, {WRITERS} writers",
                unit="writes",
                values=[abs(written - kept)],
                at_most=0,
                beside={"kept": kept},
            ),
        ],
        asked,
    )


def write(url: str, seconds: float) -> None:
    """Count one more, over and over, in the service's own transactions; says how that went."""
    db.bind(url)
    written = locked = 0
    longest = 0.0
    began = monotonic()
    while (moment := monotonic()) - began < seconds:
        try:
            with db.transaction() as session:
                limits.allows(session, "write", "all", WHEN, most=1, within=timedelta(days=1))
            written += 1
        except OperationalError:
            locked += 1
        longest = max(longest, monotonic() - moment)
    print(written, locked, longest * 1000)


def count(url: str) -> int:
    """How many writes the database has kept."""
    db.bind(url)
    with db.reading() as session:
        kept = session.scalar(select(func.sum(limits.Count.times))) or 0
    db.unbind()
    return int(kept)


if __name__ == "__main__":
    main()
