"""The life of a chat in three tables: what leads where, what falls due, and who is written to."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from scheduler.life import By, Lead, NotNow, Step, after, leads


class State(StrEnum):
    """Where a chat stands. `NEW` is only the place from which a chat is born."""

    NEW = "new"
    PLANNED = "planned"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    HELD = "held"
    MISSED = "missed"
    UNKNOWN = "unknown"


class Act(StrEnum):
    """What someone does to a chat."""

    PROPOSE = "propose"
    AGREE = "agree"
    ACCEPT = "accept"
    DECLINE = "decline"
    LAPSE = "lapse"
    MOVE = "move"
    PLACE = "place"
    CANCEL = "cancel"
    HOLD = "hold"
    MISS = "miss"
    CLOSE = "close"
    UNDO = "undo"


class Report(StrEnum):
    """One side's own word on whether they met; the other side never sees it."""

    MET = "met"
    ABSENT = "absent"
    COULD_NOT = "could_not"
    MOVED = "moved"
    UNSAID = "unsaid"


LIVE = frozenset({State.PLANNED, State.PROPOSED, State.CONFIRMED})
"""States that hold both people's time."""

ENDED_EARLY = frozenset({State.DECLINED, State.LAPSED, State.CANCELLED})
"""States in which no calendar may show the chat any more."""

STUDENT, MENTOR, COORDINATOR, CLOCK = By.STUDENT, By.MENTOR, By.COORDINATOR, By.CLOCK

LEADS_TO: dict[tuple[StrEnum, StrEnum], tuple[Lead, ...]] = {
    (State.NEW, Act.PROPOSE): (leads(State.PLANNED, MENTOR, COORDINATOR, CLOCK),),
    (State.NEW, Act.AGREE): (leads(State.CONFIRMED, STUDENT, COORDINATOR),),
    (State.PLANNED, Act.PROPOSE): (leads(State.PROPOSED, MENTOR, COORDINATOR, CLOCK),),
    (State.PLANNED, Act.MOVE): (leads(State.PLANNED, COORDINATOR),),
    (State.PLANNED, Act.PLACE): (leads(State.PLANNED, COORDINATOR),),
    (State.PLANNED, Act.CANCEL): (leads(State.CANCELLED),),
    (State.PROPOSED, Act.ACCEPT): (leads(State.CONFIRMED, STUDENT),),
    (State.PROPOSED, Act.DECLINE): (leads(State.DECLINED, STUDENT, MENTOR),),
    (State.PROPOSED, Act.LAPSE): (leads(State.LAPSED, CLOCK),),
    (State.PROPOSED, Act.MOVE): (
        leads(State.CONFIRMED, STUDENT),
        leads(State.PROPOSED, MENTOR, COORDINATOR),
    ),
    (State.PROPOSED, Act.PLACE): (leads(State.PROPOSED, COORDINATOR),),
    (State.PROPOSED, Act.CANCEL): (leads(State.CANCELLED),),
    (State.CONFIRMED, Act.DECLINE): (leads(State.DECLINED, STUDENT, MENTOR),),
    (State.CONFIRMED, Act.MOVE): (leads(State.CONFIRMED, STUDENT, MENTOR, COORDINATOR),),
    (State.CONFIRMED, Act.PLACE): (leads(State.CONFIRMED, COORDINATOR),),
    (State.CONFIRMED, Act.CANCEL): (leads(State.CANCELLED),),
    (State.CONFIRMED, Act.HOLD): (leads(State.HELD),),
    (State.CONFIRMED, Act.MISS): (leads(State.MISSED),),
    (State.CONFIRMED, Act.CLOSE): (leads(State.UNKNOWN, COORDINATOR, CLOCK),),
}

OUTCOMES: dict[StrEnum, StrEnum] = {
    Act.PROPOSE: State.PROPOSED,
    Act.AGREE: State.CONFIRMED,
    Act.ACCEPT: State.CONFIRMED,
    Act.DECLINE: State.DECLINED,
    Act.LAPSE: State.LAPSED,
    Act.CANCEL: State.CANCELLED,
    Act.HOLD: State.HELD,
    Act.MISS: State.MISSED,
    Act.CLOSE: State.UNKNOWN,
}
"""What an act achieves: doing it where it is already achieved is a quiet success."""

BEFORE_START = frozenset({Act.PROPOSE, Act.AGREE, Act.ACCEPT, Act.DECLINE, Act.MOVE, Act.PLACE, Act.CANCEL})
AFTER_START = frozenset({Act.HOLD, Act.MISS, Act.CLOSE})

WHY_NOT: dict[StrEnum, str] = {
    State.NEW: "This chat has not been arranged yet.",
    State.PLANNED: "This chat is still being planned.",
    State.PROPOSED: "This chat is waiting for the student's answer.",
    State.CONFIRMED: "This chat is agreed already.",
    State.DECLINED: "This chat was declined.",
    State.LAPSED: "This chat was not answered in time, so its time was given to someone else.",
    State.CANCELLED: "This chat was cancelled.",
    State.HELD: "This chat has taken place.",
    State.MISSED: "This chat did not take place.",
    State.UNKNOWN: "This chat is over.",
}


def follow(state: State, act: Act, by: By, *, starts_at: datetime, now: datetime) -> State | None:
    """The state `act` by `by` leads to, or None if the chat is already there.

    Raises NotNow, with a sentence for a page, when the table has no such way or the time for it has
    passed (or not yet come). *undo* is not a way of this table: it goes back along the record.
    """
    try:
        to = after(LEADS_TO, state, act, by, OUTCOMES)
    except LookupError:
        raise NotNow(WHY_NOT[state]) from None
    if to is None:
        return None
    lets_go = act is Act.CANCEL and by is By.CLOCK  # of what nobody has agreed to, however late
    if act in BEFORE_START and now >= starts_at and not lets_go:
        raise NotNow("This chat's time has come, so it can no longer be changed.")
    if act in AFTER_START and now < starts_at:
        raise NotNow("This chat has not begun yet.")
    return State(to)


AGENDA: dict[State, tuple[Step, ...]] = {
    State.PLANNED: (Step(name=Act.PROPOSE, anchor="publish_at", offset=timedelta(0)),),
    State.PROPOSED: (
        Step(name="nudge", anchor="answer_by", offset=timedelta(days=-1), worth=timedelta(hours=12)),
        Step(name=Act.LAPSE, anchor="answer_by", offset=timedelta(hours=2)),
    ),
    State.CONFIRMED: (
        Step(name="remind", anchor="starts_at", offset=timedelta(days=-1), worth=timedelta(hours=18)),
        Step(
            name="remind_again", anchor="starts_at", offset=timedelta(hours=-1), worth=timedelta(minutes=30)
        ),
        Step(name="ask", anchor="morning_after", offset=timedelta(0)),
        Step(name="ask_again", anchor="morning_after", offset=timedelta(days=3), worth=timedelta(days=2)),
        Step(name=Act.CLOSE, anchor="morning_after", offset=timedelta(days=7)),
    ),
    State.DECLINED: (Step(name="prompt", anchor="since", offset=timedelta(days=2), worth=timedelta(days=1)),),
    State.MISSED: (
        Step(name="prompt", anchor="since", offset=timedelta(days=2), worth=timedelta(days=1)),
        Step(name="list", anchor="since", offset=timedelta(days=5)),
    ),
}
"""What falls due in each state. `list` puts a missed chat on the coordinator's list."""

QUIET_STEPS = frozenset({"nudge", "remind", "ask", "ask_again", "prompt"})
"""Steps that write to people on time's behalf: out of quiet hours they slide to the morning."""

REQUEST, CANCEL = "REQUEST", "CANCEL"


class Letter(NamedTuple):
    """A row of LETTERS: who reads which letter, with which calendar part, and whether only if told."""

    reader: str  # student, mentor, actor (who did it), other (who did not)
    name: str
    calendar: str | None = None
    if_told: bool = False


LETTERS: Mapping[str, tuple[Letter, ...]] = {
    Act.PROPOSE: (Letter("student", "chat_proposed", REQUEST),),
    Act.AGREE: (Letter("student", "chat_confirmed", REQUEST), Letter("mentor", "chat_confirmed", REQUEST)),
    Act.ACCEPT: (Letter("student", "chat_confirmed", REQUEST), Letter("mentor", "chat_confirmed", REQUEST)),
    Act.DECLINE: (
        Letter("actor", "chat_try_again", CANCEL),
        Letter("other", "chat_declined", CANCEL, if_told=True),
    ),
    Act.LAPSE: (
        Letter("student", "chat_lapsed", CANCEL),
        Letter("mentor", "chat_cancelled", CANCEL, if_told=True),
    ),
    Act.MOVE: (
        Letter("student", "chat_moved", REQUEST, if_told=True),
        Letter("mentor", "chat_moved", REQUEST, if_told=True),
    ),
    Act.PLACE: (
        Letter("student", "chat_placed", REQUEST, if_told=True),
        Letter("mentor", "chat_placed", REQUEST, if_told=True),
    ),
    Act.CANCEL: (
        Letter("student", "chat_cancelled", CANCEL, if_told=True),
        Letter("mentor", "chat_cancelled", CANCEL, if_told=True),
    ),
    Act.MISS: (Letter("student", "chat_missed"), Letter("mentor", "chat_missed")),
    "nudge": (Letter("student", "chat_nudge"),),
    "remind": (Letter("student", "chat_reminder"), Letter("mentor", "chat_reminder")),
    "remind_again": (Letter("student", "chat_reminder"), Letter("mentor", "chat_reminder")),
    "ask": (Letter("student", "chat_how_was_it"), Letter("mentor", "chat_how_was_it")),
    "ask_again": (Letter("student", "chat_how_was_it"), Letter("mentor", "chat_how_was_it")),
    "prompt": (Letter("student", "chat_prompt"), Letter("mentor", "chat_prompt")),
}
"""Who is written to after what. *undo* has no rows: it writes to those whose calendar now differs."""

TELL_AGAIN = "tell_again"
"""Neither an act nor a step: a side whose address was wrong, or got no mail, is told how the chat stands."""

REPORTED = "reported"
"""That a side said whether they met; neither an act nor a step, for what that settles is one by itself."""

FIRST_LETTER = {
    State.PROPOSED: {STUDENT: "chat_proposed"},
    State.CONFIRMED: dict.fromkeys((STUDENT, MENTOR), "chat_confirmed"),
}
"""What a side must have heard in a state, whatever led there: a first letter is never `chat_moved`."""


class Knows(NamedTuple):
    """What one side knows of a chat, before the letter that is to be chosen."""

    told: bool  # had a letter about it
    acted: bool = False  # did something to it themselves
    holds: bool = False  # has it in the calendar
    is_right: bool = False  # and what stands there is how the chat is now
    is_elsewhen: bool = False  # or it stands there at another time


def letter_for(what: str, *, by: By, side: By, state: State, knows: Knows) -> Letter | None:
    """The letter that `side` gets after `what` led to `state`; None if they get none.

    It follows LETTERS, and three rules above its rows: only those who know of a chat hear of its changes;
    a first letter is the state's own, whatever led there; an event that ends before its time is taken out
    of the calendar it stands in, and no other.
    """
    if state is State.PLANNED:
        return None  # nobody hears of what is only planned
    first = FIRST_LETTER.get(state, {}).get(side)
    if what in (Act.UNDO, TELL_AGAIN):
        return _to_be_right(side, first, state, knows)
    if first is not None and not knows.told and what in set(Act):
        return Letter(side, first, REQUEST)
    row = _row(what, by, side)
    if row is None or _is_kept_from(row, what, is_own=by is side, is_open=first is None, knows=knows):
        return None
    if row.calendar == CANCEL and not knows.holds:
        return row._replace(calendar=None)
    return row


def _to_be_right(side: By, first: str | None, state: State, knows: Knows) -> Letter | None:
    """What makes `side`'s calendar right again; None where it is."""
    if first is not None:
        return None if knows.is_right else Letter(side, "chat_moved" if knows.is_elsewhen else first, REQUEST)
    return Letter(side, "chat_cancelled", CANCEL) if knows.holds and state in ENDED_EARLY else None


def _is_kept_from(row: Letter, what: str, *, is_own: bool, is_open: bool, knows: Knows) -> bool:
    """Whether a side does not get this letter, for what they know of the chat."""
    if row.if_told and not (knows.told or knows.acted):
        return True
    if what in (Act.MOVE, Act.PLACE) and not is_own and knows.is_right:
        return True  # it was put there and back before they heard of it
    if what not in set(Act) and not knows.told:
        return True  # its own first letter is still waiting; a reminder would come before it
    return row.calendar == REQUEST and is_open and not knows.holds  # calendars show only what is settled


def _row(what: str, by: By, side: By) -> Letter | None:
    roles = {side.value, "actor" if by is side else "other"}
    return next((row for row in LETTERS.get(what, ()) if row.reader in roles), None)


UNDO_FOR = timedelta(minutes=10)
GRACE: dict[str, timedelta] = {
    Act.ACCEPT: timedelta(minutes=2),
    Act.AGREE: timedelta(minutes=2),
    Act.DECLINE: UNDO_FOR,
    Act.MOVE: UNDO_FOR,
    Act.CANCEL: UNDO_FOR,
    Act.MISS: UNDO_FOR,
}
"""How long the *other* side's letter waits, so that a slip can be taken back unseen."""
COORDINATOR_GRACE = timedelta(minutes=1)
NO_GRACE_WITHIN = timedelta(hours=2)


def grace(what: str, *, by: By, reader: By, starts_at: datetime, now: datetime) -> timedelta:
    """How long a letter about `what`, done by `by`, waits before it leaves to `reader`."""
    if now < starts_at <= now + NO_GRACE_WITHIN or by in (CLOCK, reader):
        return timedelta(0)
    return COORDINATOR_GRACE if by is COORDINATOR else GRACE.get(what, timedelta(0))


ABSENCES = frozenset({Report.ABSENT, Report.COULD_NOT})
SILENCE = frozenset({None, Report.UNSAID})


def settle(student: Report | None, mentor: Report | None) -> Act | None:
    """What two reports settle now: hold, miss, or nothing yet (silence, a contradiction, "we moved it")."""
    reports = {student, mentor}
    if reports == {Report.MET}:
        return Act.HOLD
    if reports & ABSENCES and reports <= ABSENCES | SILENCE:
        return Act.MISS
    return None


def settle_at_last(student: Report | None, mentor: Report | None) -> Act:
    """What the closing step makes of them: one "we met" and silence is held, all else unknown."""
    reports = {student, mentor}
    return Act.HOLD if Report.MET in reports and reports <= {Report.MET} | SILENCE else Act.CLOSE


def contradicts(student: Report | None, mentor: Report | None) -> bool:
    """Whether one says they met and the other that they did not: a matter for the coordinator."""
    reports = {student, mentor}
    return Report.MET in reports and bool(reports & ABSENCES)
