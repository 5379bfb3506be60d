"""The letters of signing up: to a new address, to a known one, and the welcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler import links, localtime
from scheduler.mail import letter
from scheduler.mail.envelope import Lane
from scheduler.mail.invite import Mailbox
from scheduler.mail.posting import Posting
from scheduler.programme import contact
from scheduler.programme.person import Person, Standing
from scheduler.programme.signup import Signup


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Whom a letter about a signup speaks to; the moment of the signup is in the words of their zone."""

    name: str
    first_name: str
    timezone: str
    wanted: str
    """The role that was asked for: mentor or student."""
    roles: str = ""
    """What the person is already, as "a mentor and a student"; empty for a new address."""
    standing: str = ""
    may_gain: bool = False
    """Whether confirming would change anything: bring back, or add a role."""
    asked: str


def confirm_address(session: Session, signup: Signup, now: datetime) -> None:
    """Ask a new address to confirm. Nothing the visitor wrote stands in it: it may reach a stranger."""
    zone = signup.programme.timezone
    reader = Reader(name="", first_name="", timezone=zone, wanted=signup.role, asked=_moment(now, zone))
    _post(
        session, signup, "confirm_address", reader, _signup_links(signup), now, to=Mailbox("", signup.email)
    )


def link_again(
    session: Session, signup: Signup, person: Person, answer_url: str | None, now: datetime
) -> None:
    """Tell a known address what is so, with the person's own links; `answer_url` is their open ask's.

    The template reads `link("answer")` as empty where there is none.
    """
    urls = _signup_links(signup)
    urls |= {"preferences": contact.preferences_url(person), "answer": answer_url or ""}
    _post(session, signup, "link_again", _known(signup, person, now), urls, now, person=person)


def welcome(session: Session, signup: Signup, person: Person, now: datetime) -> None:
    """Say that the person takes part, once per signup."""
    urls = {"preferences": contact.preferences_url(person)}
    _post(session, signup, "welcome", _known(signup, person, now), urls, now, person=person)


def may_gain(signup: Signup, person: Person) -> bool:
    """Whether confirming this signup would bring the person back or give them a role they lack."""
    has_role = person.is_mentor if signup.is_mentor else person.is_student
    return person.standing is Standing.LEFT or bool(person.undeliverable) or not has_role


def roles(person: Person) -> str:
    """What the person is, as "a mentor", "a student" or "a mentor and a student"."""
    named = [("a mentor", person.is_mentor), ("a student", person.is_student)]
    return " and ".join(words for words, is_so in named if is_so)


def _known(signup: Signup, person: Person, now: datetime) -> Reader:
    return Reader(
        name=person.name,
        first_name=person.first_name,
        timezone=person.timezone,
        wanted=signup.role,
        roles=roles(person),
        standing=person.standing,
        may_gain=may_gain(signup, person),
        asked=_moment(now, person.timezone),
    )


def _signup_links(signup: Signup) -> dict[str, str]:
    return {name: links.url(name, s=signup.id) for name in ("confirm", "never")}


def _moment(now: datetime, zone: str) -> str:
    return f"{localtime.day_long(now, zone)}, {localtime.clock(now, zone)} {localtime.zone_name(zone, now)}"


def _post(
    session: Session,
    signup: Signup,
    name: str,
    reader: Reader,
    urls: Mapping[str, str],
    now: datetime,
    *,
    person: Person | None = None,
    to: Mailbox | None = None,
) -> None:
    post = Posting(
        letter=name,
        event=signup.key,
        about=signup.key,
        reader=to or Mailbox(reader.name, person.email if person else signup.email),
        context={"reader": reader, "programme": signup.programme, "link": urls.__getitem__},
        person_id=person.id if person else None,
        programme_id=signup.programme_id,
        lane=Lane.PROMPT,
    )
    if not contact.post(session, post, now):
        # Rendered all the same, so that the page does not tell by its haste who is never written to.
        letter.render(name, post.context)
