"""The judge of plans finds each broken rule by its name."""

from typing import Any

import pytest

from tests.support import instances, plan_checker


def judged(chats: list[tuple[Any, ...]], **changes: Any) -> list[str]:
    students = [instances.student("s0", [[8, 14]], want=2), instances.student("s1", [[8, 14]], want=1)]
    mentors = [
        instances.mentor("m0", [[8, 14]], capacity=2, max_per_day=2),
        instances.mentor("m1", [[8, 14]], capacity=1, max_per_day=1, chat_ticks=2),
    ]
    raw = instances.a_round(students, mentors, buffer_ticks=1, zones={"Etc/UTC": [12]}) | changes
    rows = [dict(zip(("student", "mentor", "start", "ticks"), chat, strict=False)) for chat in chats]
    return plan_checker.violations(raw, {"format": "coffee-rounds-plan/1", "chats": rows})


def test_a_sound_plan_breaks_nothing() -> None:
    assert judged([("s0", "m0", 8, 1), ("s0", "m1", 10, 2), ("s1", "m0", 12)]) == []


@pytest.mark.parametrize(
    ("rule", "chats", "changes"),
    [
        ("unknown-student", [("s7", "m0", 8)], {}),
        ("unknown-mentor", [("s0", "m7", 8)], {}),
        ("bad-start", [("s0", "m0", "8")], {}),
        ("wrong-length", [("s0", "m1", 8, 1)], {}),
        ("outside-horizon", [("s0", "m1", 12)], {"horizon": 13}),
        ("excluded-pair", [("s0", "m0", 8)], {"exclusions": [[0, 0]]}),
        ("conflict-of-interest", [("s0", "m0", 8)], {"conflicts": [[0, 0]]}),
        ("history-pair", [("s0", "m0", 8)], {"history": [[0, 0]]}),
        ("not-a-candidate", [("s0", "m0", 8)], {"candidates": [[[1, 5]], []]}),
        ("pair-twice", [("s0", "m0", 8), ("s0", "m0", 12)], {}),
        ("student-overlap", [("s0", "m1", 8), ("s0", "m0", 10)], {}),
        ("mentor-overlap", [("s0", "m0", 8), ("s1", "m0", 9)], {}),
        ("student-count", [("s1", "m0", 8), ("s1", "m1", 10)], {}),
        ("missing-pin", [("s0", "m0", 8)], {"pins": [[0, 0, 9]]}),
    ],
)
def test_each_broken_rule_is_named(rule: str, chats: list[tuple[Any, ...]], changes: dict[str, Any]) -> None:
    assert judged(chats, **changes) == [rule]


def test_too_many_chats_of_a_mentor_are_named_by_round_and_by_day() -> None:
    assert judged([("s0", "m1", 8), ("s1", "m1", 12)]) == ["mentor-capacity"]
    assert judged([("s0", "m1", 8), ("s1", "m1", 11)], zones={"Etc/UTC": []}) == [
        "mentor-capacity",
        "mentor-day-limit",
    ]


def test_time_outside_what_was_ticked_is_for_pins_alone() -> None:
    chats = [("s0", "m0", 20)]
    assert judged(chats) == ["mentor-not-free", "student-not-free"]
    assert judged(chats, pins=[[0, 0, 20]]) == []
