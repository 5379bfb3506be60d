"""The pages behind a chat's links: look, answer, move, cancel, say whether you met, and take it back."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from scheduler import clock, db, links
from scheduler.availability import boxes
from scheduler.availability.boxes import BadChoice
from scheduler.chats import answering, booking, freetime, held, moretimes, outcome, record, replying
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.lifecycle import Report
from scheduler.chats.proposal import Proposal
from scheduler.life import By, NotNow, Via
from scheduler.links import BadLink
from scheduler.mail import invite, outbox
from scheduler.rounds import absence
from scheduler.web import access, chat_page, form_fields, numbers
from scheduler.web.access import Claims, GuardedBlueprint
from scheduler.web.chat_page import Opened

pages = GuardedBlueprint("answers", __name__, guard="link")

NOTHING_CHOSEN = "Please choose one of these."
FIELDS = {"times": "times", "report": "said"}
"""Where a form's error stands, if not at its choice of an act."""
NUMBERS = {0: "None is left", 1: "One is left", 2: "Two are left"}


class Answer(NamedTuple):
    """What a form of the page says: the act, the start it names, and the rest of its fields."""

    act: str
    start: datetime | None
    form: MultiDict[str, str]


class Refused(Exception):
    """The form asks for what is not to be had; the text stands beside its choices."""


@pages.get("/chat/<token>")
def show(token: str) -> ResponseReturnValue:
    """The chat for its reader, with the forms that fit; nothing changes."""
    return _draw(token, {})


@pages.get("/chat/<token>/invite.ics")
def event_file(token: str) -> ResponseReturnValue:
    """The very event of the reader's last invitation, for a calendar that shows nothing."""
    with db.reading() as session:
        chat, side, _ = access.chat_reader(session, token, clock.now())
        content = outbox.invitation(session, chat.key, chat.person(side).id)
    if content is None:
        abort(404)
    named = {"Content-Disposition": f'attachment; filename="{invite.FILE}"'}
    return Response(content, content_type="text/calendar; charset=utf-8", headers=named)


@pages.post("/chat/<token>")
def answer(token: str) -> ResponseReturnValue:
    """Do what was chosen; a second time is as good as the first."""
    now, sent = clock.now(), Answer(*form_fields.act(request.form), request.form)
    try:
        with db.transaction() as session:
            chat, side, _ = access.chat_reader(session, token, now)
            chat_page.check_settled(session, chat, side, now)
            chat = ACTS.get(sent.act, _nothing)(session, chat, side, sent, now) or chat
            person = chat.person(side)
            token = links.token("chat", c=chat.id, p=person.id, n=person.link_number, a="chat")
    except (Refused, BadChoice) as refusal:
        return _draw(token, {FIELDS.get(sent.act, "act"): str(refusal)}), 422
    return redirect(url_for("answers.show", token=token, done=sent.act), 303)


@pages.get("/undo/<token>")
def ask_undo(token: str) -> ResponseReturnValue:
    """What taking it back means, and one button; nothing changes."""
    now = clock.now()
    with db.reading() as session:
        event, side = _event(session, token)
        return render_template(
            "pages/chat_undo.html",
            programme=event.chat.round.programme,
            reader=event.chat.person(side).name,
            what=event.what,
            page=chat_page.show(session, event.chat, side, now, Opened()),
            may_undo=record.may_undo(session, event, now, side),
        )


@pages.post("/undo/<token>")
def undo(token: str) -> ResponseReturnValue:
    """Take the act back; twice is once."""
    now = clock.now()
    with db.transaction() as session:
        event, side = _event(session, token)
        record.undo(session, event, now, via=Via.LINK, by=side)
        person = event.chat.person(side)
        chat_token = links.token("chat", c=event.chat_id, p=person.id, n=person.link_number, a="chat")
    return redirect(url_for("answers.show", token=chat_token, done="undo"), 303)


def _event(session: Session, token: str) -> tuple[ChatEvent, By]:
    """The act an undo link is about, and the side its reader is on. Raises BadLink."""
    person, claims = access.reader(session, "undo", token)
    event = session.get(ChatEvent, claims.get("e", 0))
    if event is None or person.id not in (event.chat.student_id, event.chat.mentor_id):
        raise BadLink
    return event, event.chat.side(person)


def _draw(token: str, errors: dict[str, str]) -> str:
    now = clock.now()
    with db.reading() as session:
        chat, side, claims = access.chat_reader(session, token, now)
        opened = _opened(claims)
        if errors:
            opened = opened._replace(done="", ticked=frozenset(request.form.getlist("t")))
        return render_template(
            "pages/chat_page.html",
            programme=chat.round.programme,
            page=chat_page.show(session, chat, side, now, opened),
            file=url_for("answers.event_file", token=token),
            errors=errors,
        )


def _opened(claims: Claims) -> Opened:
    """What the page is opened for: by a choice on the page itself, else by the link."""
    chosen, done = request.args.get("a", ""), request.args.get("done", "")
    is_chosen = chosen in chat_page.OPENED_FOR
    return Opened(
        act=chosen if is_chosen else str(claims.get("a", "chat")),
        is_chosen=is_chosen,
        start=form_fields.moment(str(claims.get("t", ""))),
        held=int(claims.get("h", 0)),
        done=done if done in chat_page.DONE else "",
    )


def _nothing(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    raise Refused(NOTHING_CHOSEN)


def _accept(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    answering.accept(session, chat, now, by=side, via=Via.LINK)


def _decline(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    answering.decline(session, chat, now, by=side, via=Via.LINK)


def _cancel(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    answering.cancel(session, chat, now, by=side, via=Via.LINK)


def _move(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    if sent.start is None:
        raise Refused(NOTHING_CHOSEN)
    if sent.start != chat.starts_at and chat.is_live:
        _check_free(session, chat, sent.start, now)
    booking.move(session, chat, sent.start, now, by=side, via=Via.LINK)


def _again(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> Chat:
    """The chat that follows this one, which is where its reader goes on."""
    if sent.start is None:
        raise Refused(NOTHING_CHOSEN)
    if not chat.has_follower:
        if not chat_page.may_pick(session, chat, side):
            raise NotNow("This chat stands as it is, so there is nothing to arrange anew.")
        _check_free(session, chat, sent.start, now)
    return booking.follow_up(session, chat, sent.start, now, by=side, via=Via.LINK)


def _check_free(session: Session, chat: Chat, start: datetime, now: datetime) -> None:
    if not freetime.suits(session, chat, start, now, By.STUDENT, By.MENTOR):
        left = len(freetime.common_times(session, chat, now, most=chat_page.MOST))
        raise Refused(f"Someone took that time a moment ago. {NUMBERS.get(left, 'Others are left')}.")


def _take(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    booking.take_time(session, _put_to(session, chat, side, sent.start), now, via=Via.LINK)


def _keep(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    record.keep_time(session, _put_to(session, chat, side, sent.start), now)


def _put_to(session: Session, chat: Chat, side: By, start: datetime | None) -> Proposal:
    """The new time last put to `side`, answered or not, if it is the one they saw."""
    newest = session.scalar(
        select(Proposal)
        .where(Proposal.chat_id == chat.id, Proposal.put_to == side)
        .order_by(Proposal.id.desc())
        .limit(1)
    )
    if newest is None or newest.starts_at != start:
        raise NotNow("This suggestion has changed meanwhile. Please open your latest mail.")
    return newest


def _report(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    said = sent.form.get("said", "")
    if said not in set(Report):
        raise Refused("Please choose what fits best; “Prefer not to say” is fine, too.")
    outcome.report(session, chat, side, Report(said), now, via=Via.LINK)


def _times(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    window = moretimes.window(session, chat, side, now)
    taken = moretimes.taken(moretimes.known(session, chat.person(side)))
    repeat = sent.form.get("repeat") == "yes"
    more = boxes.chosen(window, sent.form.getlist("t"), repeat=repeat, taken=taken).slots
    if not more:
        raise Refused("Tick at least one time that could work.")
    moretimes.add(session, chat, side, more, now)


def _never(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    absence.not_this_person(session, chat, side, now)


def _mine(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    replying.confirm(session, chat, side, _held_number(sent), now)


def _let_go(session: Session, chat: Chat, side: By, sent: Answer, now: datetime) -> None:
    answer = held.find(session, chat, side, _held_number(sent))
    answer.settled_at = answer.settled_at or now


def _held_number(sent: Answer) -> int:
    """Which of the held answers is meant: the one that was shown, whatever has come in since."""
    try:
        return numbers.kept(sent.form.get("held", ""))
    except ValueError:
        raise Refused(NOTHING_CHOSEN) from None


ACTS: Mapping[str, Callable[[Session, Chat, By, Answer, datetime], Chat | None]] = {
    "accept": _accept,
    "decline": _decline,
    "cancel": _cancel,
    "move": _move,
    "again": _again,
    "take": _take,
    "keep": _keep,
    "report": _report,
    "times": _times,
    "never": _never,
    "mine": _mine,
    "pick": _let_go,
    "not_mine": _let_go,
}
"""What a form of the page may ask for; its name is what the result page says thanks for."""
