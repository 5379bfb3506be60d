"""Rounds to be planned, as JSON: the worked example, invented ones of any size, tiny ones drawn at random."""

import random
from typing import Any

from hypothesis import strategies

Json = dict[str, Any]
WEIGHTS = {
    "first": 10000,
    "passed": 1000,
    "passed_max": 5,
    "lens": 100,
    "slot_student": 20,
    "slot_mentor": 10,
    "slot_early": 10,
    "crowd": 5,
}


def a_round(students: list[Json], mentors: list[Json], **changes: Any) -> Json:
    """An instance of half-hour ticks over one day, with whatever is changed."""
    return {
        "format": "coffee-rounds-instance/1",
        "name": "round",
        "seed": 0,
        "note": "",
        "t0": "2026-04-13T00:00:00Z",
        "tick_minutes": 30,
        "horizon": 48,
        "chat_ticks": 1,
        "buffer_ticks": 0,
        "weights": dict(WEIGHTS),
        "lenses": ["near-peer", "career model", "concordant"],
        "zones": {"Etc/UTC": []},
        "students": students,
        "mentors": mentors,
        "history": [],
        "exclusions": [],
        "conflicts": [],
        "pins": [],
        "candidates": None,
    } | changes


def student(id: str, free: list[list[int]], **changes: Any) -> Json:
    plain = {"pref": [], "want": 1, "passed": 0, "tags": [], "stage": 1, "ident": [], "conc": 0, "seen": []}
    return {"id": id, "tz": "Etc/UTC", "free": free} | plain | changes


def mentor(id: str, free: list[list[int]], **changes: Any) -> Json:
    plain = {"pref": [], "capacity": 1, "max_per_day": 9, "tags": [], "stage": 3, "ident": [], "lens": []}
    return {"id": id, "tz": "Etc/UTC", "free": free} | plain | changes


def example() -> Json:
    """The worked example of the format: its best plan is worth 22288."""
    return a_round(
        [
            student("s0", [[20, 22], [30, 31]], tags=[1, 2]),
            student("s1", [[20, 21]], pref=[[20, 21]], passed=1, tags=[2], seen=[0]),
        ],
        [
            mentor("m0", [[20, 21]], capacity=2, max_per_day=1, tags=[1, 2], lens=[0]),
            mentor("m1", [[30, 31]], pref=[[30, 31]], max_per_day=1, tags=[2], stage=4, lens=[1]),
        ],
        name="example",
    )


def _windows(pick: random.Random, windows: int, days: int, per_day: int) -> list[list[int]]:
    """Spans of one to five ticks in the middle of days, those that touch joined."""
    starts = sorted({pick.randrange(days) * per_day + pick.randrange(16, 36) for _ in range(windows)})
    spans: list[list[int]] = []
    for start in starts:
        end = start + pick.randint(1, 5)
        if spans and start <= spans[-1][1]:
            spans[-1][1] = max(end, spans[-1][1])
        else:
            spans.append([start, end])
    return spans


def invented(students: int, mentors: int, seed: int, *, days: int = 28, per_day: int = 48) -> Json:
    """A programme's round: tight capacity, a third of the mentors give longer chats, buffers, three zones."""
    pick = random.Random(seed)
    zones = {
        f"Zone/{hours}": [day * per_day + hours for day in range(days + 1) if day * per_day + hours > 0]
        for hours in (0, 4, 10)
    }

    def person(windows: int) -> Json:
        free = _windows(pick, windows, days, per_day)
        return {
            "tz": pick.choice(sorted(zones)),
            "free": free,
            "pref": free[: len(free) // 3],
            "tags": sorted(pick.sample(range(48), 4)),
            "stage": pick.randint(0, 7),
            "ident": [pick.randint(0, 11)],
        }

    every_student = [
        student(f"s{i}", **person(12))
        | {
            "want": pick.choice([1, 1, 1, 2]),
            "passed": pick.choice([0, 0, 0, 1, 3]),
            "conc": pick.randint(0, 2),
        }
        for i in range(students)
    ]
    every_mentor = [
        mentor(f"m{j}", **person(8))
        | {"capacity": pick.randint(1, 5), "max_per_day": pick.randint(1, 2), "lens": [pick.randint(0, 2)]}
        | ({"chat_ticks": 2} if j % 3 == 0 else {})
        for j in range(mentors)
    ]
    pairs = [[pick.randrange(students), pick.randrange(mentors)] for _ in range(3 * students)]
    return a_round(
        every_student,
        every_mentor,
        horizon=days * per_day,
        buffer_ticks=1,
        zones=zones,
        history=pairs[::3],
        exclusions=pairs[1::3],
        conflicts=pairs[2::3],
    )


@strategies.composite
def tiny(draw: strategies.DrawFn, *, longest: int = 2, most_wanted: int = 2, pins: bool = True) -> Json:
    """At most five students and three mentors on ten ticks, with everything the format knows."""
    number = strategies.integers
    horizon = 10

    def spans() -> list[list[int]]:
        free = draw(strategies.sets(number(0, horizon - 1), max_size=7))
        return [[tick, tick + 1] for tick in sorted(free)]

    def numbers(most: int) -> list[int]:
        return sorted(draw(strategies.sets(number(0, most), max_size=2)))

    students = [
        student(f"s{i}", spans(), want=draw(number(0 if most_wanted > 1 else 1, most_wanted)))
        | {"pref": spans(), "passed": draw(number(0, 2)), "tags": numbers(3), "stage": draw(number(0, 3))}
        | {"ident": numbers(2), "conc": draw(number(0, 2)), "seen": numbers(2)}
        for i in range(draw(number(1, 5)))
    ]
    mentors = [
        mentor(f"m{j}", spans(), capacity=draw(number(0, 3)), max_per_day=draw(number(1, 2)))
        | {"pref": spans(), "tags": numbers(3), "stage": draw(number(0, 5)), "lens": numbers(2)}
        | ({"chat_ticks": draw(number(1, longest))} if draw(strategies.booleans()) else {})
        for j in range(draw(number(1, 3)))
    ]
    pair = strategies.tuples(number(0, len(students) - 1), number(0, len(mentors) - 1)).map(list)
    rows = {name: draw(strategies.lists(pair, max_size=2)) for name in ("history", "exclusions", "conflicts")}
    made = a_round(students, mentors, horizon=horizon, buffer_ticks=draw(number(0, 1)), **rows)
    made["chat_ticks"] = draw(number(1, longest))
    made["zones"] = {"Etc/UTC": sorted(draw(strategies.sets(number(0, horizon), max_size=2)))}
    if draw(strategies.booleans()):
        made["candidates"] = [
            [[j, draw(number(0, 800))] for j in range(len(mentors)) if draw(strategies.integers(0, 3))]
            for _ in students
        ]
    if pins and draw(strategies.booleans()):
        _pin(draw, made)
    return made


def _pin(draw: strategies.DrawFn, made: Json) -> None:
    """One chat confirmed beforehand, whatever the two ticked; there is always room for a single pin."""
    i = draw(strategies.integers(0, len(made["students"]) - 1))
    j = draw(strategies.integers(0, len(made["mentors"]) - 1))
    start = draw(strategies.integers(0, made["horizon"] - 3))
    made["students"][i]["want"] = max(1, made["students"][i]["want"])
    made["mentors"][j]["capacity"] = max(1, made["mentors"][j]["capacity"])
    made["pins"] = [[i, j, start]]
