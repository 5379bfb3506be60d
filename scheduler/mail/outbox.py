"""The outbox: letters put in the transaction that decides them, taken back, and remembered."""

import email
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Exists, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from scheduler.mail import holds, invite
from scheduler.mail.envelope import Fate, Outgoing, Suppression

SETTLED = (Fate.SENT, Fate.WITHDRAWN, Fate.GIVEN_UP)
HEARD = or_(Outgoing.state.in_([Fate.SENT, Fate.SENDING]), Outgoing.uncertain > 0)
"""What somebody has, or may have, in hand."""


def put(session: Session, letter: Outgoing) -> bool:
    """Add a letter, once per event, letter and reader; not to an address that is never written to.

    Whether it was added: a second decision of the same thing is a quiet no-op.
    """
    is_there = exists().where(
        Outgoing.event == letter.event,
        Outgoing.letter == letter.letter,
        Outgoing.recipient == letter.recipient,
    )
    if session.scalar(select(or_(is_there, _silent(letter.recipient)))):
        return False
    letter.seal()
    session.add(letter)
    session.flush()
    return True


def withdraw(
    session: Session,
    now: datetime,
    why: str,
    *,
    about: str | None = None,
    person: int | None = None,
    letters: Sequence[str] | None = None,
    spare: Sequence[str] = (),
    with_calendar: bool = True,
) -> int:
    """Take letters back (about something, to somebody, of these names, but for those spared).

    Those that wait, and those given up: sent again, they would tell what is no longer so.
    Without `with_calendar`, those that change or end an event in a calendar are spared too.
    What is being sent at this moment does not go a second time. Returns how many were withdrawn.
    """
    if about is None and person is None:
        raise ValueError("withdraw what? name `about`, `person` or both")
    which: list[ColumnElement[bool]] = []
    if about is not None:
        which.append(Outgoing.about == about)
    if person is not None:
        which.append(Outgoing.person_id == person)
    if letters is not None:
        which.append(Outgoing.letter.in_(letters))
    if spare:
        which.append(Outgoing.letter.not_in(spare))
    if not with_calendar:
        which.append(Outgoing.method.is_(None))
    still = Outgoing.state.in_([Fate.WAITING, Fate.GIVEN_UP])
    open_ones = select(Outgoing.id).where(*which, or_(still, Outgoing.state == Fate.SENDING))
    # Locked first, and in one order: none begins to be sent, and none comes back, between the two changes.
    if not session.scalars(open_ones.order_by(Outgoing.id).with_for_update()).all():
        return 0
    _change(session, Outgoing.state == Fate.SENDING, *which, recalled=why)
    return _change(session, still, *which, state=Fate.WITHDRAWN, why=why, settled_at=now)


def heard(session: Session, about: str, person: int) -> bool:
    """Whether this person has had a letter about this (sent, being sent, or perhaps arrived)."""
    return bool(
        session.scalar(select(exists().where(Outgoing.about == about, Outgoing.person_id == person, HEARD)))
    )


def last_calendar(session: Session, about: str, person: int, *, put_too: bool = False) -> Outgoing | None:
    """The last letter with a calendar part this person has had about this; with `put_too`, or was to have."""
    which: Select[Outgoing] = select(Outgoing).where(
        Outgoing.about == about, Outgoing.person_id == person, Outgoing.method.is_not(None)
    )
    if not put_too:
        which = which.where(HEARD)
    return session.scalar(which.order_by(Outgoing.id.desc()).limit(1))


def standing(session: Session, about: str, person: int) -> Outgoing | None:
    """The letter of the event that stands in this person's calendar; None where none does, or its bytes are
    no longer kept."""
    last = last_calendar(session, about, person)
    return last if last is not None and last.method == "REQUEST" and last.is_kept else None


def invitation(session: Session, about: str, person: int) -> bytes | None:
    """The file of that event, as it was sent; None where `standing` has none."""
    last = standing(session, about, person)
    parts = email.message_from_bytes(last.raw).walk() if last is not None else ()
    file = next((part for part in parts if part.get_filename() == invite.FILE), None)
    content = file.get_payload(decode=True) if file is not None else None
    return content if isinstance(content, bytes) else None


def wrote(session: Session, about: str, person: int, *, since: datetime) -> bool:
    """Whether a letter about this was written to that person since then, and not taken back."""
    mine = Outgoing.about == about, Outgoing.person_id == person
    stands = Outgoing.written_at >= since, Outgoing.state != Fate.WITHDRAWN
    return bool(session.scalar(select(exists().where(*mine, *stands))))


def is_suppressed(session: Session, address: str) -> bool:
    """Whether this address asked, or is known, never to be written to."""
    return bool(session.scalar(select(_silent(address))))


def suppress(session: Session, address: str, why: str, now: datetime) -> None:
    """Never write to this address again; a second call does nothing."""
    if not is_suppressed(session, address):
        session.add(Suppression(address_hash=address_hash(address), why=why, since=now))
        session.flush()


def address_hash(address: str) -> str:
    """What is kept of a suppressed address."""
    return sha256(address.casefold().encode()).hexdigest()


def oldest_due(session: Session, now: datetime) -> datetime | None:
    """When the longest-waiting due letter was to leave, of those that nobody holds; None when none waits.

    A domain that asked for fewer letters holds its own back too: those are due from the end of its rest on.
    Trouble with our mail server holds none.
    """
    held = holds.standing(session)
    if holds.ALL in held:
        return None
    due = select(func.min(Outgoing.try_at)).where(Outgoing.state == Fate.WAITING, Outgoing.try_at <= now)
    paused = [int(scope.partition(":")[2]) for scope in held if scope.startswith("programme:")]
    if paused:
        due = due.where(or_(Outgoing.programme_id.is_(None), Outgoing.programme_id.not_in(paused)))
    rests = {scope.partition(":")[2]: hold for scope, hold in held.items() if scope.startswith("domain:")}
    found = [session.scalar(due.where(Outgoing.domain.not_in(rests)))]
    for domain, hold in rests.items():
        if hold.until is not None and not hold.holds(now):
            first = session.scalar(due.where(Outgoing.domain == domain))
            found.append(max(first, hold.until) if first is not None else None)
    return min((moment for moment in found if moment is not None), default=None)


def count_waiting(session: Session) -> int:
    """How many letters wait to be sent, whether their time has come or not."""
    return session.scalar(select(func.count(Outgoing.id)).where(Outgoing.state == Fate.WAITING)) or 0


def send_all_again(session: Session, programme_id: int, now: datetime) -> int:
    """Let every letter of a programme that was given up go again, if it is kept and of use; how many."""
    given_up = select(Outgoing).where(
        Outgoing.programme_id == programme_id,
        Outgoing.state == Fate.GIVEN_UP,
        Outgoing.is_kept,
        or_(Outgoing.useful_until.is_(None), Outgoing.useful_until > now),
    )
    letters = session.scalars(given_up.with_for_update()).all()
    for letter in letters:
        letter.try_anew(now)
    return len(letters)


def wipe(session: Session, now: datetime, keep: timedelta, *, most: int = 200) -> int:
    """Empty the bytes of letters settled longer ago than `keep`; how many, `most` at once.

    Subject, ids, digest, size and what became of them stay.
    """
    old = select(Outgoing.id).where(outlived(now - keep))
    ids = session.scalars(old.order_by(Outgoing.settled_at).limit(most)).all()
    return _change(session, Outgoing.id.in_(ids), raw=b"", is_kept=False) if ids else 0


def outlived(long_ago: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Letters settled before then, whose bytes are still there."""
    return and_(Outgoing.is_kept, Outgoing.settled_at < long_ago, Outgoing.state.in_(SETTLED))


def _silent(address: str) -> Exists:
    return exists().where(Suppression.address_hash == address_hash(address))


def _change(session: Session, *which: ColumnElement[bool], **values: Any) -> int:
    changed = session.execute(update(Outgoing).where(*which).values(**values))
    return int(changed.rowcount)  # type: ignore[attr-defined]  # an UPDATE has one
