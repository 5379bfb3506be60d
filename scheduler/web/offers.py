"""The page where a mentor says when they could meet: the same times again, others, or not this round."""

from datetime import datetime
from typing import NamedTuple

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from scheduler import clock, db, localtime
from scheduler.availability import ask_card, asking
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.availability.boxes import BadChoice
from scheduler.life import By
from scheduler.programme import describing
from scheduler.programme.describing import Unreadable
from scheduler.programme.person import Standing
from scheduler.rounds import absence
from scheduler.web import access, ask_page, form_fields
from scheduler.web.access import GuardedBlueprint

pages = GuardedBlueprint("offers", __name__, guard="link")

ANSWERS = ("same", "pick", "out")


class Again(NamedTuple):
    """Last round's weekly times: in words, their mark, their zone, and the dates they come to this time."""

    words: str
    mark: str
    zone: str
    days: int
    times: list[str]


@pages.get("/offer/<token>")
def show(token: str) -> ResponseReturnValue:
    """The picker, with what was saved; nothing changes."""
    now = clock.now()
    with db.reading() as session:
        ask, claims = access.ask_reader(session, "offer", token)
        if request.args.get("done") in ask_page.LAST_PAGES and ask.state is not AskState.ASKED:
            return _last_page(session, ask, now)
        opened = request.args.get("a") or str(claims.get("a", "pick"))
        return _page(session, ask, now, opened if opened in ANSWERS else "pick", {})


@pages.post("/offer/<token>")
def save(token: str) -> ResponseReturnValue:
    """Keep the answer in place of the one before; a second time is as good as the first."""
    now = clock.now()
    try:
        with db.transaction() as session:
            ask, _ = access.ask_reader(session, "offer", token)
            ask_page.check_stays(ask.person)
            done = _keep(session, ask, request.form, now)
            absence.release(session, ask, now)
    except Unreadable as refusal:
        with db.reading() as session:
            ask, _ = access.ask_reader(session, "offer", token)
            return _page(session, ask, now, "pick", refusal.faults), 422
    return redirect(url_for("offers.show", token=token, done=done), 303)


def _keep(session: Session, ask: Ask, form: MultiDict[str, str], now: datetime) -> str:
    """What was done, by the name its result page has. Raises Unreadable."""
    answer = form.get("answer", "ticked")
    if answer == "same":
        _keep_same(session, ask, form, now)
        return "same"
    if answer in ("out", "pause"):
        until = _until(form.get("until", ""), ask, now) if answer == "pause" else None
        asking.opt_out(session, ask, now, by=By.MENTOR)
        if until is None:
            return "out"
        if (ask.person.standing, ask.person.paused_until) != (Standing.PAUSED, until):
            absence.pause(session, ask.person, until, now)
        return "paused"
    _keep_ticked(session, ask, form, now)
    return "saved"


def _keep_same(session: Session, ask: Ask, form: MultiDict[str, str], now: datetime) -> None:
    """What was shown as last round's times; other ones sent since have become the pattern in their place."""
    times, mark = asking.same_as_last(ask, now), asking.pattern_mark(ask)
    if not times:
        raise Unreadable({"times": "Last round’s times do not fit these dates. Please tick others."})
    if form.get("pattern", mark) != mark and times != ask.slots:
        raise Unreadable({"times": "Other times were sent since that page was opened. They stand below."})
    asking.offer(session, ask, times, now, note=ask.note)


def _keep_ticked(session: Session, ask: Ask, form: MultiDict[str, str], now: datetime) -> None:
    try:
        times = ask_page.chosen(session, ask, form, now)
    except BadChoice as error:
        raise Unreadable({"times": str(error)}) from None
    describing.meet_at(ask.person, form.get("place", ask.person.place))
    capacity = describing.capacity(form.get("capacity", ""), ask.capacity)
    asking.offer(session, ask, times, now, note=form.get("note", ""), capacity=capacity)


def _until(text: str, ask: Ask, now: datetime) -> datetime:
    """The beginning of a date the reader wrote. Raises Unreadable."""
    try:
        return form_fields.pause_end(text, ask.person.timezone, now)
    except form_fields.BadDate as error:
        raise Unreadable({"until": str(error)}) from None


def _again(ask: Ask, now: datetime) -> Again | None:
    """The card of last round's times; None where there were none, or this round is answered already."""
    if not ask.person.pattern or ask.state is AskState.ANSWERED:
        return None
    shown, zone = ask_card.show(ask, now), ask.person.timezone
    times = asking.same_as_last(ask, now)
    days = {localtime.in_zone(slot.starts_at, zone).date() for slot in times}
    other_zone = shown.pattern_zone if shown.pattern_zone != shown.zone else ""
    words = [ask_card.words_of(slot, zone) for slot in times]
    return Again(shown.same_words, asking.pattern_mark(ask), other_zone, len(days), words)


def _page(session: Session, ask: Ask, now: datetime, opened: str, errors: dict[str, str]) -> str:
    """The picker as it was saved or, with errors in what was ticked, as it was just sent."""
    form = request.form if errors and request.form.get("answer") != "same" else None
    capacities = [(str(number), str(number)) for number in describing.capacities(ask.capacity)]
    return render_template(
        "pages/offer_page.html",
        programme=ask.round.programme,
        page=ask_page.show(session, ask, now, keys=form.getlist("t") if form is not None else None),
        opened=opened,
        again=_again(ask, now),
        answer=form.get("answer", "ticked") if form is not None else "ticked",
        until=form.get("until", "") if form is not None else "",
        repeat=form is not None and form.get("repeat") == "yes",
        note=form.get("note", "") if form is not None else ask.note,
        capacity=form.get("capacity", "") if form is not None else str(ask.capacity),
        capacities=capacities,
        place=form.get("place", "") if form is not None else ask.person.place,
        errors=errors,
    )


def _last_page(session: Session, ask: Ask, now: datetime) -> str:
    return render_template(
        "pages/offer_done.html",
        programme=ask.round.programme,
        page=ask_page.show(session, ask, now),
        done=request.args["done"],
        until=_paused_until(ask),
    )


def _paused_until(ask: Ask) -> str:
    until = ask.person.paused_until
    return localtime.day_long(until, ask.person.timezone, year=True) if until is not None else ""
