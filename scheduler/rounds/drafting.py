"""The facts of a round as the planner takes them, and the planner's answer to them."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import localtime
from scheduler.availability import slots
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.availability.slots import Slot
from scheduler.chats import freetime, record, room
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import State
from scheduler.life import By, Via
from scheduler.mail import outbox
from scheduler.planning import solve
from scheduler.planning.problem import Instance, Mentor, Plan, PlannedChat, Student
from scheduler.programme.lenses import LENSES
from scheduler.programme.pairing import Exclusion
from scheduler.programme.person import Person
from scheduler.programme.round import Round
from scheduler.programme.stages import Stage

MOST_TOPICS = 48
LEAST_TO_ANSWER = timedelta(days=1)
"""So long at least has a student to answer a chat that is planned now."""


@dataclass(frozen=True)
class Facts:
    """Everything the planner needs of a round, as plain values, and how to read its answer back."""

    instance: Instance
    begins_at: datetime
    both: frozenset[str]
    """Ids of people who are mentor and student in this round: one body, two lists."""

    def start(self, tick: int) -> datetime:
        """The instant of a tick."""
        return self.begins_at + tick * slots.QUARTER

    def slot(self, first: int, last: int) -> Slot:
        """The time from one tick to another."""
        return Slot(self.start(first), self.start(last))


def facts(session: Session, round_: Round, now: datetime) -> Facts:
    """What is known of the round now: who answered, with which times still free, and who must not meet.

    Chats that stand take their time and their mentor's room; unpinned planned ones of an unpublished draft
    do not, for they are about to be planned anew.
    """
    begins_at = localtime.start_of_day(round_.first_on, round_.programme.timezone)
    asks = _answered(session, round_, now)
    chats = list(session.scalars(select(Chat).where(Chat.round_id == round_.id)))
    standing = [chat for chat in chats if chat.state in room.USES_CAPACITY and not _is_draft(chat)]
    used = Counter(chat.mentor_id for chat in standing if not chat.has_follower)
    served = {chat.student_id for chat in standing} | content(session, round_)
    openings = {ask.id: ask.capacity - used[ask.person_id] for ask in asks if ask.is_mentor}
    drafted = [chat.id for chat in chats if _is_draft(chat)]
    free = _free(session, round_, asks, drafted, begins_at, now)
    topics = _topics(asks)
    covered = _covered(session, asks)
    mentors = [
        _mentor(ask, free[ask.id], topics, openings[ask.id]) for ask in asks if openings.get(ask.id, 0) > 0
    ]
    students = [
        _student(ask, free[ask.id], topics, covered[ask.person_id])
        for ask in asks
        if not ask.is_mentor and ask.person_id not in served
    ]
    instance = Instance(
        name=round_.key,
        t0=begins_at,
        tick_minutes=15,
        horizon=int((round_.ends_at - begins_at) / slots.QUARTER) + 1,
        chat_ticks=int(round_.length / slots.QUARTER),
        lenses=LENSES,
        mentors=tuple(mentors),
        students=tuple(students),
    )
    both = {mentor.id for mentor in mentors} & {student.id for student in students}
    return Facts(_with_barred_pairs(session, round_, instance), begins_at, frozenset(both))


def content(session: Session, round_: Round) -> set[int]:
    """Students nobody need look for: they let their last chat go, by silence or by their own cancelling.

    Only a chat they have heard of counts, and not one that fell away because somebody paused.
    """
    ended = Chat.state.in_((State.LAPSED, State.CANCELLED))
    chats = select(Chat).where(Chat.round_id == round_.id).order_by(Chat.id)
    last = {chat.student_id: chat for chat in session.scalars(chats.where(ended))}
    later = {chat.student_id: chat for chat in session.scalars(chats.where(~ended))}
    return {
        student_id
        for student_id, chat in last.items()
        if (student_id not in later or later[student_id].id < chat.id) and _was_let_go(session, chat)
    }


def _was_let_go(session: Session, chat: Chat) -> bool:
    if not outbox.heard(session, chat.key, chat.student_id):
        return False
    act = record.last_act(session, chat)
    is_own = act is not None and act.by is By.STUDENT and act.via is not Via.ABSENCE
    return chat.state is State.LAPSED or is_own


def _answered(session: Session, round_: Round, now: datetime) -> list[Ask]:
    asks = select(Ask).where(Ask.round_id == round_.id, Ask.state == AskState.ANSWERED)
    return [ask for ask in session.scalars(asks.order_by(Ask.person_id)) if ask.person.takes_part(now)]


def _is_draft(chat: Chat) -> bool:
    return chat.state is State.PLANNED and not chat.is_pinned and chat.round.state is not Stage.RUNNING


def _free(
    session: Session, round_: Round, asks: list[Ask], drafted: list[int], begins_at: datetime, now: datetime
) -> dict[int, tuple[tuple[int, int], ...]]:
    """What each ask's times leave, in ticks."""
    busy = freetime.taken(session, {ask.person_id for ask in asks}, besides=drafted)
    earliest = now + round_.programme.notice + LEAST_TO_ANSWER
    free = {}
    for ask in asks:
        open_times = slots.within(ask.slots, earliest, round_.ends_at)
        rest = slots.minus(open_times, busy.get(ask.person_id, []))
        spans = (_ticks(slot, begins_at) for slot in rest)
        free[ask.id] = tuple((first, last) for first, last in spans if first < last)
    return free


def _covered(session: Session, asks: list[Ask]) -> dict[int, set[str]]:
    """The lenses each student has met somebody through."""
    covered: dict[int, set[str]] = {ask.person_id: set() for ask in asks}
    met = (
        select(Chat.student_id, Person.offers)
        .join(Person, Chat.mentor_id == Person.id)
        .where(Chat.state == State.HELD, Chat.student_id.in_(list(covered)))
    )
    for student, offers in session.execute(met):
        covered[student] |= set(offers)
    return covered


def _ticks(slot: Slot, begins_at: datetime) -> tuple[int, int]:
    first = -((begins_at - slot.starts_at) // slots.QUARTER)
    return first, (slot.ends_at - begins_at) // slots.QUARTER


def _topics(asks: list[Ask]) -> dict[str, int]:
    """A number for each topic that some mentor will speak of and some student asks about."""
    spoken_of, asked = (
        {topic.casefold() for ask in asks if ask.is_mentor is is_mentor for topic in _named(ask)}
        for is_mentor in (True, False)
    )
    return {name: number for number, name in enumerate(sorted(spoken_of & asked)[:MOST_TOPICS])}


def _named(ask: Ask) -> list[str]:
    return ask.person.topics if ask.is_mentor else ask.person.asks_about


def _tags(ask: Ask, topics: dict[str, int]) -> tuple[int, ...]:
    numbers = (topics.get(topic.casefold()) for topic in _named(ask))
    return tuple(sorted({number for number in numbers if number is not None}))


def _lenses(names: list[str]) -> tuple[int, ...]:
    return tuple(number for number, lens in enumerate(LENSES) if lens in names)


def _mentor(ask: Ask, free: tuple[tuple[int, int], ...], topics: dict[str, int], opening: int) -> Mentor:
    return Mentor(
        id=str(ask.person_id),
        free=free,
        capacity=opening,
        max_per_day=opening,
        tags=_tags(ask, topics),
        lens=_lenses(ask.person.offers),
    )


def _student(
    ask: Ask, free: tuple[tuple[int, int], ...], topics: dict[str, int], covered: set[str]
) -> Student:
    unwanted = set(LENSES) - set(ask.person.wants) if ask.person.wants else set()
    return Student(
        id=str(ask.person_id),
        free=free,
        passed=ask.person.passed,
        tags=_tags(ask, topics),
        seen=_lenses(sorted(covered | unwanted)),
    )


def _with_barred_pairs(session: Session, round_: Round, instance: Instance) -> Instance:
    """The instance with its pairs that met before, that this round tried, and that must not meet."""
    students, mentors = instance.student_index, instance.mentor_index

    def pairs(rows: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        known = (
            (students[str(student)], mentors[str(mentor)])
            for student, mentor in rows
            if str(student) in students and str(mentor) in mentors
        )
        return tuple(sorted(set(known)))

    came_to_nothing = (State.DECLINED, State.LAPSED, State.CANCELLED)
    met = select(Chat.student_id, Chat.mentor_id).where(
        (Chat.state == State.HELD) | ((Chat.round_id == round_.id) & Chat.state.in_(came_to_nothing))
    )
    barred = select(Exclusion.person_id, Exclusion.other_id).where(
        Exclusion.round_id.is_(None) | (Exclusion.round_id == round_.id)
    )
    either_way = [pair for a, b in session.execute(barred) for pair in ((a, b), (b, a))]
    themselves = [(int(person), int(person)) for person in students if person in mentors]
    return replace(
        instance,
        history=pairs([(student, mentor) for student, mentor in session.execute(met)]),
        exclusions=pairs(either_way),
        conflicts=pairs(themselves),
    )


def planned(known: Facts) -> Plan:
    """The planner's answer; nobody who is mentor and student both gets two chats at once.

    Where that would happen, what they give as a mentor stands, and is no longer free to them as a student.
    """
    while True:
        plan = solve.solve(known.instance)
        busy = _busy_as_mentor(known, plan)
        clashing = {
            chat.student
            for chat in plan.chats
            if busy.get(chat.student, set()) & _ticks_of(known.instance, chat)
        }
        if not clashing:
            return plan
        students = tuple(
            replace(student, free=_without(known, student.free, busy[student.id]))
            if student.id in clashing
            else student
            for student in known.instance.students
        )
        known = replace(known, instance=replace(known.instance, students=students))


def _busy_as_mentor(known: Facts, plan: Plan) -> dict[str, set[int]]:
    busy: dict[str, set[int]] = {}
    for chat in plan.chats:
        if chat.mentor in known.both:
            busy.setdefault(chat.mentor, set()).update(_ticks_of(known.instance, chat))
    return busy


def _ticks_of(instance: Instance, chat: PlannedChat) -> set[int]:
    return set(range(chat.start, chat.start + (chat.ticks or instance.chat_ticks)))


def _without(known: Facts, free: tuple[tuple[int, int], ...], busy: set[int]) -> tuple[tuple[int, int], ...]:
    taken = (known.slot(tick, tick + 1) for tick in busy)
    rest = slots.minus((known.slot(*span) for span in free), taken)
    return tuple(_ticks(slot, known.begins_at) for slot in rest)
