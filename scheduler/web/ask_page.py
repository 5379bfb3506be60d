"""What the pages of an offer and of a wish have in common: the window, its boxes, and how things stand."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from scheduler import localtime
from scheduler.availability import ask_card, asking, boxes, slots, ticks
from scheduler.availability.ask import Ask
from scheduler.availability.ask_card import AskCard
from scheduler.availability.slots import Slot, Window
from scheduler.chats import card, moretimes
from scheduler.chats.card import Card
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Knows, State
from scheduler.life import By, NotAllowed
from scheduler.programme import contact, names
from scheduler.programme.person import Person, Standing
from scheduler.web import picking, zones
from scheduler.web.picking import Week

NOT_THIS_ROUND = {True: "I can’t meet this round", False: "Not this round"}
"""How a mentor, and else a student, stays out."""
LAST_PAGES = ("same", "saved", "out", "paused")
"""What a result page may say thanks for."""


@dataclass(frozen=True, kw_only=True)
class AskPage:
    """All that both pages need, as plain values."""

    ask: AskCard
    reader: str
    dates: str
    is_closed: bool
    paused: str
    """The reader's own page while they take a break, where they take part again; else empty."""
    chats: list[tuple[Card, str]]
    """The reader's chats of this round that stand, and the page of each."""
    weeks: list[Week]
    zone: str
    zone_words: str
    zones: tuple[tuple[str, str], ...]
    saved: list[str]


def show(session: Session, ask: Ask, now: datetime, *, keys: Collection[str] | None = None) -> AskPage:
    """The page's common part; `keys` are ticked instead of what was saved. Raises NotAllowed."""
    person, round_ = ask.person, ask.round
    check_stays(person)
    view = window(ask, now)
    known = moretimes.known(session, person)
    taken, given = moretimes.taken(known), saved(ask)
    ticked = ticks.keys_of(boxes.days(view, taken), given) if keys is None else keys
    zone = view.reader_zone or view.zone
    return AskPage(
        ask=ask_card.show(ask, now),
        reader=person.name,
        dates=localtime.dates(round_.first_on, round_.last_on, full=True),
        is_closed=round_.state not in asking.ANSWERABLE,
        paused=contact.preferences_url(person) if _is_away(person, now) else "",
        chats=_chats(ask, known),
        weeks=picking.weeks(view, ticked, taken),
        zone=zone,
        zone_words=picking.zone_words(view),
        zones=zones.choices(zone, person.timezone, person.programme.timezone),
        saved=[ask_card.words_of(slot, person.timezone) for slot in given],
    )


def check_stays(person: Person) -> None:
    """Raises NotAllowed for somebody who has left the programme."""
    if person.standing is Standing.LEFT:
        raise NotAllowed(f"You have left {person.programme.name}. You are welcome back by the signup link.")


def _is_away(person: Person, now: datetime) -> bool:
    return person.standing is Standing.PAUSED and not person.takes_part(now)


def saved(ask: Ask) -> list[Slot]:
    """The times ticked one by one; whoever is in at any hours has ticked none."""
    return [] if ask.any_hours else ask.slots


def window(ask: Ask, now: datetime) -> Window:
    """The times asked for, in the reader's zone or, for this view alone, the one in the address."""
    asked = ask_card.window(ask, now)
    zone = names.find_zone(request.args.get("zone", ""))
    return replace(asked, reader_zone=zone) if zone else asked


def chosen(session: Session, ask: Ask, form: MultiDict[str, str], now: datetime) -> list[Slot]:
    """The time that the ticks of a form mean, and what was given before under the reader's chats.

    That cannot be ticked, but stays given: planning subtracts what is taken. Raises boxes.BadChoice, with a
    sentence, when it is no time at all.
    """
    asked, keys, repeat = ask_card.window(ask, now), form.getlist("t"), form.get("repeat") == "yes"
    # Too short by itself may be long enough beside what was given before.
    any_length = replace(asked, length=slots.MINUTE)
    picked = boxes.chosen(any_length, keys, repeat=repeat, taken=()).slots
    whole = slots.merge([*picked, *_under_chats(session, ask, asked)])
    lasting = [slot for slot in whole if slots.starts([slot], asked.length)]
    if lasting:
        return lasting
    if whole:
        minutes = ask.round.minutes
        raise boxes.BadChoice(f"A chat takes {minutes} minutes. Please tick half-hours next to each other.")
    raise boxes.BadChoice(f"Tick at least one time, or choose “{NOT_THIS_ROUND[ask.is_mentor]}”.")


def _under_chats(session: Session, ask: Ask, asked: Window) -> list[Slot]:
    """What was ticked before of the half-hours that the picker shows as taken."""
    taken = moretimes.taken(moretimes.known(session, ask.person))
    if not taken:
        return []
    halves = [half for day in boxes.days(replace(asked, earliest=slots.EPOCH), taken) for half in day.halves]
    return slots.common(
        saved(ask), [Slot(half.starts_at, half.ends_at) for half in halves if half.state == "taken"]
    )


def _chats(ask: Ask, known: Iterable[tuple[Chat, Knows]]) -> list[tuple[Card, str]]:
    """The reader's chats of this round that stand, and of which they were told."""
    side = By(ask.role)
    return [
        (card.show(chat, side), card.link(chat, side, "move"))
        for chat, knows in known
        if knows.told
        and chat.round_id == ask.round_id
        and chat.person(side).id == ask.person_id
        and chat.state in (State.PROPOSED, State.CONFIRMED)
    ]
