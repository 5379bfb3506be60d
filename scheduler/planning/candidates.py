"""Who may meet whom, how well two suit each other, and at which ticks a pair could start."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property

from scheduler.planning.problem import Instance, Mentor, Span, Student

STAGE_FITS = (0, 200, 200, 150, 100, 50)
SHARED_IDENTITY = (100, 200, 200)
NO_SHARED_IDENTITY = (100, 60, 0)


def bitmap(spans: Iterable[Span], horizon: int) -> int:
    """Spans of ticks as a whole number: bit `k` is set when tick `k` of 0..horizon-1 lies in a span."""
    bits = 0
    for start, end in spans:
        start, end = max(0, start), min(end, horizon)
        if start < end:
            bits |= ((1 << (end - start)) - 1) << start
    return bits


def eroded(bits: int, length: int) -> int:
    """The ticks from which `length` ticks in a row are set."""
    done = 1
    while done < length and bits:
        step = min(done, length - done)
        bits &= bits >> step
        done += step
    return bits


def ticks(bits: int) -> Iterator[int]:
    """The set ticks, ascending."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def fit(student: Student, mentor: Mentor) -> int:
    """How well two suit each other, 0..800, from tags, stage and identity."""
    wanted = set(student.tags)
    shared_tags = len(wanted & set(mentor.tags))
    gap = min(max(mentor.stage - student.stage, 0), len(STAGE_FITS) - 1)
    alike = SHARED_IDENTITY if set(student.ident) & set(mentor.ident) else NO_SHARED_IDENTITY
    return 400 * shared_tags // max(1, len(wanted)) + STAGE_FITS[gap] + alike[student.conc]


class Candidates:
    """The pairs an instance allows, with their fits and the ticks each pair could start at."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        horizon = instance.horizon
        self.lengths = [instance.length(j) for j in range(len(instance.mentors))]
        self.mentor_starts = [
            eroded(bitmap(mentor.free, horizon), length)
            for mentor, length in zip(instance.mentors, self.lengths, strict=True)
        ]
        self.mentor_liked = [
            eroded(bitmap(mentor.pref, horizon), length)
            for mentor, length in zip(instance.mentors, self.lengths, strict=True)
        ]
        self.student_free = [bitmap(student.free, horizon) for student in instance.students]
        self.student_starts = self._by_length(self.student_free)
        self.student_liked = self._by_length([bitmap(one.pref, horizon) for one in instance.students])
        self._fits: dict[tuple[int, int], int] = {}
        self.barred = {*instance.history, *instance.exclusions, *instance.conflicts}

    def _by_length(self, rows: list[int]) -> list[dict[int, int]]:
        lengths = sorted(set(self.lengths))
        return [{length: eroded(bits, length) for length in lengths} for bits in rows]

    def fit(self, i: int, j: int) -> int:
        """The fit of a pair: the listed one where candidates are given (0 if it is not listed)."""
        if self.listed is not None:
            return self.listed[i].get(j, 0)
        if (i, j) not in self._fits:
            self._fits[i, j] = fit(self.instance.students[i], self.instance.mentors[j])
        return self._fits[i, j]

    def may_meet(self, i: int, j: int) -> bool:
        """Whether nothing forbids the pair: history, exclusions, conflicts, or not being a candidate."""
        return (i, j) not in self.barred and (self.listed is None or j in self.listed[i])

    def allowed(self, i: int) -> list[int]:
        """The mentors a student may meet who give any chats this round, ascending."""
        among = range(len(self.instance.mentors)) if self.listed is None else sorted(self.listed[i])
        return [j for j in among if self.instance.mentors[j].capacity > 0 and self.may_meet(i, j)]

    def starts(self, i: int, j: int) -> int:
        """The ticks at which both are free for a whole chat, as bits, whatever else is planned."""
        return self.student_starts[i][self.lengths[j]] & self.mentor_starts[j]

    @cached_property
    def mentors_of(self) -> list[dict[int, int]]:
        """For every student the allowed mentors sharing a start, with the bits of those starts."""
        found = []
        for i in range(len(self.instance.students)):
            pairs = ((j, self.starts(i, j)) for j in self.allowed(i))
            found.append({j: starts for j, starts in pairs if starts})
        return found

    @cached_property
    def listed(self) -> list[dict[int, int]] | None:
        if self.instance.candidates is None:
            return None
        return [dict(row) for row in self.instance.candidates]

    def liked(self, i: int, j: int) -> int:
        """The ticks from which the student likes the whole of a chat with this mentor, as bits."""
        return self.student_liked[i][self.lengths[j]]

    def slot_value(self, i: int, j: int, start: int) -> int:
        """What a start is worth to the two: liked by the student, by the mentor, and early."""
        weights, horizon = self.instance.weights, self.instance.horizon
        liked_by_student = self.liked(i, j) >> start & 1
        liked_by_mentor = self.mentor_liked[j] >> start & 1
        early = weights.slot_early * (horizon - 1 - start) // horizon
        return weights.slot_student * liked_by_student + weights.slot_mentor * liked_by_mentor + early

    def day(self, j: int, tick: int) -> int:
        """The mentor's local day at a tick, counted from the round's first."""
        return bisect_right(self.instance.zones[self.instance.mentors[j].tz], tick)

    def day_bits(self, j: int, day: int) -> int:
        """The ticks of one local day of the mentor, as bits."""
        days = (0, *self.instance.zones[self.instance.mentors[j].tz], self.instance.horizon)
        return bitmap([(days[day], days[day + 1])], self.instance.horizon)
