"""The page where a student says whether they are in a round, when, and whom they would like to meet."""

from collections.abc import Collection
from datetime import datetime, time
from typing import NamedTuple

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from scheduler import clock, db, localtime
from scheduler.availability import ask_card, asking, slots
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.availability.boxes import BadChoice
from scheduler.availability.slots import Part, Pattern
from scheduler.life import By
from scheduler.programme import describing, lenses
from scheduler.rounds import absence
from scheduler.web import access, ask_page, signup_pages
from scheduler.web.access import GuardedBlueprint
from scheduler.web.picking import Box

pages = GuardedBlueprint("wishes", __name__, guard="link")

ANSWERS = ("in", "pick", "out")


class Weekday(NamedTuple):
    """One day of the weekly timetable, and its parts to tick."""

    name: str
    parts: list[Box]


@pages.get("/wish/<token>")
def show(token: str) -> ResponseReturnValue:
    """In, at which times, or out: one of three forms, and the ways to the others; nothing changes."""
    now = clock.now()
    with db.reading() as session:
        ask, claims = access.ask_reader(session, "wish", token)
        page = ask_page.show(session, ask, now)
        if request.args.get("done") in ask_page.LAST_PAGES and ask.state is not AskState.ASKED:
            return render_template("pages/wish_done.html", programme=ask.round.programme, page=page)
        opened = request.args.get("a") or str(claims.get("a", "in"))
        return _page(session, ask, now, opened if opened in ANSWERS else "in", {})


@pages.post("/wish/<token>")
def save(token: str) -> ResponseReturnValue:
    """Keep the answer in place of the one before; a second time is as good as the first."""
    now, answer = clock.now(), request.form.get("answer", "")
    try:
        with db.transaction() as session:
            ask, _ = access.ask_reader(session, "wish", token)
            ask_page.check_stays(ask.person)
            _keep(session, ask, answer, request.form, now)
            absence.release(session, ask, now)
    except BadChoice as error:
        with db.reading() as session:
            ask, _ = access.ask_reader(session, "wish", token)
            field = "times" if answer == "pick" else "never"
            return _page(session, ask, now, answer if answer in ANSWERS else "in", {field: str(error)}), 422
    done = "out" if answer == "out" else "saved"
    return redirect(url_for("wishes.show", token=token, done=done), 303)


def _keep(session: Session, ask: Ask, answer: str, form: MultiDict[str, str], now: datetime) -> None:
    """Raises BadChoice, with a sentence for the page."""
    if answer == "out":
        asking.opt_out(session, ask, now, by=By.STUDENT)
    elif answer == "pick":
        times = ask_page.chosen(session, ask, form, now)
        _keep_likings(session, ask, form)
        asking.wish(session, ask, now, chosen=times)
    elif answer == "in":
        never = _never(ask, form.getlist("never"))
        if not slots.programme_hours(ask_card.window(ask, now), never):
            raise BadChoice("That leaves no time at all in this round. Please untick some.")
        _keep_likings(session, ask, form)
        asking.wish(session, ask, now, never=never)
    else:
        raise BadChoice("Please say whether you are in this round.")


def _keep_likings(session: Session, ask: Ask, form: MultiDict[str, str]) -> None:
    describing.wish(session, ask.person, wants=form.getlist("lens"), asks_about=form.getlist("topic"))


def _never(ask: Ask, keys: Collection[str]) -> Pattern:
    """The weekly times that the ticked boxes of the timetable mean."""
    programme = ask.round.programme
    times = [
        (weekday, part.starts, part.ends)
        for weekday in programme.weekdays
        for part in ask_card.parts_of(programme.parts)
        if _key(weekday, part) in keys
    ]
    return Pattern(programme.timezone, tuple(sorted(times)))


def _key(weekday: int, part: Part) -> str:
    return f"{weekday}-{part.starts:%H%M}-{part.ends:%H%M}"


def _timetable(ask: Ask, keys: Collection[str] | None) -> list[Weekday]:
    """Each weekday's parts, ticked as `keys` say or, without, as they were kept."""
    programme = ask.round.programme
    kept = Pattern.from_json(ask.person.never).times if ask.person.never else ()
    return [
        Weekday(
            localtime.weekday(weekday),
            [
                Box(
                    key=_key(weekday, part),
                    label=part.name,
                    range=localtime.wall_span(part.starts, part.ends),
                    state="free",
                    ticked=_is_kept(weekday, part, kept) if keys is None else _key(weekday, part) in keys,
                )
                for part in ask_card.parts_of(programme.parts)
            ],
        )
        for weekday in sorted(programme.weekdays)
    ]


def _is_kept(weekday: int, part: Part, kept: Collection[tuple[int, time, time]]) -> bool:
    """Whether the part lies within a weekly time kept before, where an end of 00:00 is midnight."""
    return any(
        on == weekday and starts <= part.starts and _end(part.ends) <= _end(ends) for on, starts, ends in kept
    )


def _end(wall: time) -> tuple[bool, time]:
    return wall == time.min, wall


def _page(session: Session, ask: Ask, now: datetime, opened: str, errors: dict[str, str]) -> str:
    """The form `opened`, as it was saved or, with errors, as it was just sent."""
    form = request.form if errors else None
    person = ask.person
    liked = person.wants if form is None else form.getlist("lens")
    topics = describing.topics(session, person)
    asked = describing.shared(topics, person.asks_about if form is None else form.getlist("topic"))
    return render_template(
        "pages/wish_page.html",
        programme=ask.round.programme,
        page=ask_page.show(session, ask, now, keys=None if form is None else form.getlist("t")),
        opened=opened,
        timetable=_timetable(ask, None if form is None else form.getlist("never")),
        timetable_zone=localtime.zone_name(person.programme.timezone),
        repeat=form is not None and form.get("repeat") == "yes",
        lenses=[(lens, signup_pages.LENS_WORDS[lens], lens in liked) for lens in lenses.LENSES],
        topics=[(topic, topic in asked) for topic in topics],
        errors=errors,
    )
