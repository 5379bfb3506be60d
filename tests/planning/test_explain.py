"""Every student left out has the right reason, and every pair reasons to be planned."""

from dataclasses import replace
from typing import Any

import pytest

from scheduler.planning import explain, solve
from scheduler.planning.problem import Instance, PlannedChat, Unmatched
from tests.support import instances, plan_checker

FREE = [[8, 9]]


def left_out(raw: dict[str, Any]) -> list[Unmatched]:
    plan = solve.solve(Instance.from_json(raw))
    assert {one.student: one.reason for one in plan.unmatched} == plan_checker.reasons(raw, plan.to_json())
    return list(plan.unmatched)


def test_no_chat_wanted_and_no_span_long_enough_are_no_time() -> None:
    students = [
        instances.student("s0", FREE, want=0),
        instances.student("s1", FREE),
        instances.student("s2", []),
    ]
    raw = instances.a_round(students, [instances.mentor("m0", [[8, 12]], chat_ticks=2)])
    assert [one.reason for one in left_out(raw)] == ["no_time", "no_time", "no_time"]


def test_no_allowed_mentor_names_what_rules_out_most() -> None:
    mentors = [instances.mentor(f"m{j}", FREE) for j in range(3)] + [instances.mentor("m3", FREE, capacity=0)]
    raw = instances.a_round(
        [instances.student("s0", FREE)], mentors, history=[[0, 0], [0, 2]], exclusions=[[0, 1]]
    )
    assert left_out(raw) == [
        Unmatched(
            "s0", "no_allowed_mentor", "Most mentors here have met them before; a new mentor would help."
        )
    ]


def test_no_common_time_names_the_mentor_with_the_least_missing() -> None:
    mentors = [
        instances.mentor("m0", [[20, 24]], chat_ticks=3),
        instances.mentor("m1", [[9, 13]], chat_ticks=3),
    ]
    raw = instances.a_round([instances.student("s0", [[7, 11]])], mentors, chat_ticks=3)
    change = "If they could spare 30 more minutes, this mentor has time."
    assert left_out(raw) == [Unmatched("s0", "no_common_time", change, "m1", 9)]


def test_mentors_full_names_the_mentor_whose_one_more_chat_is_enough() -> None:
    students = [instances.student("s0", FREE, passed=1), instances.student("s1", [[8, 10]], tags=[1])]
    raw = instances.a_round(students, [instances.mentor("m0", [[8, 10]], tags=[1])])
    change = "If this mentor gave one more chat, they could meet."
    assert left_out(raw) == [Unmatched("s1", "mentors_full", change, "m0", 9)]


def test_times_taken_names_a_mentor_with_room() -> None:
    students = [instances.student("s0", FREE, passed=1), instances.student("s1", FREE)]
    raw = instances.a_round(students, [instances.mentor("m0", [[8, 20]], capacity=2)])
    (one,) = left_out(raw)
    assert (one.student, one.reason, one.mentor) == ("s1", "times_taken", "m0")


def test_a_full_day_is_times_taken() -> None:
    students = [instances.student(f"s{k}", [[8, 20]]) for k in range(2)]
    raw = instances.a_round(students, [instances.mentor("m0", [[8, 20]], capacity=2, max_per_day=1)])
    assert [one.reason for one in left_out(raw)] == ["times_taken"]


def test_an_unfinished_plan_has_avoidable_gaps() -> None:
    instance = Instance.from_json(instances.example())
    finished = solve.solve(instance)
    unfinished = replace(finished, chats=finished.chats[1:], unmatched=())
    assert explain.reasons(instance, unfinished) == [Unmatched("s0", "avoidable")]
    assert explain.reasons(instance, finished) == []


def test_reasons_come_in_the_order_of_ids() -> None:
    raw = instances.a_round([instances.student(name, []) for name in ("c", "a", "b")], [])
    empty = replace(solve.solve(Instance.from_json(raw)), unmatched=())
    assert [one.student for one in explain.reasons(Instance.from_json(raw), empty)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "reason", ["no_time", "no_allowed_mentor", "no_common_time", "mentors_full", "times_taken", "avoidable"]
)
def test_every_reason_has_its_own_sentence(reason: str) -> None:
    sentence = explain.words(reason)
    assert sentence.endswith(".")
    assert [code for code, words in explain.WORDS.items() if words == sentence] == [reason]


def test_a_pair_is_planned_for_reasons_but_what_they_have_in_common_is_not_told() -> None:
    raw = instances.example()
    raw["students"][0]["passed"] = 2
    instance = Instance.from_json(raw)
    assert explain.why_pair(instance, "s0", "m0", 20) == (
        "went first because left out last time",
        "new: near-peer",
        "not met before",
    )
    assert explain.why_pair(instance, "s1", "m0", 20) == (
        "went first because left out last time",
        "a time the student likes",
        "not met before",
    )


def test_a_pin_and_a_past_pair_are_said_to_be_so() -> None:
    instance = Instance.from_json(instances.example() | {"pins": [[0, 0, 20]], "history": [[0, 0]]})
    why = explain.why_pair(instance, "s0", "m0", 20)
    assert (why[0], why[-1]) == ("fixed beforehand", "have met before")
    with pytest.raises(KeyError):
        explain.reasons(instance, replace(solve.solve(instance), chats=(PlannedChat("nobody", "m0", 20),)))
