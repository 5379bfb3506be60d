"""What commands work on: the service, wired on the environment's settings, and what is in it by number."""

from typing import TypeVar

from sqlalchemy.orm import Session

from scheduler import db, settings, wiring
from scheduler.commands.speaking import Refused
from scheduler.operating import schema
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.wiring import Wired

T = TypeVar("T")


def wired() -> Wired:
    """The service on the environment's settings. Raises Refused where the database is not prepared."""
    started = wiring.start(settings.load())
    with db.reading() as session:
        is_current = schema.is_current(session.connection())
    if not is_current:
        raise Refused("The database is not prepared for this version: run  coffee-rounds upgrade  first.")
    return started


def get_programme(session: Session, number: int) -> Programme:
    """The programme with this number, as `programme add` printed it. Raises Refused."""
    return _got(session.get(Programme, number), "programme", number)


def get_round(session: Session, number: int) -> Round:
    """The round with this number, as `round open` printed it. Raises Refused."""
    return _got(session.get(Round, number), "round", number)


def _got(found: T | None, what: str, number: int) -> T:
    if found is None:
        raise Refused(f"There is no {what} {number}.")
    return found
