"""Letters on their way: put, withdrawn, claimed, sent, settled; never lost, at most once more per crash."""

import os
import random
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

import structlog
from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from scheduler import db
from scheduler.mail.envelope import Fate, Outgoing, Suppression
from scheduler.mail.transport import Blame, Transport, Trouble

log = structlog.get_logger()

BATCH = 50
LEASE = timedelta(minutes=5)
LEAST_LEASE = timedelta(minutes=3)
"""A letter is only begun while this much of its lease remains: longer than one letter may take."""
SCHEDULE = [timedelta(minutes=m) for m in (1, 2, 5, 10, 20, 40, 60, 120, 240, 480, 720, 720, 720, 720)]

OWNER = f"{socket.gethostname()}:{os.getpid()}:{random.getrandbits(32):08x}"  # noqa: S311  # a name, no secret
HEARD = or_(Outgoing.state.in_([Fate.SENT, Fate.SENDING]), Outgoing.uncertain > 0)
"""What somebody has, or may have, in hand."""


def put(session: Session, letter: Outgoing) -> bool:
    """Add a letter, once per event, letter and reader; not to an address that is never written to.

    Whether it was added: a second decision of the same thing is a quiet no-op.
    """
    if is_suppressed(session, letter.recipient):
        return False
    same = select(Outgoing.id).where(
        Outgoing.event == letter.event,
        Outgoing.letter == letter.letter,
        Outgoing.recipient == letter.recipient,
    )
    if session.scalar(same) is not None:
        return False
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
    What is being sent at this moment is not touched. Returns how many were withdrawn.
    """
    if about is None and person is None:
        raise ValueError("withdraw what? name `about`, `person` or both")
    which: list[ColumnElement[bool]] = [Outgoing.state.in_([Fate.WAITING, Fate.GIVEN_UP])]
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
    taken_back = update(Outgoing).where(*which).values(state=Fate.WITHDRAWN, why=why, settled_at=now)
    return int(session.execute(taken_back).rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


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


def is_suppressed(session: Session, address: str) -> bool:
    """Whether this address asked, or is known, never to be written to."""
    return bool(session.scalar(select(exists().where(Suppression.address_hash == address_hash(address)))))


def suppress(session: Session, address: str, why: str, now: datetime) -> None:
    """Never write to this address again; a second call does nothing."""
    if not is_suppressed(session, address):
        session.add(Suppression(address_hash=address_hash(address), why=why, since=now))
        session.flush()


def address_hash(address: str) -> str:
    """What is kept of a suppressed address."""
    return sha256(address.casefold().encode()).hexdigest()


def deliver(
    transport: Transport,
    now: Callable[[], datetime],
    *,
    on_refused: Callable[[Session, Outgoing, str], None] | None = None,
    most: int = 10_000,
) -> int:
    """Send what is due over one connection, claiming a batch at a time; how many letters left.

    The one action that keeps its own transactions: none is open while a letter is on the wire. A fault of
    the connection (no server, refused login or sender) ends the run and puts the rest back untouched; a
    letter refused alone rests on its own schedule. When an address is refused, `on_refused` is told of the
    letter and the server's words, in the transaction in which that letter is given up.
    """
    sent = tried = 0
    try:
        while tried < most:
            batch = db.attempt(partial(_claim, now(), min(BATCH, most - tried)))
            if not batch:
                break
            for number, letter in enumerate(batch):
                tried += 1
                trouble = _send(transport, letter, now, on_refused)
                sent += trouble is None
                if trouble is not None and trouble.blame is Blame.OURS:
                    _hand_back([later.id for later in batch[number + 1 :]])
                    return sent
    finally:
        transport.close()
    return sent


def next_try(session: Session, now: datetime) -> datetime | None:
    """The next moment at which a letter may leave: its own, or the end of a broken sender's lease.

    A letter held behind an earlier one about the same thing has no moment of its own. None when none waits.
    """
    waiting = select(func.min(Outgoing.try_at)).where(Outgoing.state == Fate.WAITING, ~_overtakes(now))
    lost = select(func.min(Outgoing.lease_until)).where(Outgoing.state == Fate.SENDING)
    moments = [session.scalar(waiting), session.scalar(lost)]
    return min((moment for moment in moments if moment is not None), default=None)


def _overtakes(now: datetime) -> ColumnElement[bool]:
    """Whether a letter would arrive before an earlier one about the same thing that changes a calendar."""
    earlier = aliased(Outgoing)
    return exists().where(
        earlier.about == Outgoing.about,
        earlier.recipient == Outgoing.recipient,
        earlier.id < Outgoing.id,
        earlier.method.is_not(None),
        or_(
            earlier.state == Fate.SENDING,
            and_(
                earlier.state == Fate.WAITING, or_(earlier.useful_until.is_(None), earlier.useful_until > now)
            ),
        ),
    )


def _due(now: datetime) -> Select[int]:
    """Waiting letters whose time has come, one at a time per thing and person, prompt ones first."""
    return (
        select(Outgoing.id)
        .where(Outgoing.state == Fate.WAITING, Outgoing.try_at <= now, ~_overtakes(now))
        .order_by(Outgoing.lane, Outgoing.try_at, Outgoing.id)
    )


def _claim(now: datetime, most: int) -> list[Outgoing]:
    with db.transaction() as session:
        _expire(session, now)
        _take_over(session, now)
        ids = list(session.scalars(_due(now).limit(most).with_for_update(skip_locked=True)))
        letters = list(session.scalars(select(Outgoing).where(Outgoing.id.in_(ids))))
        for letter in letters:
            letter.claim(OWNER, now + LEASE)
        letters.sort(key=lambda letter: ids.index(letter.id))
    return letters


def _expire(session: Session, now: datetime) -> None:
    """Letters past their use, or to addresses suppressed meanwhile, are withdrawn rather than sent."""
    session.execute(
        update(Outgoing)
        .where(Outgoing.state == Fate.WAITING, Outgoing.useful_until <= now)
        .values(state=Fate.WITHDRAWN, why="no longer useful", settled_at=now)
        .execution_options(synchronize_session=False)
    )


def _take_over(session: Session, now: datetime) -> None:
    """What a sender left behind when it died: perhaps arrived, so it counts as uncertain and goes again."""
    lost = (Outgoing.state == Fate.SENDING, Outgoing.lease_until <= now)
    session.execute(
        update(Outgoing)
        .where(*lost, Outgoing.never_twice)
        .values(state=Fate.GIVEN_UP, owner=None, why="broke off while being sent", settled_at=now)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Outgoing)
        .where(*lost)
        .values(state=Fate.WAITING, owner=None, uncertain=Outgoing.uncertain + 1, try_at=now)
        .execution_options(synchronize_session=False)
    )


def _send(
    transport: Transport,
    letter: Outgoing,
    now: Callable[[], datetime],
    on_refused: Callable[[Session, Outgoing, str], None] | None,
) -> Trouble | None:
    if letter.lease_until is None or letter.lease_until - now() < LEAST_LEASE:
        _hand_back([letter.id])
        return None
    try:
        answer = transport.send(letter.envelope_sender, letter.recipient, letter.raw)
    except Trouble as trouble:
        is_refused = trouble.blame is Blame.RECIPIENT
        _settle(letter, _after(trouble, letter, now()), on_refused if is_refused else None)
        log.warning(
            "letter not sent", letter=letter.letter, id=letter.id, blame=trouble.blame, why=trouble.why
        )
        return trouble
    _settle(letter, {"state": Fate.SENT, "settled_at": now(), "why": answer})
    log.info("letter sent", letter=letter.letter, id=letter.id, about=letter.about)
    return None


def _after(trouble: Trouble, letter: Outgoing, now: datetime) -> dict[str, object]:
    """What a refused or broken-off letter becomes."""
    fate: dict[str, object] = {"state": Fate.WAITING, "why": trouble.why}
    if trouble.blame is Blame.OURS:
        # Trouble of the connection does not use up the letter's schedule.
        return fate | {"try_at": now + SCHEDULE[0], "attempts": letter.attempts - 1}
    is_uncertain = trouble.blame is Blame.UNCERTAIN
    if is_uncertain:
        fate["uncertain"] = letter.uncertain + 1
    is_last_try = letter.attempts > len(SCHEDULE) or (is_uncertain and letter.never_twice)
    if trouble.blame is Blame.RECIPIENT or is_last_try:
        return fate | {"state": Fate.GIVEN_UP, "settled_at": now}
    return fate | {"try_at": now + SCHEDULE[letter.attempts - 1]}


def _settle(
    letter: Outgoing,
    fate: dict[str, object],
    on_refused: Callable[[Session, Outgoing, str], None] | None = None,
) -> None:
    """Write down what became of it, if it is still ours: a slow sender must not mark another's try."""
    ours = (Outgoing.id == letter.id, Outgoing.owner == OWNER, Outgoing.state == Fate.SENDING)

    def settle() -> None:
        with db.transaction() as session:
            if on_refused is not None and session.scalar(select(Outgoing.id).where(*ours).with_for_update()):
                # Told while the letter counts as being sent, so that taking its like back spares it.
                on_refused(session, letter, str(fate["why"]))
            session.execute(
                update(Outgoing)
                .where(*ours)
                .values(owner=None, lease_until=None, **fate)
                .execution_options(synchronize_session=False)
            )

    db.attempt(settle)


def _hand_back(ids: Sequence[int]) -> None:
    back = (
        update(Outgoing)
        .where(Outgoing.id.in_(ids), Outgoing.owner == OWNER, Outgoing.state == Fate.SENDING)
        .values(state=Fate.WAITING, owner=None, lease_until=None, attempts=Outgoing.attempts - 1)
        .execution_options(synchronize_session=False)
    )

    def hand_back() -> None:
        with db.transaction() as session:
            session.execute(back)

    db.attempt(hand_back)


def oldest_due(session: Session, now: datetime) -> datetime | None:
    """When the longest-waiting due letter was to leave; None when nothing waits."""
    return session.scalar(
        select(func.min(Outgoing.try_at)).where(Outgoing.state == Fate.WAITING, Outgoing.try_at <= now)
    )
