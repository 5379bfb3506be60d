"""What the planner of a round is given and what it answers: instance and plan, and their JSON both ways."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from scheduler.planning import reading
from scheduler.refusal import Refusal

INSTANCE_FORMAT = "coffee-rounds-instance/1"
PLAN_FORMAT = "coffee-rounds-plan/1"
T0_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
# Every person's time becomes a row of bits this long; a year of minutes fits.
MOST_TICKS = 600_000

Span = tuple[int, int]
Pair = tuple[int, int]


class BadInstance(Refusal):
    """What was given is not an instance; its one sentence names what is wrong, and where."""


class BadPlan(ValueError):
    """What was given is not a plan file; its one sentence names what is wrong, and where."""


@dataclass(frozen=True)
class Weights:
    """The weights of the objective, as shipped."""

    first: int = 10000
    passed: int = 1000
    passed_max: int = 5
    lens: int = 100
    slot_student: int = 20
    slot_mentor: int = 10
    slot_early: int = 10
    crowd: int = 5


@dataclass(frozen=True, kw_only=True)
class Student:
    """A student in one round; `free` and `pref` are ascending spans of ticks, `seen` indexes the lenses."""

    id: str
    free: tuple[Span, ...]
    tz: str = "Etc/UTC"
    pref: tuple[Span, ...] = ()
    want: int = 1
    passed: int = 0
    tags: tuple[int, ...] = ()
    stage: int = 0
    ident: tuple[int, ...] = ()
    conc: int = 0
    seen: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.conc not in (0, 1, 2):
            raise BadInstance(f'"conc" of student "{self.id}" must be 0, 1 or 2, but is {self.conc}.')


@dataclass(frozen=True, kw_only=True)
class Mentor:
    """A mentor in one round; `chat_ticks` is the length of every chat with them, None for the usual one."""

    id: str
    free: tuple[Span, ...]
    tz: str = "Etc/UTC"
    pref: tuple[Span, ...] = ()
    capacity: int = 1
    max_per_day: int = 1
    chat_ticks: int | None = None
    tags: tuple[int, ...] = ()
    stage: int = 0
    ident: tuple[int, ...] = ()
    lens: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Instance:
    """Everything the planner needs to know of one round; people are spoken of by their index, time in ticks.

    Made from JSON or in code, it is checked: what does not hang together raises BadInstance.
    """

    name: str
    t0: datetime
    tick_minutes: int
    horizon: int
    chat_ticks: int
    students: tuple[Student, ...]
    mentors: tuple[Mentor, ...]
    buffer_ticks: int = 0
    weights: Weights = Weights()
    lenses: tuple[str, ...] = ()
    zones: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: {"Etc/UTC": ()})
    history: tuple[Pair, ...] = ()
    exclusions: tuple[Pair, ...] = ()
    conflicts: tuple[Pair, ...] = ()
    pins: tuple[tuple[int, int, int], ...] = ()
    candidates: tuple[tuple[Pair, ...], ...] | None = None
    seed: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        try:
            _check(self)
        except reading.WrongField as error:
            raise BadInstance(str(error)) from error

    def length(self, mentor: int) -> int:
        """How many ticks every chat with this mentor takes."""
        return self.mentors[mentor].chat_ticks or self.chat_ticks

    @cached_property
    def student_index(self) -> dict[str, int]:
        return {student.id: i for i, student in enumerate(self.students)}

    @cached_property
    def mentor_index(self) -> dict[str, int]:
        return {mentor.id: j for j, mentor in enumerate(self.mentors)}

    @classmethod
    def from_json(cls, raw: object) -> "Instance":
        """The instance in decoded JSON; unknown fields are ignored. Raises BadInstance."""
        try:
            return _instance(reading.Fields(raw, "the instance"))
        except reading.WrongField as error:
            raise BadInstance(str(error)) from error

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads, ready for `json.dumps`."""
        plain = {"format": INSTANCE_FORMAT, **asdict(self)} | {
            "t0": self.t0.astimezone(UTC).strftime(T0_FORMAT),
            "zones": dict(sorted(self.zones.items())),
            "mentors": [_without_none(asdict(mentor)) for mentor in self.mentors],
        }
        return {name: _as_lists(value) for name, value in plain.items()}


@dataclass(frozen=True)
class PlannedChat:
    """One chat of a plan: ids of the two, the tick it starts at, and its length in ticks where told."""

    student: str
    mentor: str
    start: int
    ticks: int | None = None


@dataclass(frozen=True)
class Unmatched:
    """A student without a chat: the reason's code and, where simple, the smallest change that would help.

    `mentor` and `start` say whom and what tick the change is about, so that pages can name them.
    """

    student: str
    reason: str
    change: str | None = None
    mentor: str | None = None
    start: int | None = None


@dataclass(frozen=True)
class Plan:
    """Who meets whom and when, and who is left out; `instance` is the instance's name."""

    instance: str
    chats: tuple[PlannedChat, ...]
    unmatched: tuple[Unmatched, ...] = ()

    @classmethod
    def from_json(cls, raw: object) -> "Plan":
        """The plan in decoded JSON; unknown fields are ignored. Raises BadPlan."""
        try:
            return _plan(reading.Fields(raw, "the plan"))
        except reading.WrongField as error:
            raise BadPlan(str(error)) from error

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads, ready for `json.dumps`."""
        return {
            "format": PLAN_FORMAT,
            "instance": self.instance,
            "chats": [_without_none(asdict(chat)) for chat in self.chats],
            "unmatched": [_without_none(asdict(one)) for one in self.unmatched],
        }


def read_instance(content: str | bytes) -> Instance:
    """The instance in the content of a `.json` or `.json.gz` file. Raises BadInstance."""
    try:
        return Instance.from_json(reading.decoded(content))
    except reading.WrongField as error:
        raise BadInstance(str(error)) from error


def read_plan(content: str | bytes) -> Plan:
    """The plan in the content of a `.json` or `.json.gz` file. Raises BadPlan."""
    try:
        return Plan.from_json(reading.decoded(content))
    except reading.WrongField as error:
        raise BadPlan(str(error)) from error


def written(thing: Instance | Plan) -> str:
    """The JSON text of an instance or a plan, the same every time, with a line break at its end."""
    return json.dumps(thing.to_json(), ensure_ascii=False, separators=(",", ":")) + "\n"


def _instance(top: reading.Fields) -> Instance:
    top.expect("format", INSTANCE_FORMAT)
    return Instance(
        name=top.text("name", ""),
        seed=top.number("seed", missing=0, least=-reading.MOST),
        note=top.text("note", ""),
        t0=top.moment("t0"),
        tick_minutes=top.number("tick_minutes", least=1, most=1440),
        horizon=top.number("horizon", most=MOST_TICKS),
        chat_ticks=top.number("chat_ticks", least=1, most=MOST_TICKS),
        buffer_ticks=top.number("buffer_ticks", most=MOST_TICKS),
        weights=_weights(top.inside("weights")),
        lenses=top.rows("lenses", reading.text),
        zones=top.inside("zones").each(reading.numbers),
        students=tuple(_student(one) for one in top.objects("students")),
        mentors=tuple(_mentor(one) for one in top.objects("mentors")),
        history=top.rows("history", reading.pair),
        exclusions=top.rows("exclusions", reading.pair),
        conflicts=top.rows("conflicts", reading.pair),
        pins=top.rows("pins", reading.triple),
        candidates=top.rows("candidates", reading.pairs) if top.has("candidates") else None,
    )


def _weights(top: reading.Fields) -> Weights:
    names = ("first", "passed", "passed_max", "lens", "slot_student", "slot_mentor", "slot_early", "crowd")
    return Weights(**{name: top.number(name, most=10**9) for name in names})


def _student(one: reading.Fields) -> Student:
    sets: dict[str, Any] = {name: one.rows(name, reading.number) for name in ("tags", "ident", "seen")}
    counts: dict[str, Any] = {name: one.number(name) for name in ("want", "passed", "conc")}
    return Student(**_person(one), **counts, **sets)


def _mentor(one: reading.Fields) -> Mentor:
    sets: dict[str, Any] = {name: one.rows(name, reading.number) for name in ("tags", "ident", "lens")}
    length = one.number("chat_ticks", least=1) if one.has("chat_ticks") else None
    counts: dict[str, Any] = {name: one.number(name) for name in ("capacity", "max_per_day")}
    return Mentor(**_person(one), **counts, **sets, chat_ticks=length)


def _person(one: reading.Fields) -> dict[str, Any]:
    times = {name: one.rows(name, reading.pair) for name in ("free", "pref")}
    return {"id": one.text("id"), "tz": one.text("tz"), "stage": one.number("stage"), **times}


def _plan(top: reading.Fields) -> Plan:
    top.expect("format", PLAN_FORMAT)
    left_out = top.objects("unmatched") if top.has("unmatched") else []
    return Plan(
        instance=top.text("instance", ""),
        chats=tuple(_planned_chat(one) for one in top.objects("chats")),
        unmatched=tuple(_unmatched(one) for one in left_out),
    )


def _planned_chat(one: reading.Fields) -> PlannedChat:
    ticks = one.number("ticks", least=-reading.MOST) if one.has("ticks") else None
    start = one.number("start", least=-reading.MOST)
    return PlannedChat(one.text("student"), one.text("mentor"), start, ticks)


def _unmatched(one: reading.Fields) -> Unmatched:
    words = {name: one.text(name) for name in ("change", "mentor") if one.has(name)}
    start = one.number("start") if one.has("start") else None
    return Unmatched(one.text("student"), one.text("reason"), start=start, **words)


def _as_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_lists(inner) for name, inner in value.items()}
    return [_as_lists(inner) for inner in value] if isinstance(value, list | tuple) else value


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _check(instance: Instance) -> None:
    """Raise BadInstance unless people, pairs, lenses, zones and spans of the instance hang together."""
    if instance.t0.tzinfo is None:
        raise BadInstance('"t0" of the instance must say its zone, for times are kept in UTC.')
    for zone in sorted({mentor.tz for mentor in instance.mentors}):
        days = instance.zones.get(zone)
        if days is None or list(days) != sorted(set(days)):
            raise BadInstance(f'The zones must list the days of "{zone}" in ascending order.')
    _check_people("student", instance.students, len(instance.lenses))
    _check_people("mentor", instance.mentors, len(instance.lenses))
    pins = [(i, j) for i, j, _ in instance.pins]
    listed = [(i, j) for i, row in enumerate(instance.candidates or ()) for j, _ in row]
    named = {"pins": pins, "candidates": listed, "history": instance.history}
    for name, pairs in (named | {"exclusions": instance.exclusions, "conflicts": instance.conflicts}).items():
        reading.check_pairs(pairs, name, len(instance.students), len(instance.mentors))
    for at, (_, j, start) in enumerate(instance.pins):
        if start < 0 or start + instance.length(j) > instance.horizon:
            raise BadInstance(f"Entry {at} of the pins lies outside the horizon of {instance.horizon} ticks.")
    if instance.candidates is not None and len(instance.candidates) != len(instance.students):
        raise BadInstance("The candidates must hold one list for every student.")


def _check_people(what: str, people: Iterable[Student | Mentor], lenses: int) -> None:
    known: set[str] = set()
    for person in people:
        who = f'{what} "{person.id}"'
        if person.id in known:
            raise BadInstance(f'There are two {what}s with the id "{person.id}".')
        known.add(person.id)
        reading.check_spans(person.free, f'"free" of {who}')
        reading.check_spans(person.pref, f'"pref" of {who}')
        for lens in person.seen if isinstance(person, Student) else person.lens:
            if not 0 <= lens < lenses:
                raise BadInstance(f"The lens {lens} of {who} is not among the {lenses} lenses.")
