"""The demo's mailbox: everybody's mail, buttons of their calendars, and a clock that can be moved."""

import re
from datetime import datetime, timedelta

from flask import Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from scheduler import clock, db, localtime, ticking
from scheduler.mail import inbox, replies
from scheduler.mail.envelope import Incoming
from scheduler.mail.transport import Transport
from scheduler.programme import admitting
from scheduler.programme.coordinator import Coordinator, Seat
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.simulation import habits, letterbox, passing
from scheduler.simulation.letterbox import Box
from scheduler.web import numbers
from scheduler.web.access import GuardedBlueprint

pages = GuardedBlueprint("demo", __name__, guard="open")

READING = "reading"
"""The cookie that remembers, in the demo alone, whose mail was open."""
STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "mail": timedelta(days=30)}
"""How far the clock goes; to somebody's next mail at most a month."""
VIEWS = ("html", "text", "source")
OWN_PAGES = re.compile(r"https?://(?:127\.0\.0\.1|localhost)(?::\d+)?(?=/)")
FRAME = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-top-navigation-by-user-activation"
)


@pages.app_context_processor
def in_demo() -> dict[str, object]:
    """Every page of the demo says that it is one, and leads back to the mail."""
    return {"demo": url_for("demo.show")}


@pages.get("/")
def begin() -> ResponseReturnValue:
    """The demo begins with the mail."""
    return redirect(url_for("demo.show"), 303)


@pages.get("/demo")
def show() -> ResponseReturnValue:
    """One person's mail, and one of their mails opened."""
    now = clock.now()
    with db.reading() as session:
        box, known = _box(session, request.args.get("to") or request.cookies.get(READING, ""))
        shown = _mail(session, box) | _time(session, now)
        page = render_template(
            "pages/demo_mailbox.html",
            box=box,
            boxes=known,
            arrived=letterbox.just_arrived(session, known),
            is_fresh=not request.args,
            **shown,
        )
    return _remembering(page, box)


@pages.get("/demo/mails/<int:mail_id>")
def frame(mail_id: int) -> ResponseReturnValue:
    """The mail's HTML as its reader's mail program shows it; links open in the whole window."""
    with db.reading() as session:
        box, _ = _box(session, request.args.get("to", ""))
        mail = letterbox.find(session, box, mail_id)
        if mail is None:
            raise NotFound
        html = letterbox.opened(session, mail, box).html
    html = re.sub(r"(<head[^>]*>)", r'\1<base target="_top">', _here(html), count=1)
    return Response(html, headers={"Content-Security-Policy": FRAME})


@pages.post("/demo/mails/<int:mail_id>/answer")
def answer(mail_id: int) -> ResponseReturnValue:
    """A button of the calendar's card: a real REPLY goes into the inbox, and is read at once."""
    now = clock.now()
    with db.transaction() as session:
        box, _ = _box(session, request.form.get("to", ""))
        mail = letterbox.find(session, box, mail_id)
        partstat = request.form.get("partstat", "")
        if mail is None or mail.method != "REQUEST" or partstat not in letterbox.ANSWERS:
            raise NotFound
        style = replies.STYLES[(mail.person_id or 0) % len(replies.STYLES)]
        raw = replies.reply(mail.raw, partstat, stamp=now, style=style)
        kept = inbox.store(session, raw, now, sender=box.address)
        kept_id = kept.id
    ticking.tick(_transport())
    return redirect(url_for("demo.show", to=box.address, mail=mail_id, answer=kept_id), 303)


@pages.post("/demo/clock")
def move_clock() -> ResponseReturnValue:
    """Let time pass: an hour, a day, to the next thing that happens, or until this reader has mail again.

    Nothing on the way is left out.
    """
    now, by = clock.now(), request.form.get("by", "")
    with db.reading() as session:
        box, _ = _box(session, request.form.get("to", ""))
        upcoming = passing.next_moment(session, now)
        had = _newest(session, box)
    until = upcoming or now if by == "next" else now + STEPS.get(by, timedelta(0))
    passing.walk(_transport(), now, until, _go, is_enough=lambda: by == "mail" and _has_more(box, had))
    _take_seats_along(clock.now() - now)
    return redirect(url_for("demo.show", to=box.address), 303)


@pages.post("/demo/others")
def let_others_act() -> ResponseReturnValue:
    """Everybody but the one whose mail is open does what their mails ask of them."""
    now = clock.now()
    with db.transaction() as session:
        box, _ = _box(session, request.form.get("to", ""))
        spared = list(session.scalars(select(Person.id).where(Person.email == box.address)))
        for programme in session.scalars(select(Programme)):
            habits.act(session, programme, now, spared=spared)
    ticking.tick(_transport())
    return redirect(url_for("demo.show", to=box.address), 303)


@pages.post("/demo/sign-in")
def sign_in() -> ResponseReturnValue:
    """The way into the coordinator's pages without waiting for the mail."""
    with db.transaction() as session:
        coordinator = session.scalars(select(Coordinator).order_by(Coordinator.id).limit(1)).one()
        url = admitting.invite(session, coordinator, clock.now())
    return redirect(_here(url), 303)


def _box(session: Session, address: str) -> tuple[Box, list[Box]]:
    """The mailbox of this address, else the first mentor's; and all of them."""
    zone = session.scalar(select(Programme.timezone).order_by(Programme.id).limit(1)) or "UTC"
    known = letterbox.boxes(session, zone)
    usual = next((box for box in known if box.role == "mentor"), None) or next(iter(known), None)
    found = next((box for box in known if box.address == address), usual)
    if found is None:
        raise NotFound
    return found, known


def _mail(session: Session, box: Box) -> dict[str, object]:
    """The mailbox's list and the mail that is open, with what came of its calendar's answer."""
    mail = letterbox.find(session, box, request.args.get("mail", type=numbers.kept))
    return {
        "lines": letterbox.lines(session, box),
        "waits": letterbox.waiting(session, box),
        "mail": letterbox.opened(session, mail, box) if mail is not None else None,
        "view": _view(),
        "here": _here,
        "answered": _came_to(session, request.args.get("answer", type=numbers.kept)),
    }


def _view() -> str:
    asked = request.args.get("view", VIEWS[0])
    return asked if asked in VIEWS else VIEWS[0]


def _remembering(page: str, box: Box) -> Response:
    answer = Response(page)
    answer.set_cookie(READING, box.address, path="/demo", httponly=True, samesite="Lax")
    return answer


def _time(session: Session, now: datetime) -> dict[str, object]:
    zone = session.scalar(select(Programme.timezone).order_by(Programme.id).limit(1)) or "UTC"
    upcoming = passing.next_moment(session, now)
    return {
        "today": localtime.day_long(now, zone),
        "hour": f"{localtime.clock(now, zone)}, {localtime.zone_name(zone, now)}",
        "next": ""
        if upcoming is None
        else f"{localtime.day(upcoming, zone)}, {localtime.clock(upcoming, zone)}",
    }


def _came_to(session: Session, incoming_id: int | None) -> str:
    """What came of the calendar's answer, in the inbox's own words."""
    kept = session.get(Incoming, incoming_id) if incoming_id is not None else None
    return "" if kept is None else kept.came_to or "kept, and not read yet"


def _newest(session: Session, box: Box) -> int:
    mail = letterbox.find(session, box, None)
    return mail.id if mail is not None else 0


def _has_more(box: Box, had: int) -> bool:
    with db.reading() as session:
        return _newest(session, box) != had


def _go(moment: datetime) -> None:
    """Move the demo's clock up to `moment`, at least; it goes by whole seconds."""
    ahead = moment - clock.now()
    if ahead > timedelta(0):
        clock.advance(timedelta(seconds=int(ahead.total_seconds()) + 1))


def _take_seats_along(jump: timedelta) -> None:
    """Whoever is signed in stays so: a day that passes at a press of a button is no day of idleness."""
    with db.transaction() as session:
        for seat in session.scalars(select(Seat).where(Seat.ended_at.is_(None))):
            seat.since, seat.seen_at = seat.since + jump, seat.seen_at + jump


def _transport() -> Transport:
    transport: Transport = current_app.extensions["wired"].transport
    return transport


def _here(text: str) -> str:
    """Addresses of an earlier start lead to this one, whatever port it has now."""
    return OWN_PAGES.sub(request.host_url.rstrip("/"), text)
