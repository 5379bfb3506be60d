"""How many letters a second of one core are rendered, looked over and queued, each in its own transaction."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time

import _databases
import _measure
import _programme
from sqlalchemy import func, select

from scheduler import clock, db, links
from scheduler.chats import lifecycle
from scheduler.mail import posting
from scheduler.mail.envelope import Outgoing
from scheduler.mail.invite import Invite, Mailbox
from scheduler.mail.posting import Posting
from scheduler.programme import contact
from scheduler.simulation import samples
from scheduler.simulation.samples import Sample

TIMES, STUDENTS = 20, 100
ALL, FLOOR = "letters of every kind", 150
CALENDARS = {
    letter.name: letter.calendar
    for letters in lifecycle.LETTERS.values()
    for letter in letters
    if letter.calendar is not None
}
"""Which letters bring a calendar, and by which method."""


def main() -> None:
    """Every kind of letter by itself, and those of a whole round with all that is decided before each."""
    asked = _measure.asked(__doc__)
    rates: dict[str, list[float]] = {}
    spent: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        _databases.prepared(["sqlite"]) as urls,
        _programme.wired(_programme.environ(Path(folder), urls["sqlite"])),
    ):
        for run in range(asked.runs):
            for name, work in steps(run, asked):
                letters, cpu, wall = timed(work)
                rates.setdefault(name, []).append(letters / cpu)
                spent.setdefault(name, []).append(letters / wall)
    _measure.tell(
        [
            _measure.Result(
                name=name,
                unit="letters/s of one core",
                values=values,
                at_least=FLOOR if name == ALL else None,
                beside={"letters/s by the clock": spent[name]},
            )
            for name, values in rates.items()
        ],
        asked,
    )


def steps(run: int, asked: _measure.Asked) -> Iterator[tuple[str, Callable[[], object]]]:
    """Each step is done before the next is asked for."""
    every = list(samples.every(clock.now()))
    times = asked.size(TIMES, 1)
    yield ALL, lambda: [post(f"{run} {n}", every) for n in range(times)]
    round_id = _programme.begin(asked.size(STUDENTS, 4))
    yield "a round's asks, decided too", lambda: _programme.ask(round_id)
    yield "receipts of its answers, taken too", lambda: _programme.answer(round_id)
    due = _programme.plan(round_id)
    yield "its invitations, proposed too", lambda: _programme.propose(due)


def post(event: str, every: list[Sample]) -> None:
    """Each of these letters to a reader of its own."""
    for number, sample in enumerate(every):
        with db.transaction() as session:
            contact.post(session, _posting(f"{event} {number}", number, sample), clock.now())


def _posting(event: str, number: int, sample: Sample) -> Posting:
    method = CALENDARS.get(sample.letter)
    reader = Mailbox("Sam Rivera", f"reader{number}@example.org")
    return Posting(
        letter=sample.letter,
        event=event,
        about=f"sample:{event}",
        reader=reader,
        context=sample.context,
        reply_token=links.address_token("reply", number, number),
        unsubscribe=links.url("unsubscribe", p=number, n=1),
        calendar=None if method is None else (method, _invite(event, sample, reader)),
    )


def _invite(event: str, sample: Sample, reader: Mailbox) -> Invite:
    shown, me = sample.context["chat"], posting.sender()
    return Invite(
        uid=f"{event.replace(' ', '-')}@{me.domain}",
        sequence=1,
        stamp=clock.now().replace(microsecond=0),
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        summary=f"Coffee chat with {shown.other}",
        description=f"{shown.minutes} minutes with {shown.other}.",
        location="Main cafeteria, ground floor",
        organizer=(me.name, me.address),
        attendee=(reader.name, reader.address),
    )


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
