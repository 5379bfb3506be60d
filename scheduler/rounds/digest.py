"""Each morning with something on it: one letter to a programme's coordinators, saying what needs them."""

from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import localtime
from scheduler.programme.programme import Programme
from scheduler.rounds import board, telling
from scheduler.rounds.round_card import RoundCard

MORNING = time(8)


def write_due(session: Session, now: datetime) -> int:
    """Write this morning's letters that are not written yet; how many programmes had something."""
    written = 0
    for programme in session.scalars(select(Programme)):
        here = localtime.in_zone(now, programme.timezone)
        today = here.date().isoformat()
        if here.time() < MORNING or programme.needs_you_on == today:
            continue
        programme.needs_you_on = today
        items = board.needs_you(session, programme, now)
        if items:
            written += 1
            card = RoundCard(
                id=0,
                title=programme.name,
                minutes=programme.minutes,
                state="",
                items=[(item.sentence, item.url) for item in items],
            )
            telling.to_coordinators(
                session, programme, "needs_you", f"programme:{programme.id}:needs:{today}", card, now
            )
    return written
