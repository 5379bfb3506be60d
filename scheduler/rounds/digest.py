"""Each morning with something on it: one letter to a programme's coordinators, saying what needs them."""

from datetime import datetime, time

from sqlalchemy.orm import Session

from scheduler import localtime
from scheduler.programme.programme import Programme
from scheduler.rounds import board, telling
from scheduler.rounds.round_card import RoundCard

MORNING = time(8)
MONDAY = 0


def morning(zone: str, now: datetime) -> str | None:
    """The zone's date, once its morning has come; None before."""
    here = localtime.in_zone(now, zone)
    return here.date().isoformat() if here.time() >= MORNING else None


def write(session: Session, programme: Programme, now: datetime) -> bool:
    """Write the programme's letter of this morning, if it is time and not written yet; whether it was.

    A morning that brings nothing new is left in peace, but for Mondays while anything is open.
    """
    today = morning(programme.timezone, now)
    if today in (None, programme.needs_you_on):
        return False
    programme.needs_you_on = today
    items = [(item.sentence, item.url) for item in board.needs_you(session, programme, now)]
    known, programme.needs_you_told = programme.needs_you_told, sorted(sentence for sentence, _ in items)
    is_new = bool(set(programme.needs_you_told) - set(known))
    is_monday = localtime.in_zone(now, programme.timezone).weekday() == MONDAY
    if not items or not (is_new or is_monday):
        return False
    card = RoundCard(id=0, title=programme.name, minutes=programme.minutes, state="", items=items)
    event = f"programme:{programme.id}:needs:{today}"
    telling.to_coordinators(session, programme, "needs_you", event, card, now)
    return True
