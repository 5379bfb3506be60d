"""A programme's own words on the board: each letter that may open with some, and how it looks then."""

from typing import Any, NamedTuple

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.mail import letter
from scheduler.programme import openings
from scheduler.programme.openings import OPENINGS, Opening, TooLong
from scheduler.programme.programme import Programme
from scheduler.rounds import mail_log
from scheduler.simulation import samples
from scheduler.web import access, board_frame

pages = board_frame.guarded("words_pages", __name__)


class Preview(NamedTuple):
    """A letter as an invented reader of this kind gets it; its links are taken out."""

    reader: str
    subject: str
    text: str
    html: str


@pages.get("/board/<int:programme_id>/words")
def listing(programme_id: int) -> ResponseReturnValue:
    """The letters people get, with the programme's own words where it has some."""
    with db.reading() as session:
        programme = access.programme(session, programme_id)
        rows = [
            (opening, _url("show", programme, name=name), _words(programme, name))
            for name, opening in OPENINGS.items()
        ]
        return board_frame.page("board_words", session, programme, "settings", rows=rows)


@pages.get("/board/<int:programme_id>/words/<name>")
def show(programme_id: int, name: str) -> ResponseReturnValue:
    """One letter: its own words, and how it looks with them."""
    with db.reading() as session:
        programme = access.programme(session, programme_id)
        return _page(session, programme, name, _words(programme, name), {})


@pages.post("/board/<int:programme_id>/words/<name>")
def keep(programme_id: int, name: str) -> ResponseReturnValue:
    """Keep the words; letters already written stay as they are."""
    sent = request.form.get("words", "")
    with db.transaction() as session:
        programme = access.programme(session, programme_id)
        _opening(name)
        try:
            programme.open_letter_with(name, openings.read(sent))
        except TooLong as error:
            return _page(session, programme, name, sent, {"words": str(error)}), 422
    said = "Saved. It applies from the next mail."
    return board_frame.back("words_pages.show", said, programme_id=programme_id, name=name)


@pages.get("/board/<int:programme_id>/words/<name>/<reader>")
def html(programme_id: int, name: str, reader: str) -> ResponseReturnValue:
    """The HTML that this kind of reader gets, for its frame."""
    with db.reading() as session:
        programme = access.programme(session, programme_id)
        _opening(name)
        shown = [preview for preview in _previews(programme, name) if preview.reader == reader]
        return board_frame.letter_in_frame(shown[0].html if shown else abort(404))


def _opening(name: str) -> Opening:
    return OPENINGS.get(name) or abort(404)


def _words(programme: Programme, name: str) -> str:
    return str(programme.texts.get(name, ""))


def _url(view: str, programme: Programme, **names: Any) -> str:
    return url_for(f"words_pages.{view}", programme_id=programme.id, **names)


def _page(session: Session, programme: Programme, name: str, words: str, errors: dict[str, str]) -> str:
    return board_frame.page(
        "board_letter_words",
        session,
        programme,
        "settings",
        letter=_opening(name),
        words=words,
        errors=errors,
        most=openings.LIMIT,
        previews=[
            (preview, _url("html", programme, name=name, reader=preview.reader))
            for preview in _previews(programme, name)
        ],
    )


def _previews(programme: Programme, name: str) -> list[Preview]:
    """The letter as it is kept now, for each kind of reader it has."""
    invented = samples.every(clock.now(), name=programme.name, texts=programme.texts)
    found = []
    for sample in invented:
        if sample.letter == name:
            subject, text, markup = letter.render(name, sample.context)
            quiet = mail_log.without_links(text), mail_log.without_addresses(markup)
            found.append(Preview(sample.reader, subject, *quiet))
    return found
