"""The board's first pages: the coordinator's programmes, and one programme at a glance."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import Stage
from scheduler.rounds import board, mail_standing, people, progress, turnout
from scheduler.web import access, board_frame

pages = board_frame.guarded("dashboard", __name__)

ACTIONS = {
    Stage.OPEN: "Ask people",
    Stage.ASKING: "See the answers",
    Stage.DRAFTED: "Review the plan",
    Stage.RUNNING: "See the round",
}


@pages.get("/board")
def programmes() -> ResponseReturnValue:
    """The coordinator's programmes; straight on to the only one."""
    with db.reading() as session:
        mine = access.coordinator(session).programmes
        if len(mine) == 1:
            return redirect(url_for("dashboard.home", programme_id=mine[0].id), 303)
        listed = [(own.name, url_for("dashboard.home", programme_id=own.id)) for own in mine]
        return render_template(
            "pages/board_programmes.html", programmes=listed, sign_out=url_for("signin.leave")
        )


@pages.get("/board/<int:programme_id>")
def home(programme_id: int) -> ResponseReturnValue:
    """Who needs you, how the round goes, how the mail stands, how full the mentors are."""
    now = clock.now()
    with db.reading() as session:
        programme = access.programme(session, programme_id)
        return board_frame.page(
            "board_home",
            session,
            programme,
            "home",
            needs=[
                (need, progress.moment(need.since, programme) if need.since else "")
                for need in board.needs_you(session, programme, now)
            ],
            mail=mail_standing.figures(session, programme, now),
            counts=people.counts(session, programme, now),
            **_rounds(session, programme),
        )


def _rounds(session: Session, programme: Programme) -> dict[str, object]:
    """The newest round that people are asked for or meet in, else the newest opened; and the other ones."""
    now = clock.now()
    rows = select(Round).where(Round.programme_id == programme.id).order_by(Round.id.desc())
    found = list(session.scalars(rows))
    under_way_first = sorted(found, key=lambda round_: round_.state is Stage.OPEN)
    current = next((round_ for round_ in under_way_first if not round_.is_over), None)
    others = [
        (round_.title, progress.STAGE_WORDS[round_.state], board.round_url(round_))
        for round_ in found
        if round_ is not current
    ]
    if current is None:
        return {"round": None, "others": others}
    return {
        "round": current,
        "others": others,
        "standing": progress.standing(current, now),
        "coming": progress.coming(current),
        "funnel": progress.funnel(session, current),
        "loads": turnout.loads(session, current),
        "url": board.round_url(current, "plan" if current.state is Stage.DRAFTED else ""),
        "action": ACTIONS[current.state],
    }
