"""The best first chats of a tiny round, by looking at every way to give each student one chat or none."""

from functools import cache
from typing import Any

from tests.support import plan_checker

Json = dict[str, Any]
Taken = tuple[frozenset[int], ...]


def best_first_value(instance: Json) -> int:
    """The highest first part of the objective any plan of the instance reaches, pins included.

    A second chat of a student never helps another to a first one, so one each (beside pins) is enough.
    """
    mentors = instance["mentors"]
    pinned = {i for i, _, _ in instance["pins"]}
    begun = tuple(frozenset(t for _, m, t in instance["pins"] if m == j) for j in range(len(mentors)))

    @cache
    def best(i: int, taken: Taken) -> int:
        if i == len(instance["students"]):
            return 0
        value = worth(instance, i)
        if i in pinned:
            return value + best(i + 1, taken)
        found = best(i + 1, taken)
        for j, start in slots[i]:
            if fits(instance, j, taken[j], start):
                with_it = (*taken[:j], taken[j] | {start}, *taken[j + 1 :])
                found = max(found, value + best(i + 1, with_it))
        return found

    slots = [allowed_slots(instance, i) for i in range(len(instance["students"]))]
    return best(0, begun)


def worth(instance: Json, i: int) -> int:
    chat = {"student": instance["students"][i]["id"]}
    return plan_checker.first_value(instance, {"chats": [chat]})


def allowed_slots(instance: Json, i: int) -> list[tuple[int, int]]:
    """The mentors and starts at which the student could have a chat if nothing else were planned."""
    alone = instance | {"pins": []}
    slots = []
    for j, mentor in enumerate(instance["mentors"]):
        for start in range(instance["horizon"]):
            chat = {"student": instance["students"][i]["id"], "mentor": mentor["id"], "start": start}
            if not plan_checker.violations(alone, {"format": "coffee-rounds-plan/1", "chats": [chat]}):
                slots.append((j, start))
    return slots


def fits(instance: Json, j: int, taken: frozenset[int], start: int) -> bool:
    """Whether the mentor can give one more chat at this start."""
    mentor = instance["mentors"][j]
    starts = [*taken, start]
    same_day = [t for t in starts if plan_checker.day(instance, j, t) == plan_checker.day(instance, j, start)]
    return (
        start not in taken
        and len(starts) <= mentor["capacity"]
        and len(same_day) <= mentor["max_per_day"]
        and plan_checker.apart(instance, [(0, j, t) for t in starts])
    )
