"""What is taken while a plan is being made: chats, the starts they block, and what one more is worth."""

from collections.abc import Iterable
from typing import NamedTuple

from scheduler.planning import candidates
from scheduler.planning.candidates import Candidates


class Choice(NamedTuple):
    """One chat that may be in the plan, by the indexes of the two and the tick it starts at."""

    student: int
    mentor: int
    start: int


class Ledger:
    """The chats of an unfinished plan, pins first; whatever `open_starts` offers keeps every hard rule."""

    def __init__(self, allowed: Candidates, chats: Iterable[Choice]) -> None:
        self.allowed = allowed
        self.instance = allowed.instance
        self.pinned = {(i, j) for i, j, _ in self.instance.pins}
        self.of_student: list[dict[int, int]] = [{} for _ in self.instance.students]
        self.of_mentor: list[dict[int, int]] = [{} for _ in self.instance.mentors]
        self.work = 0
        self._blocked: list[int | None] = [None for _ in self.instance.mentors]
        for chat in chats:
            self.place(chat)

    def chats(self) -> list[Choice]:
        """All chats so far, by student, then mentor."""
        return [
            Choice(i, j, start)
            for i, chats in enumerate(self.of_student)
            for j, start in sorted(chats.items())
        ]

    def place(self, chat: Choice) -> None:
        self.of_student[chat.student][chat.mentor] = chat.start
        self.of_mentor[chat.mentor][chat.student] = chat.start
        self._blocked[chat.mentor] = None

    def remove(self, chat: Choice) -> None:
        del self.of_student[chat.student][chat.mentor]
        del self.of_mentor[chat.mentor][chat.student]
        self._blocked[chat.mentor] = None

    def may_move(self, i: int) -> list[Choice]:
        """The student's chats that are not pins."""
        return [
            Choice(i, j, start)
            for j, start in sorted(self.of_student[i].items())
            if (i, j) not in self.pinned
        ]

    def has_room(self, j: int) -> bool:
        """Whether the mentor has capacity left."""
        return len(self.of_mentor[j]) < self.instance.mentors[j].capacity

    def open_starts(self, i: int, j: int) -> int:
        """The ticks at which a chat of the two could simply be added now, as bits."""
        self.work += 1
        starts = self.allowed.mentors_of[i].get(j, 0)
        taken = self.of_student[i]
        if not starts or j in taken or len(taken) >= self.instance.students[i].want or not self.has_room(j):
            return 0
        starts &= ~self.blocked(j)
        length = self.allowed.lengths[j]
        for other, start in taken.items():
            starts &= ~self._around(start, self.allowed.lengths[other], length)
        return starts

    def blocked(self, j: int) -> int:
        """The ticks at which no further chat of the mentor may start: other chats, buffer, full days."""
        bits = self._blocked[j]
        if bits is None:
            bits = self._blocked[j] = self._blocked_now(j)
        return bits

    def _days_in_use(self, j: int) -> int:
        """The ticks of the days on which the mentor has a chat, as bits."""
        days = {self.allowed.day(j, start) for start in self.of_mentor[j].values()}
        bits = 0
        for day in days:
            bits |= self.allowed.day_bits(j, day)
        return bits

    def _blocked_now(self, j: int) -> int:
        length, limit = self.allowed.lengths[j], self.instance.mentors[j].max_per_day
        if limit == 0:
            return (1 << self.instance.horizon) - 1
        bits = 0
        on_day: dict[int, int] = {}
        for start in self.of_mentor[j].values():
            bits |= self._around(start, length, length)
            day = self.allowed.day(j, start)
            on_day[day] = on_day.get(day, 0) + 1
            if on_day[day] >= limit:
                bits |= self.allowed.day_bits(j, day)
        return bits

    def _around(self, start: int, length: int, new_length: int) -> int:
        """The starts too close to a standing chat for a new one of `new_length`, whichever comes first."""
        buffer = self.instance.buffer_ticks
        span = (start - new_length - buffer + 1, start + length + buffer)
        return candidates.bitmap([span], self.instance.horizon)

    def first_value(self, i: int) -> int:
        """What it is worth that this student has a chat at all."""
        weights = self.instance.weights
        return weights.first + weights.passed * min(self.instance.students[i].passed, weights.passed_max)

    def value(self, chat: Choice) -> int:
        """What adding this chat, which is not yet placed, adds to the objective."""
        i, j, start = chat
        return self._pair_value(i, j) + self._start_value(i, j, start)

    def at_most(self, i: int, j: int) -> int:
        """A quick bound: no first chat of the two can be worth more."""
        weights = self.instance.weights
        slot = weights.slot_student + weights.slot_mentor + weights.slot_early
        lenses = weights.lens * len(self.instance.mentors[j].lens)
        return self.first_value(i) + self.allowed.fit(i, j) + lenses + slot

    def best(self, i: int) -> tuple[int, Choice] | None:
        """The chat worth most of those that could simply be added for a student; the earliest in a tie."""
        found: tuple[tuple[int, int, int], Choice] | None = None
        for j in self.allowed.mentors_of[i]:
            starts = self.open_starts(i, j)
            if not starts:
                continue
            chat = self.best_start(i, j, starts)
            key = (self.value(chat), -chat.start, -j)
            if found is None or key > found[0]:
                found = (key, chat)
        return None if found is None else (found[0][0], found[1])

    def best_start(self, i: int, j: int, starts: int) -> Choice:
        """The start worth most among some of a pair's; the earliest in a tie."""
        # Of the starts liked by the same people on equally crowded days, the earliest is never worth less.
        kinds = [starts]
        for row in (self.allowed.liked(i, j), self.allowed.mentor_liked[j], self._days_in_use(j)):
            kinds = [part for bits in kinds for part in (bits & row, bits & ~row) if part]
        firsts = [next(candidates.ticks(bits)) for bits in kinds]
        start = max(firsts, key=lambda tick: (self._start_value(i, j, tick), -tick))
        return Choice(i, j, start)

    def _pair_value(self, i: int, j: int) -> int:
        student, mentors = self.instance.students[i], self.instance.mentors
        met = set(student.seen).union(*(mentors[other].lens for other in self.of_student[i]))
        new_lenses = len(set(mentors[j].lens) - met)
        first = 0 if self.of_student[i] else self.first_value(i)
        return first + self.allowed.fit(i, j) + self.instance.weights.lens * new_lenses

    def _start_value(self, i: int, j: int, start: int) -> int:
        value = self.allowed.slot_value(i, j, start)
        if not self.of_mentor[j]:
            return value
        day = self.allowed.day(j, start)
        crowded = any(self.allowed.day(j, other) == day for other in self.of_mentor[j].values())
        return value - self.instance.weights.crowd * crowded
