"""Fates: what one try of a letter comes to, and when it is tried again."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from scheduler.mail import holds
from scheduler.mail.claims import Claimed
from scheduler.mail.envelope import Fate
from scheduler.mail.transport import Blame

SCHEDULE = [timedelta(minutes=m) for m in (1, 2, 5, 10, 20, 40, 60, 120, 240, 480, 720, 720, 720, 720)]
"""How long after each try the next one comes; after the last there is none."""
DEATHS_FORGIVEN = 2
"""So often a letter whose sender died goes again at once: that was hardly the letter's doing."""
DIED = "it broke off while it was being sent"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one try came to: the letter's state, why, what else is written down, and what rests now."""

    state: Fate
    why: str
    more: dict[str, Any] = field(default_factory=dict)
    rest: str | None = None
    """The scope that is to be left in peace for a while."""
    is_well: bool = True
    """Whether the mail server, and the domain's, do as they should."""


def outcome(letter: Claimed, blame: Blame | None, why: str, now: datetime, *, is_repeated: bool) -> Outcome:
    """What becomes of a letter that left (no blame), was refused, or broke off (`is_repeated`: once more).

    A letter at which the line breaks off rests alone; when that happens twice in a row it is the server. So
    one that no server can digest never keeps the others back, not even after the server's own trouble.
    """
    broke_off = blame in (Blame.LINE, Blame.UNCERTAIN)
    stops = blame is Blame.OURS or (broke_off and is_repeated)
    rest = holds.SERVER if stops else holds.domain(letter.domain) if blame is Blame.DOMAIN else None
    made = partial(Outcome, why=why, rest=rest, is_well=not broke_off and rest is None)
    more: dict[str, Any] = {"settled_at": now}
    if blame is None:
        return made(state=Fate.SENT, more=more)
    if stops and blame is not Blame.UNCERTAIN:
        # Trouble of the connection does not use up the letter's schedule; it goes on behind the rest.
        return made(state=Fate.WAITING, more=more | {"attempts": letter.attempts})
    if blame is Blame.UNCERTAIN:
        more |= {"uncertain": letter.uncertain + 1}
    is_last_try = letter.attempts >= len(SCHEDULE) or (blame is Blame.UNCERTAIN and letter.never_twice)
    if blame is Blame.RECIPIENT or is_last_try:
        return made(state=Fate.GIVEN_UP, more=more)
    return made(state=Fate.WAITING, more=more | {"try_at": now + SCHEDULE[letter.attempts]})


def after_death(letter: Claimed, now: datetime) -> Outcome:
    """What becomes of a letter whose sender died over it: it may have arrived.

    It goes again at once, but not for ever: one that its senders keep dying of is soon tried on a schedule.
    """
    came_to = outcome(letter, Blame.UNCERTAIN, DIED, now, is_repeated=False)
    deaths = letter.uncertain - DEATHS_FORGIVEN
    came_to.more["try_at"] = now + SCHEDULE[min(deaths, len(SCHEDULE) - 1)] if deaths >= 0 else now
    return came_to
