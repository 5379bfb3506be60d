"""Instances and plans survive their JSON, and what is wrong in one is named."""

import gzip
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings

from scheduler.planning import problem
from scheduler.planning.problem import BadInstance, BadPlan, Instance, Plan, PlannedChat, Unmatched
from tests.support import instances


@settings(max_examples=30, deadline=None)
@given(instances.tiny())
def test_an_instance_comes_back_from_its_json_unchanged(raw: dict[str, Any]) -> None:
    read = Instance.from_json(raw)
    assert read.to_json() == raw
    assert problem.read_instance(problem.written(read)) == read


def test_an_instance_is_read_from_text_bytes_and_gzip_alike() -> None:
    text = json.dumps(instances.example())
    expected = Instance.from_json(instances.example())
    for content in (text, text.encode(), b"\xef\xbb\xbf" + text.encode(), gzip.compress(text.encode())):
        assert problem.read_instance(content) == expected


def test_unknown_fields_are_ignored() -> None:
    raw = instances.example()
    raw["colour"] = raw["students"][0]["colour"] = raw["mentors"][1]["colour"] = {"any": ["thing"]}
    assert Instance.from_json(raw) == Instance.from_json(instances.example())


def test_a_mentor_without_a_length_of_their_own_gives_the_usual_one() -> None:
    raw = instances.a_round(
        [], [instances.mentor("m0", []), instances.mentor("m1", [], chat_ticks=4)], chat_ticks=2
    )
    read = Instance.from_json(raw)
    assert [read.length(0), read.length(1)] == [2, 4]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (["format"], "other/1", '"Format" of the instance must be'),
        (["horizon"], "48", '"horizon" of the instance must be a whole number.'),
        (["horizon"], True, '"horizon" of the instance must be a whole number.'),
        (["horizon"], 48.0, '"horizon" of the instance must be a whole number.'),
        (["horizon"], 10**60, '"horizon" of the instance must be between 0 and 600000, but is far off.'),
        (["chat_ticks"], 0, '"chat_ticks" of the instance must be between 1 and 600000, but is 0.'),
        (["t0"], "2026-04-13", '"t0" of the instance must be a UTC time like 2026-04-13T00:00:00Z.'),
        (
            ["t0"],
            "2026-02-31T00:00:00Z",
            '"t0" of the instance must be a UTC time like 2026-04-13T00:00:00Z.',
        ),
        (["students"], {}, '"students" of the instance must be a list.'),
        (["students", 1, "id"], "s0", 'There are two students with the id "s0".'),
        (["students", 0, "free"], [[5, 3]], 'Entry 0 of "free" of student "s0" ends before it starts.'),
        (
            ["students", 0, "free"],
            [[3, 5], [4, 6]],
            'Entry 1 of "free" of student "s0" overlaps the one before',
        ),
        (
            ["students", 0, "free", 1],
            [3],
            'Entry 1 of "free" of entry 0 of "students" of the instance must be two',
        ),
        (["students", 0, "conc"], 3, '"conc" of student "s0" must be 0, 1 or 2, but is 3.'),
        (["students", 0, "want"], -1, '"want" of entry 0 of "students" of the instance must be between 0'),
        (["mentors", 1, "lens"], [3], 'The lens 3 of mentor "m1" is not among the 3 lenses.'),
        (
            ["mentors", 1, "tz"],
            "Moon/Base",
            'The zones must list the days of "Moon/Base" in ascending order.',
        ),
        (
            ["mentors", 1, "chat_ticks"],
            0,
            '"chat_ticks" of entry 1 of "mentors" of the instance must be between 1',
        ),
        (["zones", "Etc/UTC"], [9, 4], 'The zones must list the days of "Etc/UTC" in ascending order.'),
        (["history"], [[0, 2]], "Entry 0 of the history names mentor 2, who does not exist."),
        (
            ["exclusions"],
            [[0, 0], [-1, 0]],
            "Entry 1 of the exclusions names student -1, who does not exist.",
        ),
        (["pins"], [[0, 0, 48]], "Entry 0 of the pins lies outside the horizon of 48 ticks."),
        (["candidates"], [[]], "The candidates must hold one list for every student."),
    ],
)
def test_a_wrong_instance_is_refused_with_a_sentence_naming_what_and_where(
    path: list[Any], value: Any, said: str
) -> None:
    raw = inside = instances.example()
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    with pytest.raises(BadInstance) as refused:
        Instance.from_json(raw)
    assert str(refused.value).lower().startswith(said.lower())
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("missing", ["format", "t0", "weights", "zones", "students", "pins"])
def test_a_missing_field_is_named(missing: str) -> None:
    raw = instances.example()
    del raw[missing]
    with pytest.raises(BadInstance, match=f'^The instance lacks the field "{missing}".$'):
        Instance.from_json(raw)


def test_an_instance_made_in_code_is_checked_as_well() -> None:
    sound = Instance.from_json(instances.example())
    with pytest.raises(BadInstance, match="names student 7"):
        replace(sound, history=((7, 0),))
    with pytest.raises(BadInstance, match="must say its zone"):
        replace(sound, t0=datetime(2026, 4, 13))  # noqa: DTZ001, the naive time is what is refused


def test_a_plan_comes_back_from_its_json_unchanged() -> None:
    plan = Plan(
        instance="spring",
        chats=(PlannedChat("s4", "m0", 57, 2), PlannedChat("s5", "m0", 60)),
        unmatched=(Unmatched("s9", "no_common_time"), Unmatched("s10", "mentors_full", "One more.", "m0", 4)),
    )
    assert Plan.from_json(plan.to_json()) == plan
    assert problem.read_plan(problem.written(plan)) == plan
    assert plan.to_json()["chats"][1] == {"student": "s5", "mentor": "m0", "start": 60}


@pytest.mark.parametrize("raw", [[], {"format": "coffee-rounds-plan/2"}, {"format": "coffee-rounds-plan/1"}])
def test_what_is_not_a_plan_is_refused(raw: object) -> None:
    with pytest.raises(BadPlan, match="plan"):
        Plan.from_json(raw)
