"""The columns of a class list, and how a cell of each is read."""

import re
from collections.abc import Callable
from typing import Any

from scheduler.programme import lenses, names

Reader = Callable[[str], Any]

REQUIRED = ("name", "email", "roles")
OPTIONAL = (
    "timezone",
    "stage",
    "institution",
    "specialty",
    "capacity",
    "offers",
    "wants",
    "topics",
    "not_with",
)
COLUMNS = REQUIRED + OPTIONAL

TEXT_LIMIT = 120
MOST_IN_A_CELL = 50
MOST_CAPACITY = 20
USUAL_CAPACITY = 1

_ROLES = ("mentor", "student")
_ZONES_EXPLAINED = 50  # looking for the nearest zones is slow, and fifty such answers explain a whole column


class BadCell(ValueError):
    """One cell cannot be read; the text is a sentence for people."""


def readers() -> dict[str, Reader]:
    """A reader for each column: from a cell's text to its value, raising BadCell. Made anew for each file,
    since zones and addresses are remembered while it is read."""
    address = _address_reader()
    return {
        "name": _name,
        "email": address,
        "roles": _roles,
        "timezone": _zone_reader(),
        "stage": _text,
        "institution": _text,
        "specialty": _text,
        "capacity": _capacity,
        "offers": _lenses,
        "wants": _lenses,
        "topics": _topics,
        "not_with": lambda cell: tuple(dict.fromkeys(map(address, _several(cell, ";,\r\n")))),
    }


def _name(cell: str) -> str:
    name = names.clean_name(cell)
    if not name:
        raise BadCell("The name is missing.")
    return name


def _text(cell: str) -> str:
    return names.clean_text(cell, TEXT_LIMIT)


def _roles(cell: str) -> frozenset[str]:
    roles = frozenset(role.lower() for role in _several(cell, ";,\r\n"))
    if not roles:
        raise BadCell("The role is missing; write mentor, student or mentor;student.")
    unknown = sorted(roles.difference(_ROLES))
    if unknown:
        raise BadCell(f"{names.quoted(unknown[0])} is not a role; write mentor, student or mentor;student.")
    return roles


def _capacity(cell: str) -> int:
    written = cell.strip()
    if not written:
        return USUAL_CAPACITY
    number = int(written) if re.fullmatch(r"[0-9]{1,4}", written) else None
    if number == 0:
        raise BadCell(
            f"A mentor in the list gives at least 1 chat a round, so write 1 to {MOST_CAPACITY}; "
            "who gives none now can be paused."
        )
    if number is None or number > MOST_CAPACITY:
        raise BadCell(f"{names.quoted(cell)} is not a whole number from 1 to {MOST_CAPACITY}.")
    return number


def _lenses(cell: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for written in _several(cell, ";,\r\n"):
        lens = lenses.find_lens(written)
        if lens is None:
            raise BadCell(f"{names.quoted(written)} is not a lens; there are {', '.join(lenses.LENSES)}.")
        found[lens] = None
    return tuple(found)


def _topics(cell: str) -> tuple[str, ...]:
    # A comma may well be part of a topic, so here it does not part them.
    topics = map(_text, _several(cell, ";\r\n"))
    return tuple(dict.fromkeys(topic for topic in topics if topic))


def _several(cell: str, between: str) -> list[str]:
    written = [part.strip() for part in re.split(f"[{between}]", cell) if part.strip()]
    if len(written) > MOST_IN_A_CELL:
        raise BadCell(f"The cell holds {len(written)} entries; there may be {MOST_IN_A_CELL}.")
    return written


def _address_reader() -> Reader:
    seen: dict[str, str] = {}

    def read(cell: str) -> str:
        if cell not in seen:
            try:
                seen[cell] = names.clean_address(cell)
            except names.BadAddress as error:
                raise BadCell(str(error)) from None
        return seen[cell]

    return read


def _zone_reader() -> Reader:
    unknown: dict[str, str] = {}

    def read(cell: str) -> str:
        zone = names.find_zone(cell)
        if zone is not None or not cell.strip():
            return zone or ""
        if cell not in unknown:
            unknown[cell] = _unknown_zone(cell, explained=len(unknown) < _ZONES_EXPLAINED)
        raise BadCell(unknown[cell])

    return read


def _unknown_zone(cell: str, *, explained: bool) -> str:
    if not explained:
        return names.unknown_zone(cell)
    try:
        return names.known_zone(cell)
    except names.BadZone as error:
        return str(error)
