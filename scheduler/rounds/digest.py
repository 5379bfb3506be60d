"""Each morning with something on it: one letter to a programme's coordinators, saying what needs them."""

from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import localtime
from scheduler.programme.programme import Programme
from scheduler.rounds import board, telling
from scheduler.rounds.round_card import RoundCard

MORNING = time(8)
MONDAY = 0


def write_due(session: Session, now: datetime) -> int:
    """Write this morning's letters that are not written yet; how many programmes had one.

    A morning that brings nothing new is left in peace, but for Mondays while anything is open.
    """
    written = 0
    for programme in session.scalars(select(Programme)):
        here = localtime.in_zone(now, programme.timezone)
        today = here.date().isoformat()
        if here.time() < MORNING or programme.needs_you_on == today:
            continue
        programme.needs_you_on = today
        items = [(item.sentence, item.url) for item in board.needs_you(session, programme, now)]
        known, programme.needs_you_told = programme.needs_you_told, sorted(sentence for sentence, _ in items)
        is_new = bool(set(programme.needs_you_told) - set(known))
        if items and (is_new or here.weekday() == MONDAY):
            written += 1
            card = RoundCard(id=0, title=programme.name, minutes=programme.minutes, state="", items=items)
            event = f"programme:{programme.id}:needs:{today}"
            telling.to_coordinators(session, programme, "needs_you", event, card, now)
    return written
