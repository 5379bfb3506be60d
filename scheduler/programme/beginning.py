"""Beginning: a new programme and its first coordinator."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.life import NotNow
from scheduler.programme import names
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.programme import Programme


class Begun(NamedTuple):
    """A programme and one of its coordinators."""

    programme: Programme
    coordinator: Coordinator


def begin(session: Session, name: str, timezone: str, address: str, now: datetime) -> Begun:
    """A new programme in `timezone` (IANA), and the coordinator with this address, who may have others.

    The same name for the same coordinator again is refused. Raises NotNow, names.BadTitle, names.BadZone and
    names.BadAddress.
    """
    title = names.clean_title(name)
    zone, email = names.known_zone(timezone), names.clean_address(address)
    coordinator = session.scalar(select(Coordinator).where(Coordinator.email == email))
    if coordinator is None:
        coordinator = Coordinator(email=email, created_at=now)
        session.add(coordinator)
    if any(known.name == title for known in coordinator.programmes):
        raise NotNow(f"{email} coordinates a programme called {title} already.")
    programme = Programme(name=title, timezone=zone, created_at=now)
    coordinator.programmes.append(programme)
    session.flush()
    return Begun(programme, coordinator)
