"""The mail on the board: the log, one letter as it was really sent, sending again, stopping, pausing all."""

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.chats.chat import Chat
from scheduler.life import NotNow
from scheduler.mail import holds, outbox, texts
from scheduler.mail.envelope import Incoming, Outgoing
from scheduler.programme import names
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.rounds import board, mail_log, mail_standing, progress
from scheduler.web import access, board_frame

pages = board_frame.guarded("mail_pages", __name__)


@pages.get("/board/<int:programme_id>/mail")
def log(programme_id: int) -> ResponseReturnValue:
    """The letters, newest first, fifty to a page."""
    asked = {name: request.args.get(name, "") for name in ("q", "state")}
    now = clock.now()
    with db.reading() as session:
        programme = access.programme(session, programme_id)
        found = mail_log.letters(session, programme, now, **asked, page=board_frame.number("page"))
        return board_frame.page(
            "board_mail",
            session,
            programme,
            "mail",
            found=found,
            asked=asked,
            states=[("", "all"), *((fate.value, words) for fate, (_, words) in mail_log.FATES.items())],
            figures=mail_standing.figures(session, programme, now),
            ways=board_frame.links_to(
                "mail_pages.log", found.page, found.pages, programme_id=programme_id, **asked
            ),
        )


@pages.get("/board/<int:programme_id>/mail/<int:letter_id>")
def show(programme_id: int, letter_id: int) -> ResponseReturnValue:
    """One letter: its fate, its text, its HTML in a frame, its source."""
    with db.reading() as session:
        programme, about = _letter(session, programme_id, letter_id)
        return board_frame.page(
            "board_letter",
            session,
            programme,
            "mail",
            letter=mail_log.letter(session, programme, about, clock.now()),
            frame=url_for("mail_pages.html", programme_id=programme_id, letter_id=letter_id),
        )


@pages.get("/board/<int:programme_id>/mail/<int:letter_id>/html")
def html(programme_id: int, letter_id: int) -> ResponseReturnValue:
    """The letter's HTML alone, without links, for its frame."""
    with db.reading() as session:
        programme, about = _letter(session, programme_id, letter_id)
        return board_frame.letter_in_frame(mail_log.letter(session, programme, about, clock.now()).html)


@pages.post("/board/<int:programme_id>/mail/<int:letter_id>/again")
def send_again(programme_id: int, letter_id: int) -> ResponseReturnValue:
    """Let a letter that was given up go again."""
    with db.transaction() as session:
        _, about = _letter(session, programme_id, letter_id)
        about.try_anew(clock.now())
        when = _when(session, programme_id)
    return _back(programme_id, letter_id, f"It goes out again {when}.")


@pages.post("/board/<int:programme_id>/mail/<int:letter_id>/stop")
def stop(programme_id: int, letter_id: int) -> ResponseReturnValue:
    """Keep a waiting letter back; one that changes a calendar cannot be stopped."""
    with db.transaction() as session:
        _, about = _letter(session, programme_id, letter_id)
        stopped = outbox.withdraw(
            session,
            clock.now(),
            "stopped by the coordinator",
            about=about.about,
            person=about.person_id,
            letters=[about.letter],
            with_calendar=False,
        )
        if not stopped:
            raise NotNow("This letter can no longer be stopped: it has left, or it keeps a calendar right.")
    return _back(programme_id, letter_id, "Stopped. It will not be sent.")


@pages.get("/board/<int:programme_id>/mail/received/<int:mail_id>")
def received(programme_id: int, mail_id: int) -> ResponseReturnValue:
    """A mail that somebody wrote in their own words, with the chat it is about beside it."""
    with db.reading() as session:
        programme, mail, person = _received(session, programme_id, mail_id)
        shown = _shown(session, programme, mail)
        return board_frame.page(
            "board_received",
            session,
            programme,
            "mail",
            **shown,
            name=person.name,
            person_url=board.person_url(person),
            done_url=url_for("mail_pages.done_with", programme_id=programme_id, mail_id=mail_id),
        )


@pages.post("/board/<int:programme_id>/mail/received/<int:mail_id>/done")
def done_with(programme_id: int, mail_id: int) -> ResponseReturnValue:
    """Nothing more is to be done about this mail; twice is once."""
    with db.transaction() as session:
        _, mail, _ = _received(session, programme_id, mail_id)
        mail.handled_at = mail.handled_at or clock.now()
    return board_frame.back("mail_pages.received", "Done with.", programme_id=programme_id, mail_id=mail_id)


@pages.post("/board/<int:programme_id>/mail/again")
def send_all_again(programme_id: int) -> ResponseReturnValue:
    """Let all letters go again that were given up, but for those that cannot."""
    with db.transaction() as session:
        programme = access.programme(session, programme_id)
        count = outbox.send_all_again(session, programme.id, clock.now())
        if not count:
            raise NotNow("No letter was given up that could be sent again.")
        when = _when(session, programme_id)
    said = "One letter goes" if count == 1 else f"{count} letters go"
    return board_frame.back("mail_pages.log", f"{said} out again {when}.", programme_id=programme_id)


@pages.post("/board/<int:programme_id>/mail/pause")
def pause(programme_id: int) -> ResponseReturnValue:
    """Keep all letters of the programme back, for a reason that everybody who coordinates it can read."""
    why = names.clean_text(request.form.get("why", ""), holds.WHY_LIMIT)
    with db.transaction() as session:
        programme, ada = access.programme(session, programme_id), access.coordinator(session)
        if not why:
            raise NotNow(
                "Please say in a few words why all mail is paused, for whoever coordinates with you."
            )
        scope = holds.programme(programme.id)
        paused = holds.set_up(session, scope, why, clock.now(), by=ada.name or ada.email)
    said = "All mail of this programme is paused." if paused else "It was paused already."
    return board_frame.back("mail_pages.log", said, programme_id=programme_id)


@pages.post("/board/<int:programme_id>/mail/resume")
def resume(programme_id: int) -> ResponseReturnValue:
    """Let the programme's letters go again; the operator's hold on all mail is not for a coordinator."""
    with db.transaction() as session:
        lifted = holds.lift(session, holds.programme(access.programme(session, programme_id).id))
        when = _when(session, programme_id)
    said = f"Mail goes out again {when}." if lifted else "It was not paused."
    return board_frame.back("mail_pages.log", said, programme_id=programme_id)


def _when(session: Session, programme_id: int) -> str:
    """When a letter of the programme leaves that is let go at this moment, for the end of a sentence."""
    if holds.find(session, holds.ALL) is not None:
        return "when whoever runs the service lets all mail go"
    is_paused = holds.find(session, holds.programme(programme_id)) is not None
    return "when this programme’s mail is no longer paused" if is_paused else "now"


def _received(session: Session, programme_id: int, mail_id: int) -> tuple[Programme, Incoming, Person]:
    programme = access.programme(session, programme_id)
    mail = session.get(Incoming, mail_id)
    person = session.get(Person, mail.person_id) if mail is not None and mail.person_id is not None else None
    if mail is None or person is None or person.programme_id != programme.id:
        abort(404)
    return programme, mail, person


def _shown(session: Session, programme: Programme, mail: Incoming) -> dict[str, object]:
    chat = _chat_of(session, mail)
    facts = [("Came", progress.moment(mail.received_at, programme))]
    if chat is not None:
        facts.append(("Chat", f"{board.two(chat)}, {progress.moment(chat.starts_at, programme)}"))
    return {
        "facts": facts,
        "words": mail.words,
        "suggestion": texts.sounds_like(mail.words) if mail.handled_at is None else "",
        "chat_url": board.chat_url(chat) if chat is not None else "",
        "is_open": mail.handled_at is None,
    }


def _chat_of(session: Session, mail: Incoming) -> Chat | None:
    kind, _, number = mail.about.partition(":")
    return session.get(Chat, int(number)) if kind == "chat" else None


def _letter(session: Session, programme_id: int, letter_id: int) -> tuple[Programme, Outgoing]:
    programme = access.programme(session, programme_id)
    return programme, mail_log.find(session, programme, letter_id) or abort(404)


def _back(programme_id: int, letter_id: int, said: str) -> ResponseReturnValue:
    return board_frame.back("mail_pages.show", said, programme_id=programme_id, letter_id=letter_id)
