"""What a life is: which act leads from which state to which, and what falls due in each state.

A round, an ask, a chat and a proposal each have a life, told by two tables: `LEADS_TO` (acts, done by
somebody) and `AGENDA` (steps, done by time). The functions here read such tables; they know none of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from scheduler.refusal import Refusal


class NotNow(Refusal):
    """What was asked cannot be done in the present state; the text is a sentence fit for a page."""


class NotAllowed(Refusal):
    """This reader may not do or see that; the text is a sentence fit for a page."""


class By(StrEnum):
    """Who acts."""

    STUDENT = "student"
    MENTOR = "mentor"
    COORDINATOR = "coordinator"
    CLOCK = "clock"


class Via(StrEnum):
    """The door an act came through."""

    LINK = "link"
    ABSENCE = "absence"  # by pausing or leaving, not for the chat's own sake
    CALENDAR = "calendar"
    COORDINATOR = "coordinator"
    CLOCK = "clock"


class Lead(NamedTuple):
    """One row of a life: the state an act leads to, for those who may do it."""

    to: StrEnum
    by: frozenset[By]


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something time does: `offset` after (or, negative, before) the moment called `anchor`.

    A step with `worth` is dropped when it comes later than that: a reminder after an outage helps nobody.
    """

    name: str
    anchor: str
    offset: timedelta
    worth: timedelta | None = None


Leads = Mapping[tuple[StrEnum, StrEnum], Sequence[Lead]]


def leads(to: StrEnum, *by: By) -> Lead:
    """A row of a life; without `by`, anybody may."""
    return Lead(to, frozenset(by or By))


def after(
    table: Leads, state: StrEnum, act: StrEnum, by: By, outcomes: Mapping[StrEnum, StrEnum]
) -> StrEnum | None:
    """The state that `act` by `by` leads to; None if the act's outcome is already so (a second click).

    Raises LookupError where the table knows no such way; the caller puts it into words.
    """
    rows = table.get((state, act), ())
    for row in rows:
        if by in row.by:
            return row.to
    if outcomes.get(act) == state:
        return None
    raise LookupError(f"{act} by {by} from {state}")


def next_step(
    agenda: Sequence[Step],
    last_step: str | None,
    since: datetime,
    anchors: Mapping[str, datetime | None],
) -> tuple[str, datetime] | None:
    """The first step of `agenda` still to come after `last_step`, and its moment; None when all are done.

    A droppable step whose moment had passed when the state began (`since`) was never due and is left out,
    as is a step whose anchor is not set.
    """
    names = [step.name for step in agenda]
    rest = agenda[names.index(last_step) + 1 :] if last_step in names else agenda
    for step in rest:
        anchor = since if step.anchor == "since" else anchors[step.anchor]
        if anchor is None:
            continue
        moment = anchor + step.offset
        if step.worth is not None and moment <= since:
            continue
        return step.name, max(moment, since)
    return None


def is_too_late(agenda: Sequence[Step], name: str, moment: datetime, now: datetime) -> bool:
    """Whether the step `name`, due at `moment`, is one that is dropped rather than done this late."""
    step = next(step for step in agenda if step.name == name)
    return step.worth is not None and now > moment + step.worth


def with_offsets(agenda: Sequence[Step], offsets: Mapping[str, timedelta]) -> tuple[Step, ...]:
    """The same agenda with a programme's own offsets, by step name; the sign stays the table's."""
    return tuple(
        replace(step, offset=-abs(offsets[step.name]) if step.offset < timedelta(0) else offsets[step.name])
        if step.name in offsets
        else step
        for step in agenda
    )
