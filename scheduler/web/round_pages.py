"""A round on the board: opened, asked, planned, changed, published, taken back, closed, cancelled."""

from datetime import datetime
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from scheduler import clock, db, localtime, sweep
from scheduler.chats import booking
from scheduler.life import By
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import Stage
from scheduler.rounds import people, progress, publishing, running, turnout
from scheduler.rounds.running import NoRound
from scheduler.web import access, board_frame, form_fields

pages = board_frame.guarded("round_pages", __name__)

TABS = (("people", "People"), ("plan", "Plan"), ("chats", "Chats"))
FIELDS = ("first_on", "last_on", "answer_on", "minutes", "blocked", "quiet_from", "quiet_to")
FIRST_TAB = {Stage.DRAFTED: "plan", Stage.RUNNING: "chats", Stage.CLOSED: "chats"}


@pages.get("/board/<int:programme_id>/rounds/new")
def new(programme_id: int) -> ResponseReturnValue:
    """The form that opens a round."""
    with db.reading() as session:
        programme = access.programme(session, programme_id)
        usual = {
            "minutes": str(programme.minutes),
            "quiet_from": programme.quiet_from,
            "quiet_to": programme.quiet_to,
        }
        return _form(session, programme, usual, {})


@pages.post("/board/<int:programme_id>/rounds/new")
def open_round(programme_id: int) -> ResponseReturnValue:
    """Open a round; nobody is asked yet."""
    now, sent = clock.now(), request.form.to_dict()
    with db.transaction() as session:
        programme = access.programme(session, programme_id)
        try:
            today = localtime.in_zone(now, programme.timezone).date()
            dates = form_fields.round_dates(sent, today)
            round_ = running.open_round(session, programme, now=now, **dates)
        except form_fields.Unreadable as error:
            return _form(session, programme, sent, error.faults), 422
        except NoRound as error:
            return _form(session, programme, sent, {error.field: str(error)}), 422
        return redirect(url_for("round_pages.show", programme_id=programme_id, round_id=round_.id), 303)


@pages.get("/board/<int:programme_id>/rounds/<int:round_id>")
def show(programme_id: int, round_id: int) -> ResponseReturnValue:
    """The round: its steps, what can be done now, and its people, plan or chats."""
    with db.reading() as session:
        round_ = access.round_of(session, programme_id, round_id)
        return board_frame.page(
            "board_round", session, round_.programme, "round", **_shown(session, round_, clock.now())
        )


@pages.post("/board/<int:programme_id>/rounds/<int:round_id>/ask")
def ask(programme_id: int, round_id: int) -> ResponseReturnValue:
    """Ask everyone who takes part; twice asks nobody twice."""
    with db.transaction() as session:
        round_ = access.round_of(session, programme_id, round_id)
        asked = running.ask_all(session, round_, clock.now())
    return _back(programme_id, round_id, f"{_people(asked)} asked.", "people")


@pages.post("/board/<int:programme_id>/rounds/<int:round_id>/plan")
def plan(programme_id: int, round_id: int) -> ResponseReturnValue:
    """Plan the round, or plan it again; pinned pairs stay."""
    with db.reading() as session:
        access.round_of(session, programme_id, round_id)
    added = sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)
    said = f"{added} {'chat' if added == 1 else 'chats'} planned."
    return _back(programme_id, round_id, said, "plan")


@pages.post("/board/<int:programme_id>/rounds/<int:round_id>/publish")
def publish(programme_id: int, round_id: int) -> ResponseReturnValue:
    """Send the plan out, in a minute."""
    with db.transaction() as session:
        publishing.publish(session, access.round_of(session, programme_id, round_id), clock.now())
    return _back(programme_id, round_id, "Published. The invitations leave in a minute.", "chats")


@pages.post("/board/<int:programme_id>/rounds/<int:round_id>/take-back")
def take_back(programme_id: int, round_id: int) -> ResponseReturnValue:
    """Publishing taken back within its minute."""
    with db.transaction() as session:
        publishing.take_back(session, access.round_of(session, programme_id, round_id), clock.now())
    return _back(programme_id, round_id, "Taken back. Nobody was written to.", "plan")


@pages.post("/board/<int:programme_id>/rounds/<int:round_id>/places")
def give_places(programme_id: int, round_id: int) -> ResponseReturnValue:
    """Give the chats that have no place one that is free; whoever knows of them is told."""
    with db.transaction() as session:
        round_ = access.round_of(session, programme_id, round_id)
        given = booking.give_places(session, round_, clock.now())
    have = "1 chat has" if given == 1 else f"{given} chats have"
    return _back(programme_id, round_id, f"{have} got a place." if given else "No place is free then.", "")


@pages.post("/board/<int:programme_id>/rounds/<int:round_id>/close")
def close(programme_id: int, round_id: int) -> ResponseReturnValue:
    """The round is over."""
    with db.transaction() as session:
        round_ = access.round_of(session, programme_id, round_id)
        running.close(session, round_, clock.now(), by=By.COORDINATOR)
    return _back(programme_id, round_id, "Closed. Everyone left out has been told.", "chats")


@pages.post("/board/<int:programme_id>/rounds/<int:round_id>/cancel")
def cancel(programme_id: int, round_id: int) -> ResponseReturnValue:
    """Call the round off, with all its chats still to come."""
    with db.transaction() as session:
        running.cancel(session, access.round_of(session, programme_id, round_id), clock.now())
    return _back(programme_id, round_id, "Cancelled. Whoever had a chat is told.", "chats")


def _back(programme_id: int, round_id: int, said: str, tab: str) -> ResponseReturnValue:
    return board_frame.back("round_pages.show", said, programme_id=programme_id, round_id=round_id, tab=tab)


def _people(count: int) -> str:
    return "1 person is" if count == 1 else f"{count} people are"


def _form(session: Session, programme: Programme, sent: dict[str, str], errors: dict[str, str]) -> str:
    today = localtime.in_zone(clock.now(), programme.timezone).date()
    empty = dict.fromkeys(FIELDS, "")
    mentors, students, _ = people.counts(session, programme, clock.now())
    return board_frame.page(
        "board_round_new",
        session,
        programme,
        "home",
        sent={**empty, **sent},
        errors=errors,
        lengths=[(str(length), f"{length} minutes") for length in running.LENGTHS],
        today=today.isoformat(),
        mentors=mentors,
        students=students,
    )


def _shown(session: Session, round_: Round, now: datetime) -> dict[str, object]:
    """What the round's page shows; only the open tab's rows are read."""
    tab = request.args.get("tab", "")
    tab = tab if tab in dict(TABS) else FIRST_TAB.get(round_.state, "people")
    steps, current = progress.steps(round_, now)
    here: dict[str, Any] = {"programme_id": round_.programme_id, "round_id": round_.id}
    return {
        "round": round_,
        "steps": steps,
        "current": current,
        "standing": progress.standing(round_, now),
        "quiet": progress.quiet(round_),
        "state": str(round_.state),
        "awaited": progress.awaited(session, round_, now),
        "has_plan": round_.state is Stage.DRAFTED and publishing.has_chats(session, round_),
        "without_place": progress.without_place(session, round_, now),
        "nobodys_year": progress.blocked_for_nobody(session, round_) if round_.state is Stage.OPEN else "",
        "may_take_back": round_.state is Stage.RUNNING and _is_fresh(round_, now),
        "tab": tab,
        "tabs": [(words, url_for("round_pages.show", **here, tab=name), name == tab) for name, words in TABS],
        "funnel": progress.funnel(session, round_) if tab == "people" else [],
        "asks": turnout.ask_rows(session, round_) if tab == "people" else [],
        "owes": [
            (debt, progress.moment(debt.since, round_.programme))
            for debt in (progress.owes(session, round_, now) if tab == "people" else [])
        ],
        "chats": progress.chat_rows(session, round_) if tab != "people" else [],
        "left_out": turnout.left_out_rows(session, round_) if tab == "plan" else [],
        "zone": localtime.zone_name(round_.programme.timezone),
    }


def _is_fresh(round_: Round, now: datetime) -> bool:
    return round_.publish_at is not None and now < round_.publish_at
