"""A sweep that finds nothing due: it asks little, writes nothing, and drops what was kept long enough."""

from datetime import date, timedelta

from sqlalchemy import func, select

from scheduler import db, limits, sweep
from tests.support import queries
from tests.support.clock import Clock
from tests.support.world import World


def planned_by_nobody(round_id: int) -> None:
    raise AssertionError(f"round {round_id} is not due")


def test_it_asks_whether_anything_is_due_or_a_letter_waits_and_whether_it_is_morning(world: World) -> None:
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    world.run()
    with queries.counted() as sent:
        assert world.run() == 0
    assert [words.split()[0] for words in sent if not words.startswith("BEGIN")] == ["SELECT"] * 3


def test_what_is_kept_for_two_days_goes_after_them_though_nothing_else_is_due(
    service: None, clock: Clock
) -> None:
    with db.transaction() as session:
        limits.allows(session, "asking", "somebody", clock.moment, most=1, within=timedelta(hours=1))
    for days, left in ((1, 1), (2, 0)):
        clock.advance(days=days)
        sweep.carry_out(clock.moment, plan=planned_by_nobody)
        with db.reading() as session:
            assert session.scalar(select(func.count(limits.Count.id))) == left
