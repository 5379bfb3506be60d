"""A chat on the board: its history, and what a coordinator may do to it."""

from datetime import datetime

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from scheduler import clock, db, localtime
from scheduler.chats import booking, freetime, outcome, record
from scheduler.chats.card import NextTime
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Act
from scheduler.life import By, NotNow, Via
from scheduler.programme import names
from scheduler.programme.programme import Programme
from scheduler.rounds import board, history, mail_log, progress, publishing
from scheduler.web import access, board_frame, form_fields

pages = board_frame.guarded("chat_board", __name__)

MOST_TIMES = 5
OUTCOMES = {"met": Act.HOLD, "missed": Act.MISS}


@pages.get("/board/<int:programme_id>/chats/<int:chat_id>")
def show(programme_id: int, chat_id: int) -> ResponseReturnValue:
    """One chat: who, when, how it stands, what happened, which letters went out."""
    with db.reading() as session:
        return _page(session, access.chat_of(session, programme_id, chat_id), {})


@pages.post("/board/<int:programme_id>/chats/<int:chat_id>/cancel")
def cancel(programme_id: int, chat_id: int) -> ResponseReturnValue:
    """Call the chat off; whoever knows of it is told."""
    with db.transaction() as session:
        publishing.cancel_by_coordinator(session, access.chat_of(session, programme_id, chat_id), clock.now())
    return _back(programme_id, chat_id, "Cancelled. Whoever knew of it is told in a minute.")


@pages.post("/board/<int:programme_id>/chats/<int:chat_id>/move")
def move(programme_id: int, chat_id: int) -> ResponseReturnValue:
    """Move the chat to another time that both gave; whoever knows of it is told."""
    _, start = form_fields.act(request.form)
    with db.transaction() as session:
        chat = access.chat_of(session, programme_id, chat_id)
        if start is None:
            raise NotNow("Please choose a time, then send it again.")
        booking.move(session, chat, start, clock.now(), by=By.COORDINATOR, via=Via.COORDINATOR)
    return _back(programme_id, chat_id, "Moved. Whoever knew of it is told in a minute.")


@pages.post("/board/<int:programme_id>/chats/<int:chat_id>/place")
def place(programme_id: int, chat_id: int) -> ResponseReturnValue:
    """Say where the two meet; whoever has the chat in their calendar is told."""
    with db.transaction() as session:
        chat = access.chat_of(session, programme_id, chat_id)
        try:
            where = names.clean_place(request.form.get("place", ""))
        except names.BadPlace as error:
            return _page(session, chat, {"place": str(error)}), 422
        booking.set_place(session, chat, where, clock.now())
    return _back(programme_id, chat_id, "Set. Whoever knows of the chat is told in a minute.")


@pages.post("/board/<int:programme_id>/chats/<int:chat_id>/settle")
def settle(programme_id: int, chat_id: int) -> ResponseReturnValue:
    """The coordinator's word on whether they met."""
    act = OUTCOMES.get(request.form.get("outcome", ""))
    with db.transaction() as session:
        chat = access.chat_of(session, programme_id, chat_id)
        if act is None:
            raise NotNow("Please choose whether they met, then send it again.")
        outcome.settle(session, chat, act, clock.now())
    return _back(programme_id, chat_id, "Settled.")


@pages.post("/board/<int:programme_id>/chats/<int:chat_id>/undo")
def undo(programme_id: int, chat_id: int) -> ResponseReturnValue:
    """Take back the last thing somebody did to the chat, if it is still the last."""
    with db.transaction() as session:
        chat = access.chat_of(session, programme_id, chat_id)
        latest = record.last_act(session, chat)
        if latest is None or str(latest.id) != request.form.get("event"):
            raise NotNow("Something else has happened to this chat meanwhile. Please look again.")
        record.undo(session, latest, clock.now(), via=Via.COORDINATOR, by=By.COORDINATOR)
    return _back(programme_id, chat_id, "Taken back. The chat stands as it did before.")


@pages.post("/board/<int:programme_id>/chats/<int:chat_id>/pin")
def pin(programme_id: int, chat_id: int) -> ResponseReturnValue:
    """Fix a pair of the draft, or let it go again."""
    is_pinned = request.form.get("pinned") == "yes"
    with db.transaction() as session:
        chat = access.chat_of(session, programme_id, chat_id)
        publishing.pin(session, chat, is_pinned=is_pinned)
        said = f"{board.two(chat)} are {'pinned' if is_pinned else 'no longer pinned'}."
        return _to_plan(programme_id, chat.round_id, said)


@pages.post("/board/<int:programme_id>/chats/<int:chat_id>/remove")
def remove(programme_id: int, chat_id: int) -> ResponseReturnValue:
    """Take a pair out of the draft."""
    with db.transaction() as session:
        chat = access.chat_of(session, programme_id, chat_id)
        said = f"{board.two(chat)} are out of the plan. Plan again to find another pair for each."
        round_id = chat.round_id
        publishing.remove(session, chat, clock.now())
    return _to_plan(programme_id, round_id, said)


def _back(programme_id: int, chat_id: int, said: str) -> ResponseReturnValue:
    return board_frame.back("chat_board.show", said, programme_id=programme_id, chat_id=chat_id)


def _to_plan(programme_id: int, round_id: int, said: str) -> ResponseReturnValue:
    return board_frame.back(
        "round_pages.show", said, programme_id=programme_id, round_id=round_id, tab="plan"
    )


def _page(session: Session, chat: Chat, errors: dict[str, str]) -> str:
    """The chat as it stands; with errors, its place is the one just sent."""
    programme = chat.round.programme
    place = request.form.get("place", "") if errors else chat.place
    shown = _shown(session, chat, programme)
    return board_frame.page("board_chat", session, programme, "round", **shown, place=place, errors=errors)


def _shown(session: Session, chat: Chat, programme: Programme) -> dict[str, object]:
    now = clock.now()
    latest = record.last_act(session, chat)
    may_undo = latest is not None and record.may_undo(session, latest, now, By.COORDINATOR)
    log = mail_log.letters(session, programme, now, state="", q="", page=1, about=chat.key)
    return {
        "chat": progress.row_of(chat),
        "about": [("Student", chat.student.name), ("Mentor", chat.mentor.name)],
        "student_url": board.person_url(chat.student),
        "mentor_url": board.person_url(chat.mentor),
        "round_url": board.round_url(chat.round),
        "round_title": chat.round.title,
        "zone": localtime.zone_name(programme.timezone, chat.starts_at),
        "related": [_related(other, chat) for other in history.related(session, chat)],
        "history": history.history(session, chat),
        "reports": history.reports(chat) if board.disagrees(chat, now) else [],
        "undo": latest.id if may_undo and latest is not None else 0,
        "undo_words": history.words_of(session, latest) if may_undo and latest is not None else "",
        "is_ahead": chat.is_live and chat.starts_at > now,
        "maybe": [chat.person(copy.side).name for copy in chat.copies if copy.says_maybe and chat.is_live],
        "is_known": chat.answer_by is not None,
        "times": _times(session, chat, programme, now),
        "letters": log.rows,
        "letter_url": lambda number: url_for("mail_pages.show", programme_id=programme.id, letter_id=number),
    }


def _related(other: Chat, chat: Chat) -> tuple[str, str]:
    """The chat before, or after, this one of the same two: in words, and its page."""
    when = progress.moment(other.starts_at, chat.round.programme)
    is_before = other.id == chat.follows_id
    return f"After the one of {when}" if is_before else f"Followed by one on {when}", board.chat_url(other)


def _times(session: Session, chat: Chat, programme: Programme, now: datetime) -> list[NextTime]:
    """The next times that both gave and are still free, in the programme's zone."""
    zone = programme.timezone
    return [
        NextTime(starts_at=start, words=localtime.when(start, start + chat.length, zone), url="")
        for start in freetime.common_times(session, chat, now, most=MOST_TIMES)
    ]
