"""Making room: a student without a chat gets one because others move, and nobody pinned is touched."""

from scheduler.planning import candidates
from scheduler.planning.ledger import Choice, Ledger

# Limits count looks at a pair's open starts, never seconds: the same instance gives the same plan.
DEPTHS = (1, 2, 4, 8, 64)
MOST_WORK_FOR_ONE = 20_000
MOST_GROUP = 7
MOST_WORK_FOR_GROUP = 60_000


def seat(ledger: Ledger, i: int) -> bool:
    """Give the student a chat by moving others, each at most once (an augmenting path).

    Short paths are tried before long ones. Either the student has a chat afterwards and everyone else still
    has theirs, or nothing has changed.
    """
    if not any(ledger.has_room(j) for j in range(len(ledger.of_mentor))):
        return False
    stop_at = ledger.work + MOST_WORK_FOR_ONE
    return any(_seat(ledger, i, depth, {i}, stop_at) for depth in DEPTHS)


def _seat(ledger: Ledger, i: int, depth: int, visited: set[int], stop_at: int) -> bool:
    found = ledger.best(i)
    if found is not None:
        ledger.place(found[1])
        return True
    if depth == 0 or ledger.work > stop_at:
        return False
    for j in ledger.allowed.mentors_of[i]:
        for other in sorted(ledger.of_mentor[j]):
            if other in visited or (other, j) in ledger.pinned:
                continue
            if _take(ledger, i, Choice(other, j, ledger.of_mentor[j][other]), depth, visited, stop_at):
                return True
    return False


def _take(ledger: Ledger, i: int, chat: Choice, depth: int, visited: set[int], stop_at: int) -> bool:
    """Take the time or the place of another's chat, if that other can be seated elsewhere."""
    ledger.remove(chat)
    starts = ledger.open_starts(i, chat.mentor)
    if starts:
        visited.add(chat.student)
        mine = ledger.best_start(i, chat.mentor, starts)
        ledger.place(mine)
        if ledger.of_student[chat.student] or _seat(ledger, chat.student, depth - 1, visited, stop_at):
            return True
        ledger.remove(mine)
    ledger.place(chat)
    return False


def give_way(ledger: Ledger, i: int) -> bool:
    """Give the student without a chat another's place, where that is worth more.

    The other is left with no chat, had only this one, no pin, and was not passed over more often.
    """
    for j in ledger.allowed.mentors_of[i]:
        for other, start in sorted(ledger.of_mentor[j].items()):
            is_only_chat = len(ledger.of_student[other]) == 1 and (other, j) not in ledger.pinned
            if not is_only_chat or ledger.first_value(other) > ledger.first_value(i):
                continue
            theirs = Choice(other, j, start)
            if ledger.at_most(i, j) <= ledger.allowed.fit(other, j) + ledger.first_value(other):
                continue
            ledger.remove(theirs)
            starts = ledger.open_starts(i, j)
            mine = ledger.best_start(i, j, starts) if starts else None
            is_better = mine is not None and ledger.value(mine) > ledger.value(theirs)
            ledger.place(mine if mine is not None and is_better else theirs)
            if is_better:
                return True
    return False


def regroup(ledger: Ledger, i: int) -> bool:
    """Plan a small group around a student without a chat anew, if first chats worth more come out of it.

    Unlike `seat`, it may leave one student out to let two others in. The group is everyone waiting for a
    chat or movable where those are no more than MOST_GROUP, so that small rounds are planned exactly as far
    as first chats go (unless the work limit stops the search, which then keeps the best plan it has seen).
    """
    group = _Group(ledger, _around(ledger, i))
    return group.replan()


def _around(ledger: Ledger, i: int) -> list[int]:
    everyone = [one for one in range(len(ledger.of_student)) if _is_free_to_move(ledger, one)]
    if len(everyone) <= MOST_GROUP:
        return everyone
    mentors = ledger.allowed.mentors_of[i]
    waiting = [one for one in everyone if one != i and not ledger.of_student[one]]
    rivals = [one for one in waiting if ledger.allowed.mentors_of[one].keys() & mentors.keys()]
    in_the_way = [
        chat.student
        for j in mentors
        for chat in (Choice(one, j, start) for one, start in sorted(ledger.of_mentor[j].items()))
        if (chat.student, j) not in ledger.pinned and _opens(ledger, chat, i)
    ]
    near = list(dict.fromkeys(in_the_way))[: MOST_GROUP - 3]
    return sorted([i, *near, *rivals[: MOST_GROUP - 1 - len(near)]])


def _is_free_to_move(ledger: Ledger, i: int) -> bool:
    """Whether planning anew may change if this student has a chat."""
    has_pin = any((i, j) in ledger.pinned for j in ledger.of_student[i])
    return not has_pin and ledger.instance.students[i].want > 0 and bool(ledger.allowed.mentors_of[i])


def _opens(ledger: Ledger, chat: Choice, i: int) -> bool:
    ledger.remove(chat)
    opens = ledger.open_starts(i, chat.mentor) > 0
    ledger.place(chat)
    return opens


class _Group:
    """A few students whose chats are taken out, and put back as well as a bounded search finds."""

    def __init__(self, ledger: Ledger, members: list[int]) -> None:
        self.ledger = ledger
        self.members = [i for i in members if _is_free_to_move(ledger, i)]
        self.kept = [chat for i in self.members for chat in ledger.may_move(i)]
        self.best_value = sum(ledger.first_value(chat.student) for chat in self.kept)
        self.stop_at = ledger.work + MOST_WORK_FOR_GROUP

    def replan(self) -> bool:
        before = self.best_value
        for chat in self.kept:
            self.ledger.remove(chat)
        self._search(self.members, [], 0)
        for chat in self.kept:
            self.ledger.place(chat)
        return self.best_value > before

    def _search(self, waiting: list[int], placed: list[Choice], value: int) -> None:
        if value > self.best_value:
            self.best_value, self.kept = value, list(placed)
        openings = {i: self._openings(i) for i in waiting}
        openings = {i: by_mentor for i, by_mentor in openings.items() if by_mentor}
        if self.ledger.work > self.stop_at or value + self._at_most(openings) <= self.best_value:
            return
        i = min(openings, key=lambda one: (sum(bits.bit_count() for bits in openings[one].values()), one))
        others = [one for one in openings if one != i]
        for j, starts in openings[i].items():
            for start in candidates.ticks(starts):
                chat = Choice(i, j, start)
                self.ledger.place(chat)
                self._search(others, [*placed, chat], value + self.ledger.first_value(i))
                self.ledger.remove(chat)
        self._search(others, placed, value)

    def _openings(self, i: int) -> dict[int, int]:
        pairs = ((j, self.ledger.open_starts(i, j)) for j in self.ledger.allowed.mentors_of[i])
        return {j: starts for j, starts in pairs if starts}

    def _at_most(self, openings: dict[int, dict[int, int]]) -> int:
        """A bound for those still waiting: each mentor's open starts hold only so many chats."""
        by_mentor: dict[int, int] = {}
        for starts_of in openings.values():
            for j, starts in starts_of.items():
                by_mentor[j] = by_mentor.get(j, 0) | starts
        places = sum(self._places(j, starts) for j, starts in by_mentor.items())
        return sum(sorted((self.ledger.first_value(i) for i in openings), reverse=True)[:places])

    def _places(self, j: int, starts: int) -> int:
        room = self.ledger.instance.mentors[j].capacity - len(self.ledger.of_mentor[j])
        step = self.ledger.allowed.lengths[j] + self.ledger.instance.buffer_ticks
        count = 0
        while starts and count < room:
            first = (starts & -starts).bit_length() - 1
            starts = starts >> (first + step) << (first + step)
            count += 1
        return count
