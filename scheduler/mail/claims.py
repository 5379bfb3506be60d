"""Claims: which letters may leave now, and whose they are while they are sent."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased, defer

from scheduler.mail import holds, outbox
from scheduler.mail.envelope import Fate, Outgoing, Suppression
from scheduler.small_writes import SmallWrites

OnRefused = Callable[[Session, Outgoing, str], None]
MINUTE = timedelta(minutes=1)
NEVER = datetime.max.replace(tzinfo=UTC)
ORDER = (Outgoing.lane, Outgoing.try_at, Outgoing.useful_until.nulls_first(), Outgoing.id)
"""In which order letters are begun, on every database; nothing of it changes while one is being sent."""
BY_RATE = 5_262_700_313
"""PostgreSQL's advisory lock of those who count before they claim; any number nobody else uses."""


_SENT = (
    update(Outgoing)
    .where(
        Outgoing.id == bindparam("which"),
        Outgoing.owner == bindparam("sender"),
        Outgoing.state == Fate.SENDING,
    )
    .values(
        state=Fate.SENT, owner=None, lease_until=None, why=bindparam("answer"), settled_at=bindparam("now")
    )
)


class Claimed(NamedTuple):
    """What is needed to send one letter."""

    id: int
    letter: str
    about: str
    recipient: str
    domain: str
    envelope_sender: str
    raw: bytes
    attempts: int
    uncertain: int
    never_twice: bool
    useful_until: datetime | None


def _overtakes(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a letter would arrive before an earlier one about the same thing that changes a calendar."""
    earlier = aliased(Outgoing)
    is_useful = or_(earlier.useful_until.is_(None), earlier.useful_until > now)
    return exists().where(
        earlier.about == Outgoing.about,
        earlier.recipient == Outgoing.recipient,
        earlier.id < Outgoing.id,
        earlier.method.is_not(None),
        or_(earlier.state == Fate.SENDING, and_(earlier.state == Fate.WAITING, is_useful)),
    )


_NOW = bindparam("now", type_=Outgoing.try_at.type)
_FREE = and_(
    Outgoing.state == Fate.WAITING,
    or_(Outgoing.useful_until.is_(None), Outgoing.useful_until > _NOW),
    ~_overtakes(_NOW),
)
"""Waiting, of use, and one at a time per thing and person."""
_IS_TIME = Outgoing.try_at <= _NOW
_DUE = select(*[getattr(Outgoing, name) for name in Claimed._fields]).where(_FREE, _IS_TIME).order_by(*ORDER)
"""Made once, like _SENT: putting a statement together takes longer than carrying it out."""
_IS_OVER = Outgoing.useful_until <= _NOW
_ANY = select(
    or_(
        exists().where(Outgoing.state == Fate.WAITING, or_(_IS_TIME, _IS_OVER)),
        exists().where(Outgoing.state == Fate.SENDING),
    )
)


@dataclass(frozen=True)
class Brake:
    """What keeps letters back at one moment, by scope: until when it lasts, and where only so many may go."""

    ends: Mapping[str, datetime]
    room: Mapping[str, int]
    domain_room: int | None
    """What has no room of its own in `room`; None for any number."""
    on_trial: frozenset[str]
    """Holds that have run out: the first letter that leaves lifts them, so only one is begun."""

    @property
    def everything(self) -> datetime | None:
        """Until when not one letter may leave; None when some may."""
        return max(
            (self.ends[scope] for scope in (holds.ALL, holds.SERVER) if scope in self.ends), default=None
        )

    def named(self, kind: str) -> dict[str, datetime]:
        """Which programmes, or domains, are kept back, and until when."""
        scopes = [scope.partition(":") for scope in self.ends]
        return {name: self.ends[f"{kind}:{name}"] for found, _, name in scopes if found == kind and name}

    def picked(self, letters: Iterable[Claimed], most: int) -> list[Claimed]:
        """Those that may be begun together, in their order."""
        most = min([most, *(self.room[scope] for scope in (holds.ALL, holds.SERVER) if scope in self.room)])
        begun: Counter[str] = Counter()
        picked = []
        for letter in letters:
            room = self.room.get(holds.domain(letter.domain), self.domain_room)
            if room is None or begun[letter.domain] < room:
                begun[letter.domain] += 1
                picked.append(letter)
        return picked[:most]


def brake(session: Session, now: datetime, *, per_minute: int = 0, per_domain: int = 0) -> Brake:
    """What keeps letters back now: holds, and the rates at which letters may be begun (0: at any)."""
    standing = holds.standing(session)
    on_trial = frozenset(scope for scope, hold in standing.items() if not hold.holds(now))
    ends = {scope: hold.until or NEVER for scope, hold in standing.items() if scope not in on_trial}
    room = dict.fromkeys(on_trial, 1)
    begun = {holds.ALL: (0, now)} | _begun(session, now) if per_minute or per_domain else {}
    for scope, (count, first) in begun.items():
        rate = per_minute if scope == holds.ALL else per_domain
        if rate:
            room[scope] = min(room.get(scope, rate), rate - count)
            if count >= rate:
                ends[scope] = max(ends.get(scope, now), first + MINUTE)
    return Brake(ends, room, per_domain or None, on_trial)


def wait_for_turn(session: Session) -> None:
    """Until this transaction ends nobody else counts what was begun: two at once would both see room.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(BY_RATE)))


def _begun(session: Session, now: datetime) -> dict[str, tuple[int, datetime]]:
    """How many letters were begun within the last minute, and when the first: in all, and to each domain.

    What is being sent counts as begun now, what was sent as begun when its try ended: so there are never
    more in any minute than this says.
    """
    is_sent_now = Outgoing.state == Fate.SENDING
    was_tried = or_(Outgoing.attempts > 0, Outgoing.state == Fate.WAITING)
    lately = and_(Outgoing.is_kept, Outgoing.settled_at > now - MINUTE, was_tried)
    moment = case((is_sent_now, literal(now, Outgoing.settled_at.type)), else_=Outgoing.settled_at)
    rows = select(Outgoing.domain, func.count(), func.min(moment, type_=Outgoing.settled_at.type))
    found = session.execute(rows.where(or_(is_sent_now, lately)).group_by(Outgoing.domain)).all()
    begun = {holds.domain(domain): (count, first) for domain, count, first in found}
    if begun:
        begun[holds.ALL] = sum(n for n, _ in begun.values()), min(first for _, first in begun.values())
    return begun


def first_try(
    session: Session, now: datetime, kept_back: Brake, *, programme_id: int | None = None
) -> datetime | None:
    """The earliest moment of a waiting letter that nothing keeps back and that stands behind no other."""
    first = select(func.min(Outgoing.try_at)).where(_FREE, *_kept_back(kept_back))
    if programme_id is not None:
        first = first.where(Outgoing.programme_id == programme_id)
    return session.scalar(first, {"now": now})


def is_any(session: Session, now: datetime) -> bool:
    """Whether a letter is to be sent now or taken back for being too late, or is being sent by somebody."""
    return bool(session.scalar(_ANY, {"now": now}))


def count_due(session: Session, now: datetime, kept_back: Brake, most: int) -> int:
    """How many letters might be begun now, counted no further than `most`."""
    if kept_back.everything is not None:
        return 0
    due = select(Outgoing.id).where(_FREE, _IS_TIME, *_kept_back(kept_back)).limit(most)
    return session.scalar(select(func.count()).select_from(due.subquery()), {"now": now}) or 0


def _kept_back(kept_back: Brake) -> Iterator[ColumnElement[bool]]:
    if programmes := kept_back.named("programme"):
        none_of = Outgoing.programme_id.not_in([int(number) for number in programmes])
        yield or_(Outgoing.programme_id.is_(None), none_of)
    if domains := kept_back.named("domain"):
        yield Outgoing.domain.not_in(domains)


def claim(
    session: Session, owner: str, now: datetime, until: datetime, most: int, kept_back: Brake
) -> list[Claimed]:
    """Up to `most` letters that `owner` sends from now on, in this order, until a moment of the machine's.

    Those to an address that is no longer written to are taken back instead. None are left when none come.
    """
    if kept_back.everything is not None:
        return []
    due = _DUE.where(*_kept_back(kept_back)).limit(most).with_for_update(skip_locked=True)
    found = [Claimed(*row) for row in session.execute(due, {"now": now})]
    if not found:
        return []
    silent = _suppressed(session, found)
    picked = kept_back.picked([letter for letter in found if letter.id not in silent], most)
    if silent:
        values = {"state": Fate.WITHDRAWN, "why": "this address is no longer written to", "settled_at": now}
        _change(session, Outgoing.id.in_(silent), **values)
    if silent and not picked:
        return claim(session, owner, now, until, most, kept_back)
    values = {"state": Fate.SENDING, "owner": owner, "lease_until": until, "attempts": Outgoing.attempts + 1}
    _change(session, Outgoing.id.in_([letter.id for letter in picked]), **values)
    return picked


def _suppressed(session: Session, letters: Sequence[Claimed]) -> set[int]:
    hashes = {letter.id: outbox.address_hash(letter.recipient) for letter in letters}
    known = select(Suppression.address_hash).where(Suppression.address_hash.in_(set(hashes.values())))
    silent = set(session.scalars(known))
    return {letter_id for letter_id, address_hash in hashes.items() if address_hash in silent}


def settle(session: Session, owner: str, letter_id: int, state: Fate, why: str, **more: Any) -> bool:
    """Write down what became of a letter's try, if it is still `owner`'s; whether it was.

    A slow sender must not mark another's try. What was recalled meanwhile is withdrawn rather than tried
    again; one that changes a calendar goes on, since what follows it was written for those who have it.
    """
    ours = and_(Outgoing.id == letter_id, Outgoing.owner == owner, Outgoing.state == Fate.SENDING)
    return _change(session, ours, **_fate(state, why), **more) == 1


def settle_sent(quick: SmallWrites, owner: str, letter_id: int, answer: str, now: datetime) -> bool:
    """The same of a letter that left, without a session: quick, since it is done for each.

    A power cut that undoes it lets the letter go once more, with the same bytes.
    """
    return quick.write(_SENT, {"which": letter_id, "sender": owner, "answer": answer, "now": now}) == 1


def tell_refused(session: Session, owner: str, letter_id: int, why: str, on_refused: OnRefused) -> None:
    """Tell of a letter whose address is refused, if it is still `owner`'s, before it is given up.

    It counts as being sent meanwhile, so that taking back all of its reader's letters spares it.
    """
    letter = session.get(Outgoing, letter_id, options=[defer(Outgoing.raw)], with_for_update=True)
    if letter is not None and letter.owner == owner and letter.state is Fate.SENDING:
        recalled = letter.recalled
        on_refused(session, letter, why)
        session.flush()
        _change(session, Outgoing.id == letter_id, recalled=recalled)


def hand_back(session: Session, owner: str, ids: Sequence[int]) -> None:
    """Let letters wait again that `owner` has not begun."""
    ours = and_(Outgoing.id.in_(ids), Outgoing.owner == owner, Outgoing.state == Fate.SENDING)
    _change(session, ours, **_fate(Fate.WAITING, Outgoing.why), attempts=Outgoing.attempts - 1)


def expire(session: Session, now: datetime) -> None:
    """Letters past their use are withdrawn rather than sent."""
    past = and_(Outgoing.state == Fate.WAITING, Outgoing.useful_until <= now)
    _change(session, past, state=Fate.WITHDRAWN, why="no longer useful", settled_at=now)


def _fate(state: Fate, why: Any) -> dict[str, Any]:
    is_recalled = Outgoing.recalled != ""
    if state is Fate.WAITING:
        is_recalled = and_(is_recalled, Outgoing.method.is_(None))
    kind = Outgoing.state.type
    values: dict[str, Any] = {"owner": None, "lease_until": None, "state": state, "why": why}
    if state is not Fate.SENT:
        values["state"] = case((is_recalled, literal(Fate.WITHDRAWN, kind)), else_=literal(state, kind))
        values["why"] = case((is_recalled, Outgoing.recalled), else_=why)
    return values


def _change(session: Session, which: ColumnElement[bool], **values: Any) -> int:
    change = update(Outgoing).where(which).values(**values)
    done = session.execute(change.execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE has one
