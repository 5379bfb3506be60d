"""A person's own page: name, zone, place, capacity, a pause, leaving; and one-click silence."""

import calendar
from datetime import date, datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from scheduler import clock, db, localtime
from scheduler.life import NotNow
from scheduler.programme import contact, describing
from scheduler.programme.describing import Unreadable
from scheduler.programme.person import Person, Standing
from scheduler.rounds import absence
from scheduler.web import access, form_fields, zones
from scheduler.web.access import GuardedBlueprint

pages = GuardedBlueprint("preferences", __name__, guard="link")

DONE = ("save", "pause", "resume", "leave")


@pages.get("/me/<token>")
def show(token: str) -> ResponseReturnValue:
    """How things stand, and the forms to change them; nothing changes."""
    with db.reading() as session:
        person, _ = access.reader(session, "me", token)
        return _page(session, person, clock.now(), {})


@pages.post("/me/<token>")
def change(token: str) -> ResponseReturnValue:
    """Do what one of the forms asks for; a second time is as good as the first."""
    now, act = clock.now(), request.form.get("act", "")
    try:
        with db.transaction() as session:
            person, _ = access.reader(session, "me", token)
            ACTS.get(act, _nothing)(session, person, request.form, now)
    except Unreadable as refusal:
        with db.reading() as session:
            person, _ = access.reader(session, "me", token)
            return _page(session, person, now, refusal.faults), 422
    return redirect(url_for("preferences.show", token=token, done=act), 303)


@pages.get("/unsubscribe/<token>")
def ask_silence(token: str) -> ResponseReturnValue:
    """What one click would do, and the button; nothing changes."""
    with db.reading() as session:
        person, _ = access.reader(session, "unsubscribe", token)
        return _silence_page(person, is_done=_is_silent(person))


@pages.post("/unsubscribe/<token>")
def silence(token: str) -> ResponseReturnValue:
    """The one-click POST of RFC 8058: pause until the person says otherwise, whatever else is sent along.

    Answers 200 without a redirect or a cookie (section 3.1); a second time changes nothing.
    """
    now = clock.now()
    with db.transaction() as session:
        person, _ = access.reader(session, "unsubscribe", token)
        if not _is_silent(person):
            absence.pause(session, person, None, now)
        return _silence_page(person, is_done=True)


def _is_silent(person: Person) -> bool:
    """Whether nothing is sent to this person of our own accord: away for good, for a while, or not in yet."""
    return person.standing is not Standing.ACTIVE and person.paused_until is None


def _silence_page(person: Person, *, is_done: bool) -> str:
    return render_template(
        "pages/me_silence.html",
        programme=person.programme,
        reader=person.name,
        is_done=is_done,
        has_left=person.standing is Standing.LEFT,
        me=contact.preferences_url(person),
    )


def _page(session: Session, person: Person, now: datetime, errors: dict[str, str]) -> str:
    """The forms as things stand or, with errors, as one was just sent."""
    topics = describing.candid(session, person) if person.is_mentor else []
    sent = request.form if errors else MultiDict[str, str]()
    spoken_of = describing.shared(topics, sent.getlist("topic") if "topics" in sent else person.topics)
    paused = person.standing is Standing.PAUSED and not person.takes_part(now)
    until = person.paused_until
    done = request.args.get("done", "")
    return render_template(
        "pages/me_page.html",
        programme=person.programme,
        reader=person.name,
        standing=person.standing,
        is_mentor=person.is_mentor,
        is_paused=paused,
        until=localtime.day_long(until, person.timezone, year=True) if paused and until is not None else "",
        name=sent.get("name", person.name),
        zone=sent.get("timezone", person.timezone),
        zones=zones.choices(person.programme.timezone, person.timezone),
        place=sent.get("place", person.place),
        capacity=sent.get("capacity", str(person.capacity)),
        capacities=[(str(number), str(number)) for number in describing.capacities(person.capacity)],
        topics=[(topic, topic in spoken_of) for topic in topics],
        pause=sent.get("pause", "month"),
        date=sent.get("date", ""),
        done=done if done in DONE and not errors else "",
        errors=errors,
    )


def _nothing(session: Session, person: Person, form: MultiDict[str, str], now: datetime) -> None:
    raise Unreadable({"main": "Please choose one of these."})


def _save(session: Session, person: Person, form: MultiDict[str, str], now: datetime) -> None:
    describing.introduce(person, form.get("name", ""), form.get("timezone", ""))
    describing.host(person, form.get("place", person.place), form.get("capacity", ""))
    if "topics" in form:  # they were there to tick
        describing.speak_of(session, person, form.getlist("topic"))


def _pause(session: Session, person: Person, form: MultiDict[str, str], now: datetime) -> None:
    if person.standing is Standing.WAITING:
        raise NotNow("You are not taking part yet, so there is nothing to pause.")
    until = _until(person, form, now)
    if (person.standing, person.paused_until) != (Standing.PAUSED, until):
        absence.pause(session, person, until, now)


def _until(person: Person, form: MultiDict[str, str], now: datetime) -> datetime | None:
    """The beginning of the day a pause ends on; None for one without an end. Raises Unreadable."""
    length, today = form.get("pause", ""), localtime.in_zone(now, person.timezone).date()
    if length == "open":
        return None
    if length == "month":
        return localtime.start_of_day(_month_after(today), person.timezone)
    if length != "date":
        raise Unreadable({"pause": "Please say how long."})
    try:
        return form_fields.pause_end(form.get("date", ""), person.timezone, now)
    except form_fields.BadDate as error:
        raise Unreadable({"date": str(error)}) from None


def _month_after(today: date) -> date:
    """The same day of the next month, or that month's last."""
    year, month = today.year + today.month // 12, today.month % 12 + 1
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


def _resume(session: Session, person: Person, form: MultiDict[str, str], now: datetime) -> None:
    absence.resume(session, person)


def _leave(session: Session, person: Person, form: MultiDict[str, str], now: datetime) -> None:
    if form.get("sure") != "yes":
        why = "Please tick that you want to leave, so that it does not happen by a slip."
        raise Unreadable({"sure": why})
    absence.leave(session, person, now)


ACTS = {"save": _save, "pause": _pause, "resume": _resume, "leave": _leave}
