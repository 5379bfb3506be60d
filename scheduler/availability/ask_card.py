"""An ask as its reader may see it: plain values and words, for letters and pages alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from scheduler import links, localtime
from scheduler.availability import slots
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.availability.slots import Part, Pattern, Slot

SMALL_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, kw_only=True)
class AskCard:
    """What somebody was asked and what they said; times are in the reader's zone, which `zone` names."""

    title: str
    is_mentor: bool
    state: AskState
    minutes: int
    answer_by: str
    closes: str
    is_late: bool
    """Whether the day to answer by is past, or the plan is out: an answer may still find its place."""
    zone: str
    clock_change: str
    capacity: int
    same_words: str = ""
    """A mentor's times of last round in words, where there were some."""
    pattern_zone: str = ""
    """The zone of `same_words` and `never_words`: weekly times are kept in the programme's."""
    times: list[str] = field(default_factory=list)
    any_hours: bool = False
    never_words: str = ""

    @property
    def chats(self) -> str:
        """What may come of it: "one 30-minute coffee chat", "up to two coffee chats of 30 minutes"."""
        if self.capacity == 1:
            return f"one {self.minutes}-minute coffee chat"
        number = dict(enumerate(SMALL_NUMBERS)).get(self.capacity, str(self.capacity))
        return f"up to {number} coffee chats of {self.minutes} minutes"

    @property
    def is_out(self) -> bool:
        """Whether they said they are not in this round."""
        return self.state is AskState.OUT


def show(ask: Ask, now: datetime) -> AskCard:
    """The ask in its reader's words."""
    round_, person = ask.round, ask.person
    zone, programme = person.timezone, round_.programme
    return AskCard(
        title=round_.title,
        is_mentor=ask.is_mentor,
        state=ask.state,
        minutes=round_.minutes,
        answer_by=f"{localtime.day_long(round_.answer_by, zone)}, {localtime.clock(round_.answer_by, zone)}",
        is_late=not round_.is_asking(now),
        closes=localtime.in_zone(round_.answer_by, zone).strftime("%A"),
        zone=localtime.zone_name(zone),
        clock_change=localtime.clock_change(zone, round_.first_on, round_.last_on) or "",
        capacity=ask.capacity,
        same_words=pattern_words(person.pattern, parts_of(programme.parts)) if ask.is_mentor else "",
        pattern_zone=localtime.zone_name(programme.timezone),
        times=[words_of(slot, zone) for slot in ask.slots] if not ask.any_hours else [],
        any_hours=ask.any_hours,
        never_words=pattern_words(person.never, ()),
    )


def words_of(slot: Slot, zone: str) -> str:
    """One span of time, in words: its day, then from when to when."""
    return f"{localtime.day_long(slot.starts_at, zone)}, {localtime.span(slot.starts_at, slot.ends_at, zone)}"


def parts_of(rows: Sequence[dict[str, str]]) -> list[Part]:
    """A programme's parts of the day as plain values."""
    return [
        Part(row["name"], time.fromisoformat(row["starts"]), time.fromisoformat(row["ends"])) for row in rows
    ]


def pattern_words(stored: object, parts: Sequence[Part]) -> str:
    """A stored weekly pattern in words; empty when there is none."""
    return slots.pattern_words(Pattern.from_json(stored), parts) if stored else ""


def window(ask: Ask, now: datetime, *, last_on: date | None = None) -> slots.Window:
    """The times this ask is about: the round's dates and the programme's hours, from the notice on.

    For a chat that looks for another time, `last_on` may lie after the round's own.
    """
    round_, programme = ask.round, ask.round.programme
    return slots.Window(
        first_on=round_.first_on,
        last_on=last_on or round_.last_on,
        zone=programme.timezone,
        parts=parts_of(programme.parts),
        length=timedelta(minutes=round_.minutes),
        earliest=now + programme.notice,
        blocked=round_.blocked_for(ask.person.stage),
        weekdays=tuple(programme.weekdays),
        reader_zone=ask.person.timezone,
    )


def link(ask: Ask, answer: str) -> str:
    """The address of the page where the ask is answered, `answer` chosen beforehand; it changes nothing."""
    purpose = "offer" if ask.is_mentor else "wish"
    return links.url(purpose, k=ask.id, p=ask.person.id, n=ask.person.link_number, a=answer)
