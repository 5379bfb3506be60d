"""People on the board: the list, one person, the signup links, and taking in a class list."""

from datetime import datetime

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.programme import class_list, enrolling, signing_up
from scheduler.programme.class_list import BadClassList
from scheduler.programme.describing import Unreadable
from scheduler.programme.enrolling import NotTaken
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.rounds import absence, joining, people, reaching
from scheduler.web import access, board_frame, form_fields

pages = board_frame.guarded("roster_pages", __name__)

LINKS = (("any", "Anyone"), ("mentor", "Mentors"), ("student", "Students"))
TURNS = {
    "on": "The link works.",
    "off": "The link is turned off.",
    "renew": "There is a new link; the old one has ended.",
}
TAKEN_BACK = " What waited for the former one is taken back; their chats and links are told anew."
SHOWN = 50


@pages.get("/board/<int:programme_id>/people")
def listing(programme_id: int) -> ResponseReturnValue:
    """The people: searched, filtered by role, sorted, fifty to a page."""
    asked = {name: request.args.get(name, "") for name in ("q", "role", "sort")}
    with db.reading() as session:
        programme = access.programme(session, programme_id)
        found = people.people(session, programme, clock.now(), **asked, page=board_frame.number("page"))
        ways = board_frame.links_to(
            "roster_pages.listing", found.page, found.pages, programme_id=programme_id, **asked
        )
        return board_frame.page(
            "board_people", session, programme, "people", found=found, ways=ways, asked=asked
        )


@pages.get("/board/<int:programme_id>/people/<int:person_id>")
def show(programme_id: int, person_id: int) -> ResponseReturnValue:
    """One person, with what happened."""
    with db.reading() as session:
        about = access.person_of(session, programme_id, person_id)
        return _person(session, about, {})


@pages.post("/board/<int:programme_id>/people/<int:person_id>/pause")
def pause(programme_id: int, person_id: int) -> ResponseReturnValue:
    """No new chats until a date, or until taken up again."""
    now = clock.now()
    with db.transaction() as session:
        about = access.person_of(session, programme_id, person_id)
        try:
            until = _until(request.form.get("until", ""), about.programme.timezone, now)
        except form_fields.BadDate as error:
            return _person(session, about, {"until": str(error)}), 422
        absence.pause(session, about, until, now)
    return _back(programme_id, person_id, "Paused. They are told so.")


@pages.post("/board/<int:programme_id>/people/<int:person_id>/resume")
def resume(programme_id: int, person_id: int) -> ResponseReturnValue:
    """Take part again."""
    with db.transaction() as session:
        absence.resume(session, access.person_of(session, programme_id, person_id))
    return _back(programme_id, person_id, "They take part again.")


@pages.post("/board/<int:programme_id>/people/<int:person_id>/leave")
def leave(programme_id: int, person_id: int) -> ResponseReturnValue:
    """They leave for good; their chats are cancelled."""
    with db.transaction() as session:
        about = access.person_of(session, programme_id, person_id)
        absence.leave(session, about, clock.now())
    return _back(programme_id, person_id, "They have left the programme, and are told so.")


@pages.post("/board/<int:programme_id>/people/<int:person_id>/approve")
def approve(programme_id: int, person_id: int) -> ResponseReturnValue:
    """Let a waiting person in."""
    with db.transaction() as session:
        joining.approve(session, access.person_of(session, programme_id, person_id), clock.now())
    return _back(programme_id, person_id, "Approved. They are welcomed by a letter.")


@pages.post("/board/<int:programme_id>/people/<int:person_id>/links")
def send_links(programme_id: int, person_id: int) -> ResponseReturnValue:
    """Send the person the links that stand once more; at most one such letter in ten minutes."""
    with db.transaction() as session:
        about = access.person_of(session, programme_id, person_id)
        is_sent = reaching.send_links(session, about, clock.now())
    said = "Their links are on the way." if is_sent else "They were sent their links a few minutes ago."
    return _back(programme_id, person_id, said)


@pages.post("/board/<int:programme_id>/people/<int:person_id>/stop-links")
def stop_links(programme_id: int, person_id: int) -> ResponseReturnValue:
    """No link sent to the person so far works any more; new ones are sent."""
    with db.transaction() as session:
        reaching.stop_links(session, access.person_of(session, programme_id, person_id), clock.now())
    return _back(programme_id, person_id, "Earlier links have stopped working. New ones are on the way.")


@pages.post("/board/<int:programme_id>/people/<int:person_id>/address")
def readdress(programme_id: int, person_id: int) -> ResponseReturnValue:
    """From now on they are written to at another address."""
    with db.transaction() as session:
        about = access.person_of(session, programme_id, person_id)
        try:
            taken_back = reaching.readdress(session, about, request.form.get("email", ""), clock.now())
        except Unreadable as error:
            return _person(session, about, error.faults), 422
    said = "The address is changed." + (TAKEN_BACK if taken_back else "")
    return _back(programme_id, person_id, said)


@pages.post("/board/<int:programme_id>/people/<int:person_id>/arrives")
def mark_arriving(programme_id: int, person_id: int) -> ResponseReturnValue:
    """Mail to the person arrives again."""
    with db.transaction() as session:
        reaching.mark_arriving(session, access.person_of(session, programme_id, person_id), clock.now())
    return _back(programme_id, person_id, "Noted: mail to them arrives again.")


@pages.get("/board/<int:programme_id>/signup-links")
def signup_links(programme_id: int) -> ResponseReturnValue:
    """The links people join by."""
    with db.reading() as session:
        programme = access.programme(session, programme_id)
        shown = [(role, words, signing_up.link(programme, role)) for role, words in LINKS]
        return board_frame.page("board_links", session, programme, "people", links=shown)


@pages.post("/board/<int:programme_id>/signup-links/<role>")
def turn_link(programme_id: int, role: str) -> ResponseReturnValue:
    """Turn a signup link on or off, or renew it."""
    turn = request.form.get("turn", "")
    if role not in dict(LINKS) or turn not in TURNS:
        abort(404)
    with db.transaction() as session:
        programme = access.programme(session, programme_id)
        if turn == "renew":
            programme.renew_signup(role)
        else:
            programme.turn_signup(role, on=turn == "on")
    return board_frame.back("roster_pages.signup_links", TURNS[turn], programme_id=programme_id)


@pages.get("/board/<int:programme_id>/import")
def import_form(programme_id: int) -> ResponseReturnValue:
    """Where a class list is chosen or pasted."""
    with db.reading() as session:
        return _import_form(session, access.programme(session, programme_id), {})


@pages.get("/board/<int:programme_id>/import/class-list.csv")
def example(programme_id: int) -> ResponseReturnValue:
    """A small class list to start from."""
    with db.reading() as session:
        access.programme(session, programme_id)
    headers = {"Content-Disposition": 'attachment; filename="class-list.csv"'}
    return class_list.template(), 200, {"Content-Type": "text/csv; charset=utf-8", **headers}


@pages.post("/board/<int:programme_id>/import/preview")
def preview(programme_id: int) -> ResponseReturnValue:
    """What taking the class list in would do; nothing is changed."""
    raw = form_fields.class_list(request)
    with db.reading() as session:
        programme = access.programme(session, programme_id)
        try:
            found = enrolling.preview(session, programme, class_list.read(raw), clock.now())
        except BadClassList as error:
            return _import_form(session, programme, {"file": str(error)}), 422
        return _preview(session, programme, found, form_fields.kept(raw))


@pages.post("/board/<int:programme_id>/import")
def take_in(programme_id: int) -> ResponseReturnValue:
    """Take the class list in, all of it, or but for the rows with something wrong."""
    raw, now = form_fields.class_list(request), clock.now()
    skip_bad = request.form.get("skip_bad") == "yes"
    with db.transaction() as session:
        programme = access.programme(session, programme_id)
        try:
            taken = enrolling.take_in(session, programme, class_list.read(raw), now, skip_bad=skip_bad)
        except BadClassList as error:
            return _import_form(session, programme, {"file": str(error)}), 422
        except NotTaken as error:
            return _preview(session, programme, error.preview, form_fields.kept(raw)), 422
    return board_frame.back("roster_pages.listing", f"Imported: {taken.summary}.", programme_id=programme_id)


def _back(programme_id: int, person_id: int, said: str) -> ResponseReturnValue:
    return board_frame.back("roster_pages.show", said, programme_id=programme_id, person_id=person_id)


def _until(text: str, zone: str, now: datetime) -> datetime | None:
    """The end of a pause; without a date there is none. Raises form_fields.BadDate."""
    return form_fields.pause_end(text, zone, now) if text.strip() else None


def _person(session: Session, about: Person, errors: dict[str, str]) -> str:
    shown = people.person(session, about.programme, about, clock.now())
    sent = {field: request.form.get(field, "") if errors else "" for field in ("until", "email")}
    return board_frame.page(
        "board_person", session, about.programme, "people", shown=shown, errors=errors, sent=sent
    )


def _import_form(session: Session, programme: Programme, errors: dict[str, str]) -> str:
    text = request.form.get("text", "")
    return board_frame.page("board_import", session, programme, "people", errors=errors, text=text)


def _preview(session: Session, programme: Programme, found: enrolling.Preview, kept: str) -> str:
    return board_frame.page(
        "board_import_preview", session, programme, "people", found=found, kept=kept, shown=SHOWN
    )
