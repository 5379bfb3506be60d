"""What every page of the coordinator's area shares: its guard, its navigation, its one-sentence answers."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from scheduler import clock, db, localtime
from scheduler.programme import admitting
from scheduler.programme.programme import Programme
from scheduler.web import access
from scheduler.web.access import GuardedBlueprint

LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; base-uri 'none'; "
    "form-action 'none'"
)
"""A letter in its frame: its own styles, and nothing else; no script, no form, no link."""


def guarded(name: str, import_name: str) -> GuardedBlueprint:
    """A blueprint of the coordinator's area; what is sent from it keeps the seat from falling idle."""
    made = GuardedBlueprint(name, import_name, guard="coordinator")
    made.before_request(keep_seat)
    return made


def keep_seat() -> None:
    """A form was sent: the seat's eight hours begin anew. Looking at pages changes nothing."""
    if request.method != "POST":
        return
    now = clock.now()
    with db.transaction() as session:
        seat = access.find_seat(session, now)
        if seat is not None:
            admitting.touch(seat, now)


def page(template: str, session: Session, programme: Programme, here: str, **context: object) -> str:
    """A page of one programme, with its navigation, of which `here` is the present part."""
    parts = (
        ("Home", "dashboard.home"),
        ("People", "roster_pages.listing"),
        ("Mail", "mail_pages.log"),
        ("Settings", "programme_pages.show"),
    )
    nav = [
        (words, url_for(endpoint, programme_id=programme.id), words.lower() == here)
        for words, endpoint in parts
    ]
    if len(access.coordinator(session).programmes) > 1:
        nav.append(("All programmes", url_for("dashboard.programmes"), False))
    return render_template(
        f"pages/{template}.html",
        programme=programme,
        nav=nav,
        home=url_for("dashboard.home", programme_id=programme.id),
        sign_out=url_for("signin.leave"),
        clock_words=localtime.clock(clock.now(), programme.timezone),
        **context,
    )


def back(endpoint: str, said: str, **values: Any) -> ResponseReturnValue:
    """On to the page of `endpoint`, which says `said` once."""
    if said:
        flash(said)
    return redirect(url_for(endpoint, **values), 303)


def letter_in_frame(html: str) -> ResponseReturnValue:
    """A letter's HTML alone, as the frame of a page shows it."""
    return f"<!doctype html>{html}", 200, {"Content-Security-Policy": LETTER_POLICY}


def number(name: str, default: int = 1) -> int:
    """A whole number of the query, as a page's; anything else is the default."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else default


def links_to(endpoint: str, page_of: int, pages: int, **values: Any) -> list[tuple[str, str]]:
    """The ways to the page before and after, where there are any."""
    ways = (("Page before", page_of - 1), ("Next page", page_of + 1))
    return [(words, url_for(endpoint, **{**values, "page": at})) for words, at in ways if 1 <= at <= pages]
