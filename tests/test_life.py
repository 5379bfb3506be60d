"""What a life is: agendas that skip what was never due and drop what comes too late."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduler import life
from scheduler.life import Step

SINCE = datetime(2027, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
AGENDA = (
    Step(name="remind", anchor="starts_at", offset=-DAY, worth=timedelta(hours=6)),
    Step(name="ask", anchor="ends_at", offset=timedelta(hours=10)),
    Step(name="close", anchor="ends_at", offset=7 * DAY),
)


def following(last: str | None, starts_in: timedelta) -> tuple[str, datetime] | None:
    start = SINCE + starts_in
    return life.next_step(AGENDA, last, SINCE, {"starts_at": start, "ends_at": start})


def test_the_first_step_comes_first() -> None:
    assert following(None, 3 * DAY) == ("remind", SINCE + 2 * DAY)


def test_a_reminder_that_was_never_due_is_left_out() -> None:
    assert following(None, timedelta(hours=3)) == ("ask", SINCE + timedelta(hours=13))


def test_steps_follow_one_another_to_the_end() -> None:
    names, last = [], None
    while (step := following(last, 3 * DAY)) is not None:
        names.append(step[0])
        last = step[0]
    assert names == ["remind", "ask", "close"]


def test_a_step_without_its_anchor_is_passed_over() -> None:
    assert life.next_step(AGENDA, None, SINCE, {"starts_at": None, "ends_at": SINCE}) == (
        "ask",
        SINCE + timedelta(hours=10),
    )


@pytest.mark.parametrize(("late", "dropped"), [(5, False), (7, True)])
def test_only_a_droppable_step_is_ever_too_late(late: int, *, dropped: bool) -> None:
    moment = SINCE + timedelta(hours=late)
    assert life.is_too_late(AGENDA, "remind", SINCE, moment) is dropped
    assert life.is_too_late(AGENDA, "ask", SINCE, moment + 30 * DAY) is False


def test_a_programmes_own_lead_time_keeps_the_tables_direction() -> None:
    own = life.with_offsets(AGENDA, {"remind": 2 * DAY, "close": 3 * DAY})
    assert [step.offset for step in own] == [-2 * DAY, timedelta(hours=10), 3 * DAY]
