"""How a programme's mail stands: in figures, and what keeps it back, in sentences a coordinator can use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from scheduler import localtime
from scheduler.mail import claims, holds
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.mail.holds import Hold
from scheduler.programme.programme import Programme
from scheduler.rounds import progress

PATIENCE = timedelta(minutes=15)
"""Mail that should have left so long ago, while none has left since, is worth a word."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How many letters of a programme are where, and what is to be said above them."""

    sent: int
    waiting: int
    given_up: int
    notices: list[tuple[str, str]]
    """A banner's colour and sentence each, the worst first."""
    is_paused: bool
    """By a coordinator, who can lift it."""
    is_all_held: bool
    """By the operator, who alone can lift it: all mail of the service."""


def figures(session: Session, programme: Programme, now: datetime) -> Figures:
    """The programme's mail in figures, and why it waits if it does."""
    rows = select(Outgoing.state, func.count()).where(Outgoing.programme_id == programme.id)
    found: dict[Fate, int] = {state: n for state, n in session.execute(rows.group_by(Outgoing.state))}
    standing = holds.standing(session)
    return Figures(
        sent=found.get(Fate.SENT, 0),
        waiting=found.get(Fate.WAITING, 0) + found.get(Fate.SENDING, 0),
        given_up=found.get(Fate.GIVEN_UP, 0),
        notices=_notices(session, programme, standing, now),
        is_paused=holds.programme(programme.id) in standing,
        is_all_held=holds.ALL in standing,
    )


def why_it_waits(standing: Mapping[str, Hold], letter: Outgoing, programme: Programme, now: datetime) -> str:
    """What keeps this letter back, a sentence; empty when nothing does but its own time."""
    if holds.ALL in standing:
        return "It waits: whoever runs the service has stopped all mail."
    if letter.programme_id is not None and holds.programme(letter.programme_id) in standing:
        return "It waits: all mail of this programme is paused."
    found = standing.get(holds.SERVER)
    if found is not None and found.holds(now):
        return f"It waits: {found.why}. {_again(found, programme, now)}"
    found = standing.get(holds.domain(letter.domain))
    if found is not None and found.holds(now):
        return f"It waits: {letter.domain} takes fewer letters for now. {_again(found, programme, now)}"
    return ""


def _notices(
    session: Session, programme: Programme, standing: Mapping[str, Hold], now: datetime
) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    if hold := standing.get(holds.ALL):
        said.append(("wrong", _all_held(hold, programme)))
    if hold := standing.get(holds.SERVER):
        since = progress.moment(hold.since, programme)
        again = _again(hold, programme, now)
        said.append(("wrong", f"Mail has not gone out since {since}: {hold.why}. {again}"))
    if not said and (late := _late_since(session, programme, now)) is not None:
        since = progress.moment(late, programme)
        said.append(
            ("wrong", f"Mail has not gone out since {since}. Whoever runs the service should look at it.")
        )
    if hold := standing.get(holds.programme(programme.id)):
        said.append(("waiting", _paused(hold, programme, also_held=holds.ALL in standing)))
    return said + [("plain", words) for words in _resting(session, programme, standing, now)]


def _all_held(hold: Hold, programme: Programme) -> str:
    zone = localtime.zone_name(programme.timezone, hold.since)
    since = f"{progress.moment(hold.since, programme)} {zone}"
    because = f": {_stop(hold.why)}" if hold.why else "."
    return (
        f"Whoever runs the service has stopped all mail since {since}{because} "
        "Letters are still written and wait, sign-in mails too; nobody can let them go from here."
    )


def _paused(hold: Hold, programme: Programme, *, also_held: bool) -> str:
    since = progress.moment(hold.since, programme)
    told = f"{hold.by} paused all mail of this programme on {since}: {_stop(hold.why)}"
    if also_held:
        return f"{told} It stays paused when all mail goes again."
    return f"{told} Letters are still written and wait here; sign-in mails go out as ever."


def _resting(
    session: Session, programme: Programme, standing: Mapping[str, Hold], now: datetime
) -> list[str]:
    """Of the domains that rest, those to which this programme has letters waiting."""
    rests = {scope.partition(":")[2]: hold for scope, hold in standing.items() if scope.startswith("domain:")}
    rests = {domain: hold for domain, hold in rests.items() if hold.holds(now)}
    if not rests:
        return []
    rows = select(Outgoing.domain, func.count()).where(
        Outgoing.programme_id == programme.id, Outgoing.state == Fate.WAITING, Outgoing.domain.in_(rests)
    )
    found = session.execute(rows.group_by(Outgoing.domain).order_by(Outgoing.domain)).all()
    return [
        f"{domain} takes fewer letters for now (“{rests[domain].why}”), and {count} "
        f"{'waits' if count == 1 else 'wait'}. {_again(rests[domain], programme, now)}"
        for domain, count in found
    ]


def _late_since(session: Session, programme: Programme, now: datetime) -> datetime | None:
    """When the first letter should have left of those that nothing keeps back, if none at all leaves."""
    kept_back = claims.brake(session, now)
    if kept_back.everything is not None:
        return None
    first = claims.first_try(session, now, kept_back, programme_id=programme.id)
    if first is None or now - first <= PATIENCE:
        return None
    lately = exists().where(
        Outgoing.is_kept, Outgoing.settled_at > now - PATIENCE, Outgoing.state == Fate.SENT
    )
    return None if session.scalar(select(lately)) else first


def _again(hold: Hold, programme: Programme, now: datetime) -> str:
    if hold.until is None or hold.until <= now:
        return "It is being tried again now."
    return f"It is tried again on {progress.moment(hold.until, programme)}."


def _stop(words: str) -> str:
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."
