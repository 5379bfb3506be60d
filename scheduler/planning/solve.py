"""Deciding who meets whom and when, at once: the same instance always gives the same plan."""

from dataclasses import replace

from scheduler.planning import exchange, explain
from scheduler.planning.candidates import Candidates
from scheduler.planning.ledger import Choice, Ledger
from scheduler.planning.problem import Instance, Pair, Plan, PlannedChat

POLISHING_ROUNDS = 3
# Looks at a pair's open starts that each kind of exchange may take in one plan: about a second.
MOST_WORK = 400_000


def solve(instance: Instance) -> Plan:
    """A plan that keeps every hard rule and leaves nobody out to whom a chat could simply be added.

    First chats come first, those passed over before others, then those with the fewest starts; then fit,
    lenses and softer wishes. Pins stay as they are. The order of people and of hashes makes no difference.
    Work is limited, not seconds; the plan is good, not proven best.
    """
    ordered = by_id(instance)
    allowed = Candidates(ordered)
    ledger = Ledger(allowed, (Choice(*pin) for pin in ordered.pins))
    _first_chats(ledger)
    _make_room(ledger)
    _let_better_in(ledger)
    _refill(ledger)
    for _ in range(POLISHING_ROUNDS):
        if not _polish(ledger):
            break
        _refill(ledger)
    plan = Plan(instance=instance.name, chats=tuple(_planned(ordered, chat) for chat in ledger.chats()))
    return replace(plan, unmatched=tuple(explain.reasons(ordered, plan)))


def by_id(instance: Instance) -> Instance:
    """The same instance with its people in the order of their ids, and all indexes changed to fit."""
    students = sorted(range(len(instance.students)), key=lambda i: instance.students[i].id)
    mentors = sorted(range(len(instance.mentors)), key=lambda j: instance.mentors[j].id)
    new_student = {old: new for new, old in enumerate(students)}
    new_mentor = {old: new for new, old in enumerate(mentors)}

    def moved(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
        return tuple(sorted((new_student[i], new_mentor[j]) for i, j in pairs))

    listed = instance.candidates
    return replace(
        instance,
        students=tuple(instance.students[i] for i in students),
        mentors=tuple(instance.mentors[j] for j in mentors),
        history=moved(instance.history),
        exclusions=moved(instance.exclusions),
        conflicts=moved(instance.conflicts),
        pins=tuple(sorted((new_student[i], new_mentor[j], start) for i, j, start in instance.pins)),
        candidates=None
        if listed is None
        else tuple(tuple(sorted((new_mentor[j], fit) for j, fit in listed[i])) for i in students),
    )


def _planned(instance: Instance, chat: Choice) -> PlannedChat:
    student, mentor = instance.students[chat.student].id, instance.mentors[chat.mentor].id
    return PlannedChat(student, mentor, chat.start, instance.length(chat.mentor))


def _waiting(ledger: Ledger) -> list[int]:
    """The students without a chat who could have one, in the order in which they are served."""
    mentors_of = ledger.allowed.mentors_of
    waiting = [
        i
        for i, student in enumerate(ledger.instance.students)
        if student.want > 0 and mentors_of[i] and not ledger.of_student[i]
    ]
    scarce = {i: sum(starts.bit_count() for starts in mentors_of[i].values()) for i in waiting}
    return sorted(waiting, key=lambda i: (-ledger.first_value(i), scarce[i], i))


def _first_chats(ledger: Ledger) -> None:
    stop_at = ledger.work + MOST_WORK
    for i in _waiting(ledger):
        found = ledger.best(i)
        if found is not None:
            ledger.place(found[1])
        elif ledger.work < stop_at:
            exchange.seat(ledger, i)


def _make_room(ledger: Ledger) -> None:
    """Let those still without a chat in where a few others move or make way for more; until nothing helps."""
    stop_at = ledger.work + MOST_WORK
    changed = True
    while changed:
        changed = False
        for i in _waiting(ledger):
            if ledger.work < stop_at and not ledger.of_student[i]:
                changed |= exchange.seat(ledger, i) or exchange.regroup(ledger, i)


def _let_better_in(ledger: Ledger) -> None:
    """Among students with the same right to a chat, let those in for whom it is worth more."""
    stop_at = ledger.work + MOST_WORK // 4
    waiting = _waiting(ledger)
    while waiting and ledger.work < stop_at:
        changed = [exchange.give_way(ledger, i) for i in waiting if ledger.work < stop_at]
        waiting = _waiting(ledger) if any(changed) else []


def _refill(ledger: Ledger) -> None:
    """Add chats until none can be added: one per student and turn, those with the fewest chats first.

    A student's further chat is added only where it does not lower the objective; a first one always.
    """
    turn = list(range(len(ledger.instance.students)))
    while turn:
        turn.sort(key=lambda i: (len(ledger.of_student[i]), -ledger.first_value(i), i))
        turn = [i for i in turn if _add_one(ledger, i)]


def _add_one(ledger: Ledger, i: int) -> bool:
    found = ledger.best(i)
    if found is None or (found[0] < 0 and ledger.of_student[i]):
        return False
    ledger.place(found[1])
    return True


def _polish(ledger: Ledger) -> bool:
    """Move single chats to a mentor or a time worth more; whether any was moved."""
    changed = False
    for chat in ledger.chats():
        if (chat.student, chat.mentor) in ledger.pinned:
            continue
        ledger.remove(chat)
        found = ledger.best(chat.student)
        better = found is not None and found[0] > ledger.value(chat)
        ledger.place(found[1] if found is not None and better else chat)
        changed |= better
    return changed
