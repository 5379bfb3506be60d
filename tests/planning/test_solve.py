"""Whole plans: every hard rule holds, nobody is forgotten, and the same round always gets the same plan."""

import os
import random
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings

from scheduler.planning import problem, solve
from scheduler.planning.problem import Instance, Plan
from tests.support import instances, plan_checker


def test_the_worked_example_is_worth_22288() -> None:
    raw = instances.example()
    plan = solve.solve(Instance.from_json(raw)).to_json()
    assert plan["chats"] == [
        {"student": "s0", "mentor": "m1", "start": 30, "ticks": 1},
        {"student": "s1", "mentor": "m0", "start": 20, "ticks": 1},
    ]
    assert plan["unmatched"] == []
    assert plan_checker.objective(raw, plan) == 22288


@settings(max_examples=150, deadline=None)
@given(instances.tiny(longest=3, most_wanted=3))
def test_pins_buffers_and_mixed_lengths_never_break_a_rule(raw: dict[str, Any]) -> None:
    plan = solve.solve(Instance.from_json(raw))
    assert plan_checker.violations(raw, plan.to_json()) == []
    assert {one.student: one.reason for one in plan.unmatched} == plan_checker.reasons(raw, plan.to_json())
    assert "avoidable" not in {one.reason for one in plan.unmatched}


@pytest.mark.parametrize(("students", "mentors", "days"), [(40, 14, 28), (60, 20, 3), (120, 30, 10)])
def test_a_round_of_ordinary_size_is_planned_by_the_rules(students: int, mentors: int, days: int) -> None:
    raw = instances.invented(students, mentors, seed=7, days=days)
    raw["pins"] = [[0, 0, 5], [0, 1, 9], [1, 0, 12]]
    raw["students"][0]["want"] = raw["mentors"][0]["capacity"] = raw["mentors"][0]["max_per_day"] = 2
    plan = solve.solve(Instance.from_json(raw))
    assert plan_checker.violations(raw, plan.to_json()) == []
    assert {one.student: one.reason for one in plan.unmatched} == plan_checker.reasons(raw, plan.to_json())
    assert len(plan.chats) > min(students, mentors)


@settings(max_examples=40, deadline=None)
@given(instances.tiny(longest=2))
def test_the_order_of_people_makes_no_difference(raw: dict[str, Any]) -> None:
    assert solve.solve(Instance.from_json(shuffled(raw, 3))) == solve.solve(Instance.from_json(raw))


def test_the_order_of_many_people_makes_no_difference() -> None:
    raw = instances.invented(60, 20, seed=2, days=4)
    plan = solve.solve(Instance.from_json(raw))
    assert {solve.solve(Instance.from_json(shuffled(raw, seed))) for seed in (1, 2)} == {plan}


@pytest.mark.parametrize("hash_seed", ["0", "1", "77"])
def test_another_hash_seed_makes_no_difference(hash_seed: str) -> None:
    instance = Instance.from_json(instances.invented(40, 14, seed=5, days=3))
    script = (
        "import sys; from scheduler.planning import problem, solve; "
        "print(problem.written(solve.solve(problem.read_instance(sys.stdin.read()))), end='')"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        input=problem.written(instance),
        env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == problem.written(solve.solve(instance))


def test_those_passed_over_go_first() -> None:
    students = [instances.student(f"s{k}", [[8, 9]], passed=k % 3, tags=[1]) for k in range(6)]
    raw = instances.a_round(students, [instances.mentor("m0", [[8, 9]], tags=[1])])
    raw["students"][2]["tags"] = [5]
    plan = solve.solve(Instance.from_json(raw))
    assert [chat.student for chat in plan.chats] == ["s5"]


def test_a_second_mentor_in_a_new_lens_is_worth_more() -> None:
    student = instances.student("s0", [[0, 30]], want=2)
    mentors = [
        instances.mentor("m0", [[0, 4]], lens=[0], stage=2),
        instances.mentor("m1", [[4, 8]], lens=[0], stage=2),
        instances.mentor("m2", [[20, 24]], lens=[1], stage=4),
    ]
    plan = solve.solve(Instance.from_json(instances.a_round([student], mentors)))
    assert [chat.mentor for chat in plan.chats] == ["m0", "m2"]


def test_a_lens_met_in_an_earlier_round_is_not_new() -> None:
    mentors = [instances.mentor("m0", [[8, 9]], lens=[0]), instances.mentor("m1", [[8, 9]], lens=[1])]
    raw = instances.a_round([instances.student("s0", [[8, 9]], seen=[0])], mentors)
    assert starts(solve.solve(Instance.from_json(raw))) == [("s0", "m1", 8)]


def test_a_long_chat_before_a_short_one_ends_in_time() -> None:
    mentors = [instances.mentor("m0", [[10, 11]]), instances.mentor("m1", [[8, 14]], chat_ticks=3)]
    raw = instances.a_round([instances.student("s0", [[8, 14]], want=2)], mentors, pins=[[0, 0, 10]])
    assert starts(solve.solve(Instance.from_json(raw))) == [("s0", "m0", 10), ("s0", "m1", 11)]


def test_a_pin_outside_the_ticked_time_and_against_the_lists_stays() -> None:
    raw = instances.a_round(
        [instances.student("s0", [])],
        [instances.mentor("m0", [])],
        pins=[[0, 0, 7]],
        history=[[0, 0]],
        conflicts=[[0, 0]],
        candidates=[[]],
    )
    assert starts(solve.solve(Instance.from_json(raw))) == [("s0", "m0", 7)]


def test_a_day_is_the_mentors_own() -> None:
    """Ticks 9 and 10 lie on two local days of the mentor, so one chat a day allows both."""
    students = [instances.student("s0", [[9, 10]]), instances.student("s1", [[10, 11]])]
    mentors = [instances.mentor("m0", [[9, 11]], capacity=2, max_per_day=1)]
    raw = instances.a_round(students, mentors, zones={"Etc/UTC": [10]})
    assert starts(solve.solve(Instance.from_json(raw))) == [("s0", "m0", 9), ("s1", "m0", 10)]
    raw["zones"] = {"Etc/UTC": [8]}
    assert len(solve.solve(Instance.from_json(raw)).chats) == 1


def test_a_round_without_people_has_an_empty_plan() -> None:
    assert solve.solve(Instance.from_json(instances.a_round([], [], name="none"))) == Plan("none", ())


def starts(plan: Plan) -> list[tuple[str, str, int]]:
    return [(chat.student, chat.mentor, chat.start) for chat in plan.chats]


def shuffled(raw: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same round with its people, and every list of pairs, in another order."""
    pick = random.Random(seed)
    new = {role: pick.sample(range(len(raw[role])), len(raw[role])) for role in ("students", "mentors")}

    def moved(rows: list[list[int]]) -> list[list[int]]:
        changed = [[new["students"].index(i), new["mentors"].index(j), *rest] for i, j, *rest in rows]
        return pick.sample(changed, len(changed))

    other = raw | {role: [raw[role][old] for old in new[role]] for role in new}
    other |= {name: moved(raw[name]) for name in ("history", "exclusions", "conflicts", "pins")}
    if raw["candidates"] is not None:
        other["candidates"] = [
            [[new["mentors"].index(j), fit] for j, fit in reversed(raw["candidates"][old])]
            for old in new["students"]
        ]
    return other
