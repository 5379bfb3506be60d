"""Bits of free time, fits, and the starts a pair shares."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies

from scheduler.planning import candidates
from scheduler.planning.candidates import Candidates
from scheduler.planning.problem import Instance, Mentor, Student
from tests.support import exhaustive, instances, plan_checker


@given(strategies.sets(strategies.integers(0, 60)), strategies.integers(1, 9))
def test_eroded_time_is_where_a_whole_chat_fits(free: set[int], length: int) -> None:
    bits = candidates.eroded(candidates.bitmap([(tick, tick + 1) for tick in free], 61), length)
    assert list(candidates.ticks(bits)) == [t for t in range(61) if set(range(t, t + length)) <= free]


def test_time_outside_the_horizon_does_not_count() -> None:
    assert list(candidates.ticks(candidates.bitmap([(-3, 2), (8, 30)], 10))) == [0, 1, 8, 9]


@pytest.mark.parametrize(
    ("gap", "worth"), [(-1, 0), (0, 0), (1, 200), (2, 200), (3, 150), (4, 100), (5, 50), (7, 50)]
)
def test_the_gap_between_stages_counts(gap: int, worth: int) -> None:
    student = Student(id="s", free=(), stage=1 if gap < 0 else 0, conc=2)
    mentor = Mentor(id="m", free=(), stage=0 if gap < 0 else gap)
    assert candidates.fit(student, mentor) == worth


@pytest.mark.parametrize(("conc", "shared", "apart"), [(0, 100, 100), (1, 200, 60), (2, 200, 0)])
def test_a_shared_identity_counts_as_much_as_the_student_asked(conc: int, shared: int, apart: int) -> None:
    student = Student(id="s", free=(), ident=(3, 4), conc=conc)
    assert candidates.fit(student, Mentor(id="m", free=(), ident=(4,))) == shared
    assert candidates.fit(student, Mentor(id="m", free=(), ident=(5,))) == apart


def test_shared_tags_round_down() -> None:
    student = Student(id="s", free=(), tags=(1, 2, 3), conc=2)
    assert candidates.fit(student, Mentor(id="m", free=(), tags=(2, 9))) == 133


@settings(max_examples=30, deadline=None)
@given(instances.tiny(longest=3, pins=False))
def test_pairs_fits_and_starts_are_those_of_the_format(raw: dict[str, Any]) -> None:
    allowed = Candidates(Instance.from_json(raw))
    for i in range(len(raw["students"])):
        raw["students"][i]["want"] = 1
        possible = {
            (j, start) for j, start in exhaustive.allowed_slots(raw, i) if raw["mentors"][j]["capacity"]
        }
        found = {(j, tick) for j, bits in allowed.mentors_of[i].items() for tick in candidates.ticks(bits)}
        assert found == possible
        for j, _ in found:
            assert allowed.fit(i, j) == plan_checker.fit(raw, i, j)
