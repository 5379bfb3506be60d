"""What keeps letters back, whether they wait too long, and what became of the mails that came in."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.mail import holds, outbox
from scheduler.mail.envelope import Fate, Incoming, Outgoing, Reading
from scheduler.mail.holds import Hold
from scheduler.operating import finding
from scheduler.operating.finding import Finding, Mark
from scheduler.programme.programme import Programme
from scheduler.settings import Settings

PATIENCE = timedelta(minutes=5)
LATELY = timedelta(days=7)
SILENT = timedelta(days=3)
"""So long after the last mail came in, letters that went out should have had an answer."""


def look(session: Session, known: Settings, now: datetime) -> Iterator[Finding]:
    """What keeps letters back, those that wait and those given up; then the mails that came in."""
    standing = holds.standing(session)
    for hold in standing.values():
        if hold.holds(now) or hold.scope == holds.SERVER:
            yield _held(session, hold, now)
    if holds.ALL not in standing:
        yield _waiting(session, now)
    yield from _given_up(session, now)
    yield _received(session, known, now)
    yield from _unread(session)


def _held(session: Session, hold: Hold, now: datetime) -> Finding:
    kind, _, name = hold.scope.partition(":")
    since = f"for {finding.lasted(now - hold.since)}" + (f": {hold.why.rstrip('.')}." if hold.why else ".")
    if kind == holds.SERVER:
        return Finding("mail server", Mark.WRONG, f"Mail has not gone out {since}")
    if kind == "domain":
        return Finding("mail held", Mark.NOTE, f"Mail to {name} rests {since}")
    held = f"is held back by {hold.by or 'the service'} {since}"
    if kind == "programme":
        programme = session.get(Programme, int(name))
        whose = f"The mail of {programme.name}" if programme is not None else f"The mail of programme {name}"
        return Finding("mail held", Mark.NOTE, f"{whose} {held}")
    count = outbox.count_waiting(session)
    wait = "1 letter waits" if count == 1 else f"{count} letters wait"
    words = f"All mail {held} {wait}; let mail go with  coffee-rounds release."
    return Finding("holdd", Mark.NOTE, words)


def _waiting(session: Session, now: datetime) -> Finding:
    oldest = outbox.oldest_due(session, now)
    if oldest is None or now - oldest <= PATIENCE:
        return Finding("mail waiting", Mark.WELL, "No letter waits longer than it should.")
    return Finding("mail waiting", Mark.WRONG, f"A letter has been due for {finding.lasted(now - oldest)}.")


def _given_up(session: Session, now: datetime) -> Iterator[Finding]:
    lately = (Outgoing.state == Fate.GIVEN_UP, Outgoing.settled_at > now - LATELY)
    count = session.scalar(select(func.count(Outgoing.id)).where(*lately)) or 0
    if count:
        letters = "letter was" if count == 1 else "letters were"
        words = f"{count} {letters} given up within a week: the board says which and why."
        yield Finding("mail given up", Mark.NOTE, words)


def _received(session: Session, known: Settings, now: datetime) -> Finding:
    if not known.inbound:
        words = "No replies are read (INBOUND is off): people answer by the buttons in their mails."
        return Finding("mail in", Mark.WELL, words)
    sent = session.scalar(select(func.max(Outgoing.settled_at)).where(Outgoing.state == Fate.SENT))
    came = session.scalar(select(func.max(Incoming.received_at)))
    if came is None:
        mark = Mark.WELL if sent is None else Mark.NOTE
        words = "No mail has come in yet: the mail server should hand it to  coffee-rounds inbound."
        return Finding("mail in", mark, words)
    words = f"The last mail came in {finding.lasted(now - came)} ago"
    if sent is not None and sent - came > SILENT:
        more = "though letters went out since: does the mail server still hand it over?"
        return Finding("mail in", Mark.NOTE, f"{words}, {more}")
    return Finding("mail in", Mark.WELL, f"{words}.")


def _unread(session: Session) -> Iterator[Finding]:
    dead = session.scalar(select(func.count(Incoming.id)).where(Incoming.state == Reading.DEAD)) or 0
    if dead:
        one = dead == 1
        words = (
            f"{dead} received {'mail' if one else 'mails'} could not be read and {'waits' if one else 'wait'}"
        )
        yield Finding("mail received", Mark.WRONG, f"{words} for a human.")
