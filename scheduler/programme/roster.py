"""The roster: people are confirmed, approved, found undeliverable."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.life import NotNow
from scheduler.mail import outbox
from scheduler.programme import describing, greeting, names
from scheduler.programme.describing import Unreadable
from scheduler.programme.person import Person, Standing
from scheduler.programme.programme import Programme
from scheduler.programme.signup import Signup

NEVER = "They asked us never to write to this address again."


def known(session: Session, programme: Programme, email: str) -> Person | None:
    """The person of this programme with this address (as `names.clean_address` gives it)."""
    return session.scalar(
        select(Person).where(Person.programme_id == programme.id, Person.email == email.lower())
    )


def confirm(session: Session, signup: Signup, now: datetime) -> Person:
    """The address is proved: the person, made now, or brought back, or given the role they lack.

    A new person waits where the programme approves first; else they are welcomed by a letter. A second call
    gives the same person and changes nothing. Raises NotNow when the address asked never to be written to.
    """
    if signup.confirmed_at is not None:
        return _confirmed(session, signup)
    if outbox.is_suppressed(session, signup.email):
        raise NotNow("This address asked us never to write to it again, so it cannot take part.")
    approved = not signup.programme.approves_first
    person = known(session, signup.programme, signup.email)
    if person is None:
        person = _new_person(signup, approved, now)
        session.add(person)
    person.come_back(approved=approved)
    person.take_role(signup.role)
    mark_arriving(person)
    _take_answers(person, signup)
    session.flush()
    signup.confirm(person, now)
    session.flush()
    if person.standing is not Standing.WAITING:
        greeting.welcome(session, signup, person, now)
    return person


def approve(session: Session, person: Person, now: datetime) -> bool:
    """Let a waiting person in, with a welcome; whether that is new. Twice is once."""
    if not person.approve():
        return False
    signup = last_signup(session, person)
    if signup is not None:
        greeting.welcome(session, signup, person, now)
    return True


def readdress(session: Session, person: Person, address: str) -> None:
    """The person's address is another one, at which no mail has failed yet; links sent before stop working.

    Raises describing.Unreadable, with a sentence, for what is no address, is theirs or somebody's already, or
    is never to be written to.
    """
    try:
        email = names.clean_address(address)
    except names.BadAddress as error:
        raise Unreadable({"email": str(error)}) from None
    other = known(session, person.programme, email)
    if other is not None:
        whose = "is their address already" if other is person else f"is the address of {other.name}"
        raise Unreadable({"email": f"{email} {whose}."})
    if outbox.is_suppressed(session, email):
        raise Unreadable({"email": f"{email} asked us never to write to it again."})
    person.email, person.undeliverable = email, ""
    person.revoke_links()


def mark_arriving(person: Person) -> bool:
    """Mail to this person arrives again; whether that is new."""
    was_lost = bool(person.undeliverable)
    person.undeliverable = ""
    return was_lost


def last_signup(session: Session, person: Person) -> Signup | None:
    """The last signup this person confirmed; None for somebody imported."""
    return session.scalar(
        select(Signup).where(Signup.person_id == person.id).order_by(Signup.id.desc()).limit(1)
    )


def never_write(session: Session, email: str, now: datetime) -> None:
    """Never write to this address again, in any programme; whoever has it takes part no more."""
    outbox.suppress(session, email, "asked for by its reader", now)
    for person in session.scalars(select(Person).where(Person.email == email)):
        mark_undeliverable(session, person, NEVER, now)


def mark_undeliverable(session: Session, person: Person, why: str, now: datetime) -> None:
    """Mail to this person does not arrive: they are asked no more, and what waits for them is withdrawn.

    The first reason stays.
    """
    if not person.undeliverable:
        person.undeliverable = names.clean_text(why, 200) or "Mail to this address came back."
        outbox.withdraw(session, now, "mail to this address does not arrive", person=person.id)


def _confirmed(session: Session, signup: Signup) -> Person:
    person = session.get(Person, signup.person_id) if signup.person_id is not None else None
    if person is None:
        raise NotNow("This signup was confirmed, and everything about it has been erased since.")
    return person


def _new_person(signup: Signup, approved: bool, now: datetime) -> Person:
    return Person(
        programme=signup.programme,
        name=signup.name,
        email=signup.email,
        created_at=now,
        standing=Standing.ACTIVE if approved else Standing.WAITING,
        own_timezone=describing.own_zone(signup.timezone, signup.programme.timezone),
    )


def _take_answers(person: Person, signup: Signup) -> None:
    """The lenses that were ticked; what was left empty leaves the person as they are."""
    ticked = signup.answers
    person.offers = list(ticked.get("offers", [])) or person.offers
    person.wants = list(ticked.get("wants", [])) or person.wants
