"""The programme's settings on the board."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.programme import arrangement
from scheduler.programme.arrangement import Misfit
from scheduler.programme.programme import Programme
from scheduler.rounds import retiming, running
from scheduler.web import access, board_frame, zones

pages = board_frame.guarded("programme_pages", __name__)


@pages.get("/board/<int:programme_id>/settings")
def show(programme_id: int) -> ResponseReturnValue:
    """The programme's settings."""
    with db.reading() as session:
        programme = access.programme(session, programme_id)
        return _form(session, programme, arrangement.written(programme), {})


@pages.post("/board/<int:programme_id>/settings")
def keep(programme_id: int) -> ResponseReturnValue:
    """Keep them; the next step of everything under way falls due by the new ones."""
    sent, weekdays = request.form.to_dict(), request.form.getlist("weekdays")
    with db.transaction() as session:
        programme = access.programme(session, programme_id)
        try:
            arrangement.keep(programme, arrangement.read(sent, weekdays))
            retiming.retime(session, programme, clock.now())
        except Misfit as error:
            ticked = {name: sent.get(name) == "yes" for name in ("approves_first", "publishes_itself")}
            shown = arrangement.written(programme) | sent | ticked | {"weekdays": weekdays}
            return _form(session, programme, shown, error.faults), 422
    said = "Saved. It applies from the next mail."
    return board_frame.back("programme_pages.show", said, programme_id=programme_id)


def _form(session: Session, programme: Programme, sent: dict[str, Any], errors: dict[str, str]) -> str:
    return board_frame.page(
        "board_settings",
        session,
        programme,
        "settings",
        sent=sent,
        errors=errors,
        zones=zones.choices(programme.timezone),
        weekdays=arrangement.weekday_choices(),
        lengths=[(str(length), f"{length} minutes") for length in running.LENGTHS],
    )
