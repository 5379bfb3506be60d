"""The chat's life over its whole grid: state by act by actor, and the choice of letters."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from scheduler.chats import lifecycle
from scheduler.chats.lifecycle import Act, Knows, Report, State
from scheduler.life import By, NotNow

START = datetime(2027, 3, 9, 21, 30, tzinfo=UTC)
BEFORE, AFTER = START - timedelta(days=3), START + timedelta(hours=1)

# One row a state; a cell says where the act leads, "=" already there, "-" no such way. S, M, C, T: only
# student, mentor, coordinator or time may; "S:confirmed M:proposed" where it depends on who acts.
GRID = """
state     propose        agree          accept        decline       lapse     move                          place       cancel    hold missed  close
new       MCT:planned    SC:confirmed   -             -             -         -                             -           -         -    -       -
planned   MCT:proposed   -              -             -             -         C:planned                     C:planned   cancelled -    -       -
proposed  =              -              S:confirmed   SM:declined   T:lapsed  S:confirmed,MC:proposed       C:proposed  cancelled -    -       -
confirmed -              =              =             SM:declined   -         SMC:confirmed                 C:confirmed cancelled held missed  CT:unknown
declined  -              -              -             =             -         -                             -           -         -    -       -
lapsed    -              -              -             -             =         -                             -           -         -    -       -
cancelled -              -              -             -             -         -                             -           =         -    -       -
held      -              -              -             -             -         -                             -           -         =    -       -
missed    -              -              -             -             -         -                             -           -         -    =       -
unknown   -              -              -             -             -         -                             -           -         -    -       =
"""  # noqa: E501  # a table is read across
LETTER = {By.STUDENT: "S", By.MENTOR: "M", By.COORDINATOR: "C", By.CLOCK: "T"}


def _cells() -> dict[tuple[State, Act], str]:
    header, *rows = (line.split() for line in GRID.strip().splitlines())
    acts = [Act.MISS if name == "missed" else Act(name) for name in header[1:]]
    return {(State(row[0]), act): cell for row in rows for act, cell in zip(acts, row[1:], strict=True)}


def _expected(cell: str, by: By, state: State) -> State | str:
    if cell == "-":
        return "refused"
    for choice in cell.split(","):
        who, _, to = choice.rpartition(":")
        if choice == "=":
            return "already"
        if not who or LETTER[by] in who:
            return State(to)
    # whoever may not do it is refused, but for what is so already
    return "refused"


@pytest.mark.parametrize(
    ("state", "act", "by"), list(product(State, [act for act in Act if act is not Act.UNDO], By))
)
def test_the_whole_grid(state: State, act: Act, by: By) -> None:
    now = AFTER if act in (Act.HOLD, Act.MISS, Act.CLOSE) else BEFORE
    try:
        found: State | str = lifecycle.follow(state, act, by, starts_at=START, now=now) or "already"
    except NotNow:
        found = "refused"
    assert found == _expected(_cells()[state, act], by, state)


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.DECLINE, Act.MOVE, Act.CANCEL])
def test_answers_end_when_the_chat_begins(act: Act) -> None:
    state = State.PROPOSED
    assert lifecycle.follow(state, act, By.STUDENT, starts_at=START, now=START - timedelta(seconds=1))
    with pytest.raises(NotNow, match="time has come"):
        lifecycle.follow(state, act, By.STUDENT, starts_at=START, now=START)


def test_the_clock_lets_go_of_a_chat_nobody_agreed_to_however_late() -> None:
    for state in (State.PLANNED, State.PROPOSED):
        found = lifecycle.follow(state, Act.CANCEL, By.CLOCK, starts_at=START, now=AFTER)
        assert found is State.CANCELLED


@pytest.mark.parametrize("act", [Act.HOLD, Act.MISS, Act.CLOSE])
def test_outcomes_wait_until_the_chat_begins(act: Act) -> None:
    state = State.CONFIRMED
    assert lifecycle.follow(state, act, By.COORDINATOR, starts_at=START, now=START)
    with pytest.raises(NotNow, match="not begun"):
        lifecycle.follow(state, act, By.COORDINATOR, starts_at=START, now=START - timedelta(seconds=1))


M, A, C, V, U = Report.MET, Report.ABSENT, Report.COULD_NOT, Report.MOVED, Report.UNSAID


@pytest.mark.parametrize(
    ("one", "other", "now", "at_last", "contradicts"),
    [
        (None, None, None, Act.CLOSE, False),
        (M, None, None, Act.HOLD, False),
        (M, U, None, Act.HOLD, False),
        (M, M, Act.HOLD, Act.HOLD, False),
        (A, None, Act.MISS, Act.CLOSE, False),
        (C, None, Act.MISS, Act.CLOSE, False),
        (A, U, Act.MISS, Act.CLOSE, False),
        (A, C, Act.MISS, Act.CLOSE, False),
        (C, C, Act.MISS, Act.CLOSE, False),
        (M, A, None, Act.CLOSE, True),
        (M, C, None, Act.CLOSE, True),
        (V, None, None, Act.CLOSE, False),
        (V, M, None, Act.CLOSE, False),
        (V, A, None, Act.CLOSE, False),
        (U, None, None, Act.CLOSE, False),
    ],
)
def test_two_reports_and_what_they_settle(
    one: Report | None, other: Report | None, now: Act | None, at_last: Act, *, contradicts: bool
) -> None:
    for student, mentor in ((one, other), (other, one)):
        assert lifecycle.settle(student, mentor) is now
        assert lifecycle.settle_at_last(student, mentor) is at_last
        assert lifecycle.contradicts(student, mentor) is contradicts


TOLD, UNTOLD = Knows(told=True, holds=True), Knows(told=False)


@pytest.mark.parametrize(
    ("what", "by", "side", "state", "knows", "letter"),
    [
        (Act.PROPOSE, By.CLOCK, By.STUDENT, State.PROPOSED, UNTOLD, ("chat_proposed", "REQUEST")),
        (Act.PROPOSE, By.CLOCK, By.MENTOR, State.PROPOSED, UNTOLD, None),
        (Act.PROPOSE, By.CLOCK, By.STUDENT, State.PLANNED, UNTOLD, None),
        (Act.ACCEPT, By.STUDENT, By.MENTOR, State.CONFIRMED, UNTOLD, ("chat_confirmed", "REQUEST")),
        (Act.DECLINE, By.STUDENT, By.STUDENT, State.DECLINED, TOLD, ("chat_try_again", "CANCEL")),
        (Act.DECLINE, By.STUDENT, By.MENTOR, State.DECLINED, UNTOLD, None),
        (Act.DECLINE, By.STUDENT, By.MENTOR, State.DECLINED, TOLD, ("chat_declined", "CANCEL")),
        (
            Act.DECLINE,
            By.STUDENT,
            By.MENTOR,
            State.DECLINED,
            Knows(told=False, acted=True),
            ("chat_declined", None),
        ),
        (Act.MOVE, By.STUDENT, By.MENTOR, State.CONFIRMED, UNTOLD, ("chat_confirmed", "REQUEST")),
        (Act.MOVE, By.STUDENT, By.MENTOR, State.CONFIRMED, TOLD, ("chat_moved", "REQUEST")),
        (Act.MOVE, By.STUDENT, By.MENTOR, State.CONFIRMED, TOLD._replace(is_right=True), None),
        (Act.MOVE, By.COORDINATOR, By.MENTOR, State.PROPOSED, UNTOLD, None),
        (Act.MOVE, By.MENTOR, By.MENTOR, State.PROPOSED, Knows(told=False, acted=True), None),
        (Act.MOVE, By.COORDINATOR, By.STUDENT, State.PROPOSED, UNTOLD, ("chat_proposed", "REQUEST")),
        (Act.PLACE, By.COORDINATOR, By.STUDENT, State.PLANNED, UNTOLD, None),
        (Act.PLACE, By.COORDINATOR, By.STUDENT, State.PROPOSED, TOLD, ("chat_placed", "REQUEST")),
        (Act.PLACE, By.COORDINATOR, By.STUDENT, State.PROPOSED, UNTOLD, ("chat_proposed", "REQUEST")),
        (Act.PLACE, By.COORDINATOR, By.MENTOR, State.PROPOSED, UNTOLD, None),
        (Act.PLACE, By.COORDINATOR, By.MENTOR, State.CONFIRMED, UNTOLD, ("chat_confirmed", "REQUEST")),
        (Act.PLACE, By.COORDINATOR, By.MENTOR, State.CONFIRMED, TOLD._replace(is_right=True), None),
        (Act.CANCEL, By.COORDINATOR, By.MENTOR, State.CANCELLED, UNTOLD, None),
        (Act.CANCEL, By.COORDINATOR, By.STUDENT, State.CANCELLED, Knows(told=True), ("chat_cancelled", None)),
        (Act.LAPSE, By.CLOCK, By.MENTOR, State.LAPSED, TOLD, ("chat_cancelled", "CANCEL")),
        (Act.UNDO, By.STUDENT, By.MENTOR, State.CONFIRMED, TOLD._replace(is_right=True), None),
        (Act.UNDO, By.STUDENT, By.MENTOR, State.CONFIRMED, TOLD, ("chat_confirmed", "REQUEST")),
        (
            Act.UNDO,
            By.STUDENT,
            By.MENTOR,
            State.CONFIRMED,
            TOLD._replace(is_elsewhen=True),
            ("chat_moved", "REQUEST"),
        ),
        (Act.UNDO, By.STUDENT, By.MENTOR, State.PROPOSED, UNTOLD, None),
        ("remind", By.CLOCK, By.MENTOR, State.CONFIRMED, UNTOLD, None),
        ("remind", By.CLOCK, By.MENTOR, State.CONFIRMED, TOLD, ("chat_reminder", None)),
        ("nudge", By.CLOCK, By.MENTOR, State.PROPOSED, TOLD, None),
    ],
)
def test_who_is_written_to(
    what: str, by: By, side: By, state: State, knows: Knows, letter: tuple[str, str | None] | None
) -> None:
    row = lifecycle.letter_for(what, by=by, side=side, state=state, knows=knows)
    assert (None if row is None else (row.name, row.calendar)) == letter


def test_a_letter_to_the_other_side_waits_and_ones_own_does_not() -> None:
    soon, far = START - timedelta(hours=1), START - timedelta(days=1)
    waits = {
        (act, by, reader, now): lifecycle.grace(act, by=by, reader=reader, starts_at=START, now=now)
        for act, by, reader, now in [
            (Act.ACCEPT, By.STUDENT, By.MENTOR, far),
            (Act.ACCEPT, By.STUDENT, By.STUDENT, far),
            (Act.DECLINE, By.STUDENT, By.MENTOR, far),
            (Act.DECLINE, By.STUDENT, By.MENTOR, soon),
            (Act.CANCEL, By.COORDINATOR, By.MENTOR, far),
            (Act.MISS, By.MENTOR, By.STUDENT, AFTER),
            (Act.LAPSE, By.CLOCK, By.STUDENT, far),
        ]
    }
    minutes = [wait.total_seconds() / 60 for wait in waits.values()]
    assert minutes == [2, 0, 10, 0, 1, 10, 0]
