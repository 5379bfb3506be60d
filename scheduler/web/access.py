"""Who may see which page: the reader of a signed link, or a signed-in coordinator, decided here alone."""

from datetime import datetime, timedelta

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clock, db, links, localtime
from scheduler.availability.ask import Ask
from scheduler.chats.chat import Chat
from scheduler.life import By, NotAllowed
from scheduler.links import BadLink, OldLink
from scheduler.programme import admitting
from scheduler.programme.coordinator import Coordinator, Seat
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round

GUARDS = ("link", "coordinator", "open")
COOKIE = "seat"
IDLE = timedelta(hours=8)
LONGEST = timedelta(days=7)
LINK_LIFE = timedelta(days=14)

Claims = dict[str, int | str]


class GuardedBlueprint(Blueprint):
    """Pages under one guard: `link` and `open` pages bear no cookie, `coordinator` pages need a seat."""

    def __init__(self, name: str, import_name: str, *, guard: str) -> None:
        if guard not in GUARDS:
            raise ValueError(f"{guard!r} is no guard")
        super().__init__(name, import_name)
        self.guard = guard
        self.before_request(refuse_strangers if guard == "coordinator" else refuse_other_sites)


def refuse_other_sites() -> None:
    """A form of another site cannot post to a link page, even where it knows the link."""
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise NotAllowed("This form was sent from another site. Please open the link from your mail.")


def refuse_strangers() -> ResponseReturnValue | None:
    """Whoever is not signed in is asked to; rights are read at each request."""
    with db.reading() as session:
        if find_seat(session, clock.now()) is None:
            return redirect(url_for("signin.ask"), 303)
    return None


def reader(session: Session, purpose: str, token: str) -> tuple[Person, Claims]:
    """The person a link was made for, and its claims. Raises BadLink, also when the link was revoked."""
    claims = links.read(purpose, token)
    person = session.get(Person, claims.get("p", 0))
    if person is None:
        raise BadLink
    if person.link_number != claims.get("n"):
        raise OldLink("This link has stopped working; newer ones have been sent since.")
    return person, claims


def chat_reader(
    session: Session, token: str, now: datetime, *, purpose: str = "chat"
) -> tuple[Chat, By, Claims]:
    """The chat a link is about, the side its reader is on, and its claims. Raises BadLink.

    A link ends 14 days after its chat; until then its meaning is decided by the chat's state.
    """
    chat = session.get(Chat, links.read(purpose, token).get("c", 0))  # it brings its people along
    person, claims = reader(session, purpose, token)
    if chat is None or person.id not in (chat.student_id, chat.mentor_id):
        raise BadLink
    if now > chat.ends_at + LINK_LIFE:
        ended = localtime.day_long(chat.ends_at + LINK_LIFE, person.timezone)
        raise OldLink(f"This link stopped working on {ended}, two weeks after its chat.")
    return chat, chat.side(person), claims


def ask_reader(session: Session, purpose: str, token: str) -> tuple[Ask, Claims]:
    """The ask a link is about, and its claims. Raises BadLink."""
    ask = session.get(Ask, links.read(purpose, token).get("k", 0))  # it brings its person along
    person, claims = reader(session, purpose, token)
    if ask is None or ask.person_id != person.id or ask.is_mentor != (purpose == "offer"):
        raise BadLink
    return ask, claims


def find_seat(session: Session, now: datetime) -> Seat | None:
    """The signed-in browser this request comes from: used within 8 hours, begun within 7 days."""
    cookie = request.cookies.get(COOKIE, "")
    if not cookie:
        return None
    mine = select(Seat).where(Seat.cookie_hash == admitting.hashed(cookie), Seat.ended_at.is_(None))
    seat = session.scalar(mine)
    if seat is None or now > seat.since + LONGEST or now > seat.seen_at + IDLE:
        return None
    return seat


def coordinator(session: Session) -> Coordinator:
    """Who is signed in; for pages whose guard has let them in."""
    seat = find_seat(session, clock.now())
    if seat is None:
        raise NotAllowed("Please sign in again.")
    return seat.coordinator


def programme(session: Session, programme_id: int) -> Programme:
    """One of the signed-in coordinator's programmes; another's is as one that does not exist."""
    mine = {own.id: own for own in coordinator(session).programmes}
    return mine.get(programme_id) or abort(404)


def round_of(session: Session, programme_id: int, round_id: int) -> Round:
    """A round of one of the coordinator's programmes; else not found."""
    found = session.scalar(
        select(Round).where(Round.id == round_id, Round.programme_id == programme(session, programme_id).id)
    )
    return found or abort(404)


def person_of(session: Session, programme_id: int, person_id: int) -> Person:
    """A person of one of the coordinator's programmes; else not found."""
    found = session.scalar(
        select(Person).where(
            Person.id == person_id, Person.programme_id == programme(session, programme_id).id
        )
    )
    return found or abort(404)


def chat_of(session: Session, programme_id: int, chat_id: int) -> Chat:
    """A chat of one of the coordinator's programmes; else not found."""
    found = session.scalar(
        select(Chat)
        .join(Chat.round)
        .where(Chat.id == chat_id, Round.programme_id == programme(session, programme_id).id)
    )
    return found or abort(404)
