"""The mail on the board: the log, one letter as it was really sent, sending again, and stopping."""

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.life import NotNow
from scheduler.mail import outbox
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.programme.programme import Programme
from scheduler.rounds import mail_log
from scheduler.web import access, board_frame

pages = board_frame.guarded("mail_pages", __name__)


@pages.get("/board/<int:programme_id>/mail")
def log(programme_id: int) -> ResponseReturnValue:
    """The letters, newest first, fifty to a page."""
    asked = {name: request.args.get(name, "") for name in ("q", "state")}
    with db.reading() as session:
        programme = access.programme(session, programme_id)
        found = mail_log.letters(session, programme, **asked, page=board_frame.number("page"))
        return board_frame.page(
            "board_mail",
            session,
            programme,
            "mail",
            found=found,
            asked=asked,
            states=[("", "all"), *((fate.value, words) for fate, (_, words) in mail_log.FATES.items())],
            figures=mail_log.figures(session, programme, clock.now()),
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
            letter=mail_log.letter(session, programme, about),
            frame=url_for("mail_pages.html", programme_id=programme_id, letter_id=letter_id),
        )


@pages.get("/board/<int:programme_id>/mail/<int:letter_id>/html")
def html(programme_id: int, letter_id: int) -> ResponseReturnValue:
    """The letter's HTML alone, without links, for its frame."""
    with db.reading() as session:
        programme, about = _letter(session, programme_id, letter_id)
        return board_frame.letter_in_frame(mail_log.letter(session, programme, about).html)


@pages.post("/board/<int:programme_id>/mail/<int:letter_id>/again")
def send_again(programme_id: int, letter_id: int) -> ResponseReturnValue:
    """Let a letter that was given up go again."""
    with db.transaction() as session:
        _, about = _letter(session, programme_id, letter_id)
        if about.state is not Fate.GIVEN_UP:
            raise NotNow("Only a letter that was given up can be sent again.")
        about.try_anew(clock.now())
    return _back(programme_id, letter_id, "It goes out again now.")


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


def _letter(session: Session, programme_id: int, letter_id: int) -> tuple[Programme, Outgoing]:
    programme = access.programme(session, programme_id)
    return programme, mail_log.find(session, programme, letter_id) or abort(404)


def _back(programme_id: int, letter_id: int, said: str) -> ResponseReturnValue:
    return board_frame.back("mail_pages.show", said, programme_id=programme_id, letter_id=letter_id)
