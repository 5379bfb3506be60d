"""Why a student is left out of a plan, and why two people are planned together."""

from collections import Counter
from collections.abc import Mapping

from scheduler.planning import candidates
from scheduler.planning.candidates import Candidates
from scheduler.planning.ledger import Choice, Ledger
from scheduler.planning.problem import Instance, Plan, Unmatched

WORDS: Mapping[str, str] = {
    "no_time": "They gave no time long enough for a chat in this round.",
    "no_allowed_mentor": "No mentor of this round may meet them: they have met, or a rule keeps them apart.",
    "no_common_time": "None of the mentors they may meet is free when they are.",
    "mentors_full": "Every mentor who is free when they are already gives as many chats as offered.",
    "times_taken": "A mentor has room for another chat, but every time they share is taken.",
    "avoidable": "A chat could still be added: plan once more, and they will have one.",
}
BARRED_BY: Mapping[str, str] = {
    "history": "Most mentors here have met them before; a new mentor would help.",
    "exclusions": "Most mentors here are excluded for them; another mentor would help.",
    "conflicts": "Most mentors here have a conflict of interest with them; another mentor would help.",
    "candidates": "Few mentors here are candidates for them; more candidates would help.",
}


def reasons(instance: Instance, plan: Plan) -> list[Unmatched]:
    """Every student without a chat in the plan, by id, with the first reason of the format that applies.

    The plan must speak of people of the instance; a KeyError is raised otherwise.
    """
    students, mentors = instance.student_index, instance.mentor_index
    chats = [Choice(students[chat.student], mentors[chat.mentor], chat.start) for chat in plan.chats]
    ledger = Ledger(Candidates(instance), chats)
    left_out = [i for i, having in enumerate(ledger.of_student) if not having]
    return [_reason(ledger, i) for i in sorted(left_out, key=lambda i: instance.students[i].id)]


def words(reason: str) -> str:
    """A reason's code as one kind sentence for the coordinator. Raises KeyError for an unknown code."""
    return WORDS[reason]


def why_pair(instance: Instance, student: str, mentor: str, start: int) -> tuple[str, ...]:
    """Short reasons for planning these two (by id) at this tick, the weightiest first; never empty.

    For the coordinator alone: a new lens may tell what the student asked for in private. What the two have in
    common is not told even there. Raises KeyError for an unknown id.
    """
    i, j = instance.student_index[student], instance.mentor_index[mentor]
    one, other = instance.students[i], instance.mentors[j]
    found = []
    if (i, j, start) in instance.pins:
        found.append("fixed beforehand")
    if one.passed:
        found.append("went first because left out last time")
    found += [f"new: {instance.lenses[lens]}" for lens in sorted(set(other.lens) - set(one.seen))]
    if candidates.eroded(candidates.bitmap(one.pref, instance.horizon), instance.length(j)) >> start & 1:
        found.append("a time the student likes")
    found.append("have met before" if (i, j) in instance.history else "not met before")
    return tuple(found)


def _reason(ledger: Ledger, i: int) -> Unmatched:
    instance, allowed = ledger.instance, ledger.allowed
    student = instance.students[i]
    if student.want <= 0 or not _has_time(ledger, i):
        return Unmatched(student.id, "no_time")
    mentors = allowed.allowed(i)
    if not mentors:
        return Unmatched(student.id, "no_allowed_mentor", _mostly_barred_by(instance, i))
    sharing = allowed.mentors_of[i]
    if not sharing:
        return _no_common_time(ledger, i, mentors)
    if not any(ledger.has_room(j) for j in sharing):
        return _mentors_full(ledger, i)
    if not any(ledger.open_starts(i, j) for j in sharing):
        return _times_taken(ledger, i)
    return Unmatched(student.id, "avoidable")


def _has_time(ledger: Ledger, i: int) -> bool:
    shortest = min(ledger.allowed.lengths, default=ledger.instance.chat_ticks)
    return candidates.eroded(ledger.allowed.student_free[i], shortest) > 0


def _mostly_barred_by(instance: Instance, i: int) -> str | None:
    """Which list rules out most mentors with capacity, in words; None where none does."""
    giving = {j for j, mentor in enumerate(instance.mentors) if mentor.capacity > 0}
    lists = {"history": instance.history, "exclusions": instance.exclusions, "conflicts": instance.conflicts}
    barred = Counter(
        {name: len({j for one, j in pairs if one == i and j in giving}) for name, pairs in lists.items()}
    )
    if instance.candidates is not None:
        barred["candidates"] = len(giving - {j for j, _ in instance.candidates[i]})
    name, count = min(barred.items(), key=lambda item: (-item[1], item[0]))
    return BARRED_BY[name] if count else None


def _no_common_time(ledger: Ledger, i: int, mentors: list[int]) -> Unmatched:
    """Name the time of a mentor for which the student lacks the fewest free ticks."""
    instance, allowed = ledger.instance, ledger.allowed
    missing = [
        (
            (((1 << allowed.lengths[j]) - 1) << start & ~allowed.student_free[i]).bit_count(),
            start,
            instance.mentors[j].id,
        )
        for j in mentors
        if ledger.has_room(j)
        for start in candidates.ticks(allowed.mentor_starts[j] & ~ledger.blocked(j))
    ]
    student = instance.students[i].id
    if not missing:
        return Unmatched(student, "no_common_time", "More times from the mentors would help.")
    ticks, start, mentor = min(missing)
    minutes = ticks * instance.tick_minutes
    change = f"If they could spare {minutes} more minutes, this mentor has time."
    return Unmatched(student, "no_common_time", change, mentor, start)


def _mentors_full(ledger: Ledger, i: int) -> Unmatched:
    """Name the best-suited mentor whose one more chat would be enough."""
    student = ledger.instance.students[i].id
    open_to_one_more = [
        (-ledger.allowed.fit(i, j), ledger.instance.mentors[j].id, free)
        for j, starts in ledger.allowed.mentors_of[i].items()
        if (free := starts & ~ledger.blocked(j))
    ]
    if not open_to_one_more:
        return Unmatched(student, "mentors_full", "More chats and more times from the mentors would help.")
    _, mentor, free = min(open_to_one_more)
    change = "If this mentor gave one more chat, they could meet."
    return Unmatched(student, "mentors_full", change, mentor, next(candidates.ticks(free)))


def _times_taken(ledger: Ledger, i: int) -> Unmatched:
    """Name the best-suited mentor who has room left, and lacks only a free time both share."""
    having_room = [
        (-ledger.allowed.fit(i, j), ledger.instance.mentors[j].id)
        for j in ledger.allowed.mentors_of[i]
        if ledger.has_room(j)
    ]
    change = "One more time shared with this mentor, who has room for another chat, would be enough."
    return Unmatched(ledger.instance.students[i].id, "times_taken", change, min(having_room)[1])
