"""Signing up: what a visitor wrote is kept, and one mail asks whether the address is theirs."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from scheduler import limits, links
from scheduler.programme import admitting, describing, greeting, names, roster
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.signup import Signup

ROLES = ("mentor", "student")
TO_ONE_ADDRESS = ((1, timedelta(minutes=10)), (3, timedelta(days=1)))
FROM_ONE_NETWORK = (30, timedelta(hours=1))
IN_ALL = (300, timedelta(hours=1))


def sign_up(
    session: Session,
    programme: Programme,
    *,
    name: str,
    email: str,
    role: str,
    timezone: str,
    network: str,
    now: datetime,
    answer_url: Callable[[Person], str | None] = lambda person: None,
) -> Signup:
    """Keep what was written on the signup page and write one mail to the address; no person is made.

    A new address is asked to confirm; a known one is told what is so, with the link to their open ask if
    `answer_url` knows one. To an address never written to, no mail is written, and nothing shows it. Past a
    limit (safety.md 5.7) no mail is written either: sent again from the same network it corrects the signup
    that waits, and else the signup handed back is not kept, so it has no id. Raises describing.Unreadable.
    """
    name, email, timezone = _cleaned(name, email, role, timezone)
    person = roster.known(session, programme, email)
    network_hash = admitting.hashed(network)
    may_write = _within_limits(session, email, network, now)
    waiting = None if may_write else _waiting(session, programme, email, network_hash)
    if waiting is not None:
        waiting.correct(name, role, timezone, now)
        return waiting
    signup = Signup(
        programme=programme,
        name=name,
        email=email,
        role=role,
        timezone=timezone,
        asked_at=now,
        network_hash=network_hash,
    )
    if not may_write:
        return signup
    session.add(signup)
    session.flush()
    if person is None:
        greeting.confirm_address(session, signup, now)
    else:
        greeting.link_again(session, signup, person, answer_url(person), now)
    return signup


def link(programme: Programme, role: str) -> str | None:
    """The address of the signup page for `role` (any, mentor, student); None while it is turned off."""
    number = programme.signup_number(role)
    return None if number is None else links.url("join", m=programme.id, r=role, k=number)


def forget_signups(session: Session, before: datetime) -> None:
    """Drop the signups older than `before` that nobody confirmed."""
    session.execute(delete(Signup).where(outlived(before)))


def outlived(before: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Signups older than that which nobody confirmed."""
    return and_(Signup.confirmed_at.is_(None), Signup.asked_at < before)


def _cleaned(name: str, email: str, role: str, timezone: str) -> tuple[str, str, str]:
    faults: dict[str, str] = {}
    name = describing.cleaned_name(name, faults)
    try:
        email = names.clean_address(email)
    except names.BadAddress as error:
        faults["email"] = str(error)
    if role not in ROLES:
        faults["role"] = "Please choose whether you come as a mentor or as a student."
    timezone = describing.cleaned_zone(timezone, faults)
    if faults:
        raise describing.Unreadable(faults)
    return name, email, timezone


def _within_limits(session: Session, email: str, network: str, now: datetime) -> bool:
    """Count one more mail, the narrow limits after the wide one that a single network could use up."""
    counts = [("signup network", network, *FROM_ONE_NETWORK)]
    counts += [(f"signup address {at}", email, *limit) for at, limit in enumerate(TO_ONE_ADDRESS)]
    counts.append(("signup", "all", *IN_ALL))
    return all(
        limits.allows(session, what, whom, now, most=most, within=within)
        for what, whom, most, within in counts
    )


def _waiting(session: Session, programme: Programme, email: str, network_hash: str) -> Signup | None:
    return session.scalar(
        select(Signup)
        .where(
            Signup.programme_id == programme.id,
            Signup.email == email,
            Signup.network_hash == network_hash,
            Signup.confirmed_at.is_(None),
        )
        .order_by(Signup.id.desc())
        .limit(1)
    )
