"""An independent judge of plans: hard rules, objective and reasons, from the two JSON files alone.

Written from the format, tick by tick with sets, and apart from the solver: it imports nothing of it.
"""

from collections import Counter
from typing import Any

Json = dict[str, Any]


def violations(instance: Json, plan: Json) -> list[str]:
    """The names of the hard rules a plan breaks, sorted, each once."""
    students = {one["id"]: i for i, one in enumerate(instance["students"])}
    mentors = {one["id"]: j for j, one in enumerate(instance["mentors"])}
    broken = set()
    if plan.get("format") != "coffee-rounds-plan/1":
        return ["bad-format"]
    chats = []
    for chat in plan["chats"]:
        if chat["student"] not in students:
            broken.add("unknown-student")
        elif chat["mentor"] not in mentors:
            broken.add("unknown-mentor")
        elif not isinstance(chat["start"], int):
            broken.add("bad-start")
        else:
            one = (students[chat["student"]], mentors[chat["mentor"]], chat["start"])
            chats.append(one)
            broken |= _alone(instance, one, chat.get("ticks"))
    for rule, kept in _together(instance, chats).items():
        if not kept:
            broken.add(rule)
    return sorted(broken)


def _alone(instance: Json, chat: tuple[int, int, int], told: int | None) -> set[str]:
    i, j, start = chat
    student, mentor = instance["students"][i], instance["mentors"][j]
    needed = set(range(start, start + length(instance, j)))
    is_pin = [i, j, start] in instance["pins"]
    listed = instance["candidates"]
    wrong = {
        "wrong-length": told not in (None, len(needed)),
        "outside-horizon": start < 0 or start + len(needed) > instance["horizon"],
        "student-not-free": not is_pin and not needed <= in_spans(student["free"]),
        "mentor-not-free": not is_pin and not needed <= in_spans(mentor["free"]),
        "excluded-pair": not is_pin and [i, j] in instance["exclusions"],
        "conflict-of-interest": not is_pin and [i, j] in instance["conflicts"],
        "history-pair": not is_pin and [i, j] in instance["history"],
        "not-a-candidate": not is_pin and listed is not None and j not in [m for m, _ in listed[i]],
    }
    return {rule for rule, is_wrong in wrong.items() if is_wrong}


def _together(instance: Json, chats: list[tuple[int, int, int]]) -> dict[str, bool]:
    of_student, of_mentor = Counter(i for i, _, _ in chats), Counter(j for _, j, _ in chats)
    on_day = Counter((j, day(instance, j, start)) for _, j, start in chats)
    return {
        "pair-twice": len({(i, j) for i, j, _ in chats}) == len(chats),
        "student-overlap": all(apart(instance, [c for c in chats if c[0] == i]) for i in of_student),
        "mentor-overlap": all(apart(instance, [c for c in chats if c[1] == j]) for j in of_mentor),
        "student-count": all(n <= instance["students"][i]["want"] for i, n in of_student.items()),
        "mentor-capacity": all(n <= instance["mentors"][j]["capacity"] for j, n in of_mentor.items()),
        "mentor-day-limit": all(n <= instance["mentors"][j]["max_per_day"] for (j, _), n in on_day.items()),
        "missing-pin": all(tuple(pin) in chats for pin in instance["pins"]),
    }


def length(instance: Json, j: int) -> int:
    return int(instance["mentors"][j].get("chat_ticks") or instance["chat_ticks"])


def in_spans(spans: list[list[int]]) -> set[int]:
    return {tick for start, end in spans for tick in range(start, end)}


def day(instance: Json, j: int, tick: int) -> int:
    return sum(1 for begins in instance["zones"][instance["mentors"][j]["tz"]] if begins <= tick)


def apart(instance: Json, chats: list[tuple[int, int, int]]) -> bool:
    """Whether chats of one person neither overlap nor lack the buffer between them."""
    spans = sorted((start, start + length(instance, j)) for _, j, start in chats)
    return all(
        later[0] >= earlier[1] + instance["buffer_ticks"]
        for at, earlier in enumerate(spans)
        for later in spans[at + 1 :]
    )


def fit(instance: Json, i: int, j: int) -> int:
    if instance["candidates"] is not None:
        return next((value for mentor, value in instance["candidates"][i] if mentor == j), 0)
    student, mentor = instance["students"][i], instance["mentors"][j]
    tags = 400 * len(set(student["tags"]) & set(mentor["tags"])) // max(1, len(set(student["tags"])))
    gap = mentor["stage"] - student["stage"]
    stage = 0 if gap <= 0 else {1: 200, 2: 200, 3: 150, 4: 100}.get(gap, 50)
    shared = bool(set(student["ident"]) & set(mentor["ident"]))
    return tags + stage + ({0: 100, 1: 200, 2: 200} if shared else {0: 100, 1: 60, 2: 0})[student["conc"]]


def objective(instance: Json, plan: Json) -> int:
    """What the plan is worth, pins included."""
    weights, horizon = instance["weights"], instance["horizon"]
    students = {one["id"]: i for i, one in enumerate(instance["students"])}
    mentors = {one["id"]: j for j, one in enumerate(instance["mentors"])}
    chats = [(students[c["student"]], mentors[c["mentor"]], c["start"]) for c in plan["chats"]]
    total = first_value(instance, plan)
    for i in {i for i, _, _ in chats}:
        offered = set().union(*(instance["mentors"][j]["lens"] for one, j, _ in chats if one == i))
        total += weights["lens"] * len(offered - set(instance["students"][i]["seen"]))
    for i, j, start in chats:
        needed = set(range(start, start + length(instance, j)))
        total += fit(instance, i, j)
        total += weights["slot_student"] * (needed <= in_spans(instance["students"][i]["pref"]))
        total += weights["slot_mentor"] * (needed <= in_spans(instance["mentors"][j]["pref"]))
        total += weights["slot_early"] * (horizon - 1 - start) // horizon
    on_day = Counter((j, day(instance, j, start)) for _, j, start in chats)
    return int(total - weights["crowd"] * sum(count - 1 for count in on_day.values()))


def first_value(instance: Json, plan: Json) -> int:
    """The first part of the objective: what it is worth who has a chat at all."""
    weights = instance["weights"]
    having = {chat["student"] for chat in plan["chats"]}
    return sum(
        weights["first"] + weights["passed"] * min(one["passed"], weights["passed_max"])
        for one in instance["students"]
        if one["id"] in having
    )


def reasons(instance: Json, plan: Json) -> dict[str, str]:
    """The reason's code for every student without a chat."""
    having = {chat["student"] for chat in plan["chats"]}
    return {
        one["id"]: _reason(instance, plan, i)
        for i, one in enumerate(instance["students"])
        if one["id"] not in having
    }


def _reason(instance: Json, plan: Json, i: int) -> str:
    student, mentors = instance["students"][i], instance["mentors"]
    free = {tick for tick in in_spans(student["free"]) if 0 <= tick < instance["horizon"]}
    lengths = [length(instance, j) for j in range(len(mentors))] or [instance["chat_ticks"]]
    if student["want"] == 0 or not any(set(range(t, t + min(lengths))) <= free for t in free):
        return "no_time"
    barred = [*instance["history"], *instance["exclusions"], *instance["conflicts"]]
    listed = None if instance["candidates"] is None else [j for j, _ in instance["candidates"][i]]
    allowed = [
        j
        for j, mentor in enumerate(mentors)
        if mentor["capacity"] > 0 and [i, j] not in barred and (listed is None or j in listed)
    ]
    if not allowed:
        return "no_allowed_mentor"
    slots = [
        (j, t)
        for j in allowed
        for t in sorted(free)
        if set(range(t, t + length(instance, j))) <= free & in_spans(mentors[j]["free"])
    ]
    if not slots:
        return "no_common_time"
    given = Counter(chat["mentor"] for chat in plan["chats"])
    slots = [(j, t) for j, t in slots if given[mentors[j]["id"]] < mentors[j]["capacity"]]
    if not slots:
        return "mentors_full"
    could_be = (
        [*plan["chats"], {"student": student["id"], "mentor": mentors[j]["id"], "start": t}] for j, t in slots
    )
    possible = any(not violations(instance, {**plan, "chats": chats}) for chats in could_be)
    return "avoidable" if possible else "times_taken"
