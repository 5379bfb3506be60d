"""Signing in and out: ask by address, enter by the mailed link or code."""

import secrets
from datetime import timedelta

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from scheduler import clock, db
from scheduler.programme import admitting
from scheduler.web import access, network
from scheduler.web.access import GuardedBlueprint

pages = GuardedBlueprint("signin", __name__, guard="open")

ASKED = "asked"
"""The cookie of a browser that has asked to sign in: the link opens there alone without its code."""
NOT_RIGHT = "That did not open. The code may be mistyped, used or older than ten minutes; ask for a new one."


@pages.get("/sign-in")
def ask() -> ResponseReturnValue:
    """Where a coordinator writes their address."""
    return render_template("pages/signin_ask.html")


@pages.post("/sign-in")
def send() -> ResponseReturnValue:
    """Send a link and a code; the page after it is the same for every address."""
    now, browser = clock.now(), secrets.token_urlsafe(24)
    with db.transaction() as session:
        admitting.ask(session, request.form.get("email", ""), browser, now, network=network.of_request())
    answer = make_response(redirect(url_for("signin.code"), 303))
    _set_cookie(answer, ASKED, browser, admitting.GOOD_FOR)
    return answer


@pages.get("/sign-in/code")
def code() -> ResponseReturnValue:
    """Where the code of the mail is written."""
    return _code_page("", {})


@pages.post("/sign-in/code")
def enter_code() -> ResponseReturnValue:
    """Sign in by the code alone, in the browser that asked."""
    return _enter("")


@pages.get("/sign-in/<token>")
def show(token: str) -> ResponseReturnValue:
    """The mailed link: one button in the browser that asked, else the code as well. It changes nothing."""
    with db.reading() as session:
        asked = admitting.find(session, token)
        if asked is None or not admitting.is_open(asked, clock.now()):
            return render_template("pages/signin_over.html"), 410
        if admitting.is_at_home(asked, request.cookies.get(ASKED, "")):
            return render_template("pages/signin_enter.html", name=asked.coordinator.name)
        return _code_page(token, {})


@pages.post("/sign-in/<token>")
def enter(token: str) -> ResponseReturnValue:
    """Sign in by the link."""
    return _enter(token)


@pages.post("/sign-out")
def leave() -> ResponseReturnValue:
    """Sign this browser out; twice is once."""
    now = clock.now()
    with db.transaction() as session:
        seat = access.find_seat(session, now)
        if seat is not None:
            admitting.leave(session, seat, now)
    answer = make_response(redirect(url_for("signin.ask"), 303))
    answer.delete_cookie(access.COOKIE)
    return answer


def _enter(token: str) -> ResponseReturnValue:
    """A new seat with a new cookie, the former seat of this browser ended; or the code's page once more."""
    now, browser = clock.now(), request.cookies.get(ASKED, "")
    with db.transaction() as session:
        secret = admitting.enter(session, token, request.form.get("code", ""), browser, now)
        former = access.find_seat(session, now)
        if secret is not None and former is not None:
            admitting.leave(session, former, now)
    if secret is None:
        return _code_page(token, {"code": NOT_RIGHT}), 422
    answer = make_response(redirect(url_for("dashboard.programmes"), 303))
    _set_cookie(answer, access.COOKIE, secret, access.LONGEST)
    answer.delete_cookie(ASKED)
    return answer


def _code_page(token: str, errors: dict[str, str]) -> str:
    """Where a code is written: the one just asked for or, with a link's token, the one beside the link."""
    action = url_for("signin.enter", token=token) if token else url_for("signin.enter_code")
    return render_template("pages/signin_code.html", errors=errors, action=action, is_elsewhere=bool(token))


def _set_cookie(answer: Response, name: str, value: str, good_for: timedelta) -> None:
    answer.set_cookie(name, value, max_age=good_for, secure=request.is_secure, httponly=True, samesite="Lax")
