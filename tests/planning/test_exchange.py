"""Making room: no tiny round can be given more first chats than it is."""

from typing import Any

from hypothesis import given, settings

from scheduler.planning import solve
from scheduler.planning.problem import Instance
from tests.support import exhaustive, instances, plan_checker


@settings(max_examples=150, deadline=None)
@given(instances.tiny(longest=3))
def test_no_way_to_plan_a_tiny_round_has_better_first_chats(raw: dict[str, Any]) -> None:
    plan = solve.solve(Instance.from_json(raw)).to_json()
    assert plan_checker.first_value(raw, plan) == exhaustive.best_first_value(raw)


def test_one_who_moves_makes_room_for_one_who_cannot() -> None:
    students = [instances.student("s0", [[20, 22], [30, 31]], passed=2), instances.student("s1", [[20, 21]])]
    mentors = [instances.mentor("m0", [[20, 21]], tags=[1]), instances.mentor("m1", [[30, 31]])]
    students[0]["tags"] = [1]
    assert starts(instances.a_round(students, mentors)) == {"s0": 30, "s1": 20}


def test_one_moves_within_the_same_mentors_times_to_make_room() -> None:
    students = [instances.student("s0", [[10, 14]], passed=2), instances.student("s1", [[10, 12]])]
    mentors = [instances.mentor("m0", [[10, 14]], capacity=2, chat_ticks=2)]
    assert starts(instances.a_round(students, mentors)) == {"s0": 12, "s1": 10}


def test_sixty_move_up_by_one_to_let_the_last_in() -> None:
    students = [
        instances.student(f"s{k:02}", [[k, k + 1], [k + 1, k + 2]], passed=1, pref=[[k, k + 1]])
        for k in range(60)
    ]
    last = instances.student("s99", [[0, 1]])
    mentors = [instances.mentor("m0", [[0, 61]], capacity=61, max_per_day=61)]
    found = starts(instances.a_round([*students, last], mentors, horizon=61))
    assert found == {"s99": 0} | {f"s{k:02}": k + 1 for k in range(60)}


def test_one_in_the_middle_makes_way_for_two() -> None:
    """A chat of two ticks in the middle of four blocks two others, though it is planned first."""
    students = [
        instances.student("s0", [[11, 13]], pref=[[11, 13]]),
        instances.student("s1", [[10, 12]]),
        instances.student("s2", [[12, 14]]),
    ]
    mentors = [instances.mentor("m0", [[10, 14]], capacity=2, chat_ticks=2)]
    assert starts(instances.a_round(students, mentors)) == {"s1": 10, "s2": 12}


def test_a_pinned_chat_makes_way_for_nobody() -> None:
    students = [instances.student("s0", [[11, 13]]), instances.student("s1", [[10, 12]])]
    mentors = [instances.mentor("m0", [[10, 14]], capacity=2, chat_ticks=2)]
    assert starts(instances.a_round(students, mentors, pins=[[0, 0, 11]])) == {"s0": 11}


def starts(raw: dict[str, Any]) -> dict[str, int]:
    plan = solve.solve(Instance.from_json(raw))
    assert plan_checker.violations(raw, plan.to_json()) == []
    return {chat.student: chat.start for chat in plan.chats}
