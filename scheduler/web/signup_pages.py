"""Signing up: the public page, times or wishes, and the answer to the mail that proves the address."""

from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from scheduler import clock, db, links
from scheduler.availability.boxes import BadChoice
from scheduler.life import NotAllowed
from scheduler.links import BadLink
from scheduler.mail import outbox
from scheduler.programme import lenses, names, roster
from scheduler.programme.describing import Unreadable
from scheduler.programme.person import Person, Standing
from scheduler.programme.programme import Programme
from scheduler.programme.signup import Signup
from scheduler.rounds import joining
from scheduler.web import network, picking, zones
from scheduler.web.access import GuardedBlueprint

pages = GuardedBlueprint("signup", __name__, guard="open")

TRAP = "website"
"""A field no person sees; what is sent with it filled in comes from a machine."""
LENS_WORDS = {
    "near-peer": "One or two steps ahead, with the same worries fresh in mind",
    "career model": "With a career to look up to",
    "concordant": "With a background in common",
    "research or non-clinical path": "In research, or on a path outside the clinic",
    "stretch": "A little intimidating, in a good way",
    "different path": "On a path quite unlike one’s own",
    "outside": "From another institution",
}


class TurnedOff(Exception):
    """The signup link was turned off, or renewed since."""


@pages.errorhandler(TurnedOff)
def say_turned_off(_error: TurnedOff) -> ResponseReturnValue:
    """A kind word to whoever has an old link."""
    words = "Please ask whoever gave it to you for the new one."
    return render_template("pages/sorry.html", title="This signup link has been turned off", words=words), 410


@pages.get("/join/<token>")
def ask(token: str) -> ResponseReturnValue:
    """The signup page of a programme."""
    with db.reading() as session:
        programme, role = _door(session, token)
        return _first_page(programme, role, {}, {})


@pages.post("/join/<token>")
def sign_up(token: str) -> ResponseReturnValue:
    """Keep what was written, write to the address, and go on to times or wishes."""
    form, now = request.form.to_dict(), clock.now()
    with db.transaction() as session:
        programme, role = _door(session, token)
        if form.get(TRAP):
            return _mail_page(programme, names.clean_text(form.get("email", ""), names.ADDRESS_LIMIT))
        wrote = {name: form.get(name, "") for name in ("name", "email", "timezone")}
        wrote["role"] = form.get("role", "") if role == "any" else role
        try:
            came_from = network.of_request()
            signup = joining.sign_up(session, programme, **wrote, network=came_from, now=now)
        except Unreadable as error:
            return _first_page(programme, role, wrote, error.faults), 422
        if signup not in session:
            return _mail_page(programme, signup.email)
        return redirect(url_for("signup.times", token=links.token("signup", s=signup.id)), 303)


@pages.get("/join/<token>/times")
def times(token: str) -> ResponseReturnValue:
    """The second page: when a mentor could meet, or what a student wishes."""
    now = clock.now()
    with db.reading() as session:
        signup = _signup(session, "signup", token)
        if signup.confirmed_at is not None:
            return redirect(url_for("signup.check_mail", token=token), 303)
        return _second_page(session, signup, {}, now)


@pages.post("/join/<token>/times")
def keep_times(token: str) -> ResponseReturnValue:
    """Keep the second page until the address is confirmed; sending it again replaces it."""
    now = clock.now()
    with db.transaction() as session:
        signup = _signup(session, "signup", token)
        try:
            joining.answer(session, signup, now, **_sent(request.form))
        except BadChoice as error:
            return _second_page(session, signup, {"times": str(error)}, now), 422
    return redirect(url_for("signup.check_mail", token=token), 303)


@pages.get("/join/<token>/mail")
def check_mail(token: str) -> ResponseReturnValue:
    """Where to look next; the same words for every address."""
    with db.reading() as session:
        signup = _signup(session, "signup", token)
        again = url_for("signup.times", token=token) if signup.confirmed_at is None else ""
        return _mail_page(signup.programme, signup.email, again)


@pages.get("/confirm/<token>")
def ask_confirmation(token: str) -> ResponseReturnValue:
    """What confirming does, and one button; once confirmed, how things stand."""
    with db.reading() as session:
        signup = _signup(session, "confirm", token)
        if signup.confirmed_at is not None:
            person = session.get(Person, signup.person_id or 0)
            is_waiting = person is not None and person.standing is Standing.WAITING
            return render_template(
                "pages/signup_confirmed.html", programme=signup.programme, is_waiting=is_waiting
            )
        person = roster.known(session, signup.programme, signup.email)
        name = person.name if person is not None else signup.name
        return render_template(
            "pages/signup_confirm.html", programme=signup.programme, signup=signup, name=name
        )


@pages.post("/confirm/<token>")
def confirm(token: str) -> ResponseReturnValue:
    """Enrol whoever has read the mail; twice is once."""
    now = clock.now()
    with db.transaction() as session:
        joining.confirm(session, _signup(session, "confirm", token), now)
    return redirect(url_for("signup.ask_confirmation", token=token), 303)


@pages.get("/never/<token>")
def ask_never(token: str) -> ResponseReturnValue:
    """What never being written to means, and one button; afterwards, that it is so."""
    with db.reading() as session:
        signup = _signup(session, "never", token)
        is_so = outbox.is_suppressed(session, signup.email)
        return render_template("pages/signup_never.html", programme=signup.programme, is_so=is_so)


@pages.post("/never/<token>")
def never(token: str) -> ResponseReturnValue:
    """Never write to this address again; twice is once."""
    now = clock.now()
    with db.transaction() as session:
        roster.never_write(session, _signup(session, "never", token).email, now)
    return redirect(url_for("signup.ask_never", token=token), 303)


def _door(session: Session, token: str) -> tuple[Programme, str]:
    """The programme a signup link leads into, and the role it is for. Raises BadLink, TurnedOff."""
    claims = links.read("join", token)
    programme, role = session.get(Programme, claims.get("m", 0)), str(claims.get("r", ""))
    if programme is None:
        raise BadLink
    if claims.get("k") != programme.signup_number(role):
        raise TurnedOff
    return programme, role


def _signup(session: Session, purpose: str, token: str) -> Signup:
    signup = session.get(Signup, links.read(purpose, token).get("s", 0))
    if signup is None:
        raise NotAllowed("This signup was not confirmed in time and is no longer kept. Please sign up again.")
    return signup


def _mail_page(programme: Programme, email: str, times: str = "") -> str:
    return render_template("pages/signup_mail.html", programme=programme, email=email, times=times)


def _first_page(programme: Programme, role: str, wrote: dict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "pages/signup_start.html",
        programme=programme,
        role=role,
        wrote={"name": "", "email": "", "role": "", "timezone": programme.timezone} | wrote,
        zones=zones.choices(programme.timezone),
        trap=TRAP,
        errors=errors,
    )


def _sent(form: MultiDict[str, str]) -> dict[str, Any]:
    """The second page as `joining.answer` takes it."""
    return {
        "keys": form.getlist("t"),
        "repeat": form.get("repeat") == "yes",
        "when": form.get("when", ""),
        "note": form.get("note", ""),
        "ticked": form.getlist("lens"),
    }


def _second_page(session: Session, signup: Signup, errors: dict[str, str], now: datetime) -> str:
    """The page as it was kept or, with errors, as it was just sent."""
    window = joining.window(session, signup, now)
    kept = signup.answers
    if errors:
        sent = _sent(request.form)
        kept = sent | {"offers": sent["ticked"], "any_hours": sent["when"] == "any"}
    keys, liked = kept.get("keys", []), [*kept.get("offers", []), *kept.get("wants", [])]
    # Whoever sees the page for the first time finds the answer that suits most, and may choose another.
    when = "any" if kept.get("any_hours", not kept) else "ticked" if keys or errors else "later"
    return render_template(
        "pages/signup_times.html",
        programme=signup.programme,
        signup=signup,
        weeks=picking.weeks(window, keys) if window is not None else [],
        zone=picking.zone_words(window) if window is not None else "",
        repeat=kept.get("repeat", False),
        note=kept.get("note", ""),
        when=when,
        lenses=[(lens, LENS_WORDS[lens], lens in liked) for lens in lenses.LENSES],
        errors=errors,
    )
