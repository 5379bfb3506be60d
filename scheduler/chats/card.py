"""A chat as one reader may see it: plain values and words, for letters and pages alike."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler import links, localtime
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import State
from scheduler.life import By
from scheduler.programme import names
from scheduler.programme.person import Person

STATE_WORDS = {
    State.NEW: "being planned",
    State.PLANNED: "being planned",
    State.PROPOSED: "waiting for an answer",
    State.CONFIRMED: "agreed",
    State.DECLINED: "declined",
    State.LAPSED: "not answered in time",
    State.CANCELLED: "cancelled",
    State.HELD: "met",
    State.MISSED: "did not take place",
    State.UNKNOWN: "over",
}

QUESTIONS = (
    "What do you know now that you wish you had known in my year?",
    "What does an ordinary Tuesday look like for you?",
    "Which decision about your work would you make again, and which not?",
    "What did you nearly do instead?",
    "Whom should I talk to next, and what should I ask them?",
    "What do people get wrong about your specialty?",
)


@dataclass(frozen=True, kw_only=True)
class NextTime:
    """A start somebody may pick, in their reader's words, and the page where they do."""

    starts_at: datetime
    words: str
    url: str

    @property
    def day(self) -> str:
        """Its day alone, like "Tuesday 3 November"."""
        return self.words.partition(", ")[0]

    @property
    def hours(self) -> str:
        """From when to when, and the zone."""
        return self.words.partition(", ")[2]


@dataclass(frozen=True, kw_only=True)
class Card:
    """One chat for one reader; every time is in the reader's zone, which `zone` names."""

    id: int
    side: By
    state: State
    state_words: str
    starts_at: datetime
    ends_at: datetime
    when: str
    day: str
    clock: str
    span: str
    zone: str
    other_when: str
    place: str
    other: str
    about_other: str
    answer_by: str
    question: str
    near: str = ""
    """ "Today" or "Tomorrow" for the reader, where it is one of them; else empty."""
    was_when: str = ""
    former_day: str = ""
    """The day of the chat that this one is in place of, like "Tuesday 3 November"."""
    is_own: bool = False
    """Whether what is told of is the reader's own doing."""
    undo_until: str = ""
    times: list[NextTime] = field(default_factory=list)
    said_maybe: bool = False
    """Whether the reader's calendar said "maybe" to this time."""
    may_add: bool = False
    """Whether the reader can still add times for this one chat."""

    @property
    def is_student(self) -> bool:
        """Whether the reader is the student of this chat."""
        return self.side is By.STUDENT

    @property
    def other_first(self) -> str:
        """The other's first name."""
        return names.first_name(self.other)

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)

    @property
    def weekday(self) -> str:
        """Its day's name, like "Tuesday"."""
        return self.day_long.partition(" ")[0]

    @property
    def where(self) -> str:
        """Its place, or that there is none yet."""
        return self.place or "The place is still to be told"

    @property
    def day_long(self) -> str:
        """Its day alone, like "Tuesday 3 November"."""
        return self.when.partition(", ")[0]

    @property
    def hours(self) -> str:
        """From when to when, and the zone."""
        return self.when.partition(", ")[2]


def show(
    chat: Chat,
    side: By,
    *,
    at: datetime | None = None,
    was: datetime | None = None,
    former: datetime | None = None,
    times: list[datetime] | None = None,
    now: datetime | None = None,
    is_own: bool = False,
) -> Card:
    """The chat as `side` may see it. `was` is the start it had before; `times` are next starts to pick.

    `former` is the start of the chat that this one is in place of; `at` is the start they know of, where it
    has been moved unseen by them. With `now`, the card knows whether the chat is today or tomorrow.
    """
    starts_at = at or chat.starts_at
    ends_at = starts_at + chat.length
    reader, other = chat.person(side), chat.other(side)
    zone = reader.timezone
    return Card(
        id=chat.id,
        side=side,
        state=chat.state,
        state_words=STATE_WORDS[chat.state],
        starts_at=starts_at,
        ends_at=ends_at,
        when=localtime.when(starts_at, ends_at, zone),
        day=localtime.day(starts_at, zone),
        clock=localtime.clock(starts_at, zone),
        span=localtime.span(starts_at, ends_at, zone),
        zone=localtime.zone_name(zone, starts_at),
        other_when=_when_for(other, reader, starts_at, ends_at),
        place=chat.place,
        other=other.name,
        about_other=", ".join(part for part in (other.stage, other.specialty, other.institution) if part),
        answer_by=_moment(chat.answer_by, zone),
        question=QUESTIONS[chat.id % len(QUESTIONS)],
        near=_near(starts_at, now, zone) if now is not None else "",
        was_when=localtime.when(was, was + chat.length, zone) if was is not None else "",
        former_day=localtime.day_long(former, zone) if former is not None else "",
        is_own=is_own,
        said_maybe=any(copy.says_maybe for copy in chat.copies if copy.side is side),
        times=[next_time(chat, side, start) for start in times or []],
    )


def next_time(chat: Chat, side: By, start: datetime) -> NextTime:
    """One next start for `side` to pick, with the address of the page that shows it."""
    reader = chat.person(side)
    words = localtime.when(start, start + chat.length, reader.timezone)
    return NextTime(starts_at=start, words=words, url=link(chat, side, "move", t=int(start.timestamp())))


def link(chat: Chat, side: By, act: str, **claims: int | str) -> str:
    """The address of the chat's page for `side`, `act` chosen beforehand; it changes nothing by itself."""
    reader = chat.person(side)
    return links.url("chat", c=chat.id, p=reader.id, n=reader.link_number, a=act, **claims)


def _when_for(other: Person, reader: Person, starts_at: datetime, ends_at: datetime) -> str:
    """The other side's wall time, where it is not the reader's."""
    mine = localtime.in_zone(starts_at, reader.timezone)
    theirs = localtime.in_zone(starts_at, other.timezone)
    if mine.utcoffset() == theirs.utcoffset():
        return ""
    return localtime.when(starts_at, ends_at, other.timezone)


def _near(moment: datetime, now: datetime, zone: str) -> str:
    days = (localtime.in_zone(moment, zone).date() - localtime.in_zone(now, zone).date()).days
    return {0: "Today", 1: "Tomorrow"}.get(days, "")


def _moment(moment: datetime | None, zone: str) -> str:
    if moment is None:
        return ""
    clock = localtime.clock(moment, zone)
    return f"{localtime.day_long(moment, zone)}, {clock} {localtime.zone_name(zone, moment)}"
