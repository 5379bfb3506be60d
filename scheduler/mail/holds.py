"""Holds: what keeps letters back for a while, all of them or some, set by somebody or by a mail server."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from scheduler.db import Base

ALL = "all"
"""The operator's: not one letter leaves."""
SERVER = "server"
"""Trouble of ours with the mail server that takes our letters."""
OPERATOR = "the operator"
"""By whom all mail is held."""
WHY_LIMIT = 200
"""How long a reason may be that somebody gives."""
SERVER_RESTS = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300))
DOMAIN_RESTS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 30))


class Hold(Base):
    """One reason why letters wait: which ones, since when, by whom, and until when if that is known.

    One that has run out stands until a letter shows that all is well again: if none does, it goes on longer.
    """

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    scope: Mapped[str] = mapped_column(String(300), unique=True)
    since: Mapped[datetime]
    why: Mapped[str] = mapped_column(String(300))
    by: Mapped[str] = mapped_column(String(80), default="")
    """Who set it; empty for a mail server's."""
    until: Mapped[datetime | None] = mapped_column(default=None)
    times: Mapped[int] = mapped_column(default=0)
    """How often in a row a mail server has made us rest."""

    def holds(self, now: datetime) -> bool:
        """Whether it keeps letters back at this moment."""
        return self.until is None or self.until > now


def programme(programme_id: int) -> str:
    """The scope of one programme's letters."""
    return f"programme:{programme_id}"


def domain(name: str) -> str:
    """The scope of the letters to one domain."""
    return f"domain:{name}"


def set_up(session: Session, scope: str, why: str, now: datetime, *, by: str) -> bool:
    """Keep these letters back until `lift`; whether they were not kept back already."""
    if find(session, scope) is not None:
        return False
    session.add(Hold(scope=scope, since=now, why=why[:300], by=by[:80]))
    session.flush()
    return True


def rest(session: Session, scope: str, why: str, now: datetime) -> datetime:
    """Let a server (or one domain's) rest, longer each time in a row; until when.

    A second letter refused while it rests already makes it no longer.
    """
    found = session.scalar(select(Hold).where(Hold.scope == scope).with_for_update())
    if found is None:
        found = Hold(scope=scope, since=now, why="", until=now)
        session.add(found)
    if found.until is not None and found.until <= now:
        rests = SERVER_RESTS if scope == SERVER else DOMAIN_RESTS
        found.until = now + rests[min(found.times, len(rests) - 1)]
        found.times += 1
    found.why = why[:300]
    session.flush()
    return found.until or now


def lift(session: Session, scope: str) -> bool:
    """Let these letters go again; whether they were kept back."""
    return bool(session.execute(delete(Hold).where(Hold.scope == scope)).rowcount)  # type: ignore[attr-defined]  # a DELETE has one


def end_rests(session: Session, scopes: Sequence[str], now: datetime) -> None:
    """All is well again with these servers: their holds that have run out are no longer on trial."""
    session.execute(delete(Hold).where(Hold.scope.in_(scopes), Hold.until <= now))


def find(session: Session, scope: str) -> Hold | None:
    """The hold of this scope, whether it has run out or not."""
    return session.scalar(select(Hold).where(Hold.scope == scope))


def standing(session: Session) -> Mapping[str, Hold]:
    """Every hold by its scope, those that have run out too."""
    found: Sequence[Hold] = session.scalars(select(Hold)).all()
    return {hold.scope: hold for hold in found}
