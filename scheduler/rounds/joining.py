"""Joining: from the signup page into the programme and, where one is under way, into its round."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.availability import ask_card, asking, boxes
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.availability.boxes import BadChoice
from scheduler.availability.slots import Pattern, Slot, Window
from scheduler.programme import lenses, names, roster, signing_up
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.signup import Signup
from scheduler.programme.stages import Stage

MOST_KEPT = 20_000
"""So many characters of answers are kept for an address that nobody has confirmed."""
UNDER_WAY = (Stage.ASKING, Stage.DRAFTED, Stage.RUNNING)


def sign_up(
    session: Session,
    programme: Programme,
    *,
    name: str,
    email: str,
    role: str,
    timezone: str,
    network: str,
    now: datetime,
) -> Signup:
    """As `signing_up.sign_up`; somebody known is sent the link to their open ask as well."""
    return signing_up.sign_up(
        session,
        programme,
        name=name,
        email=email,
        role=role,
        timezone=timezone,
        network=network,
        now=now,
        answer_url=lambda person: answer_url(session, person, now),
    )


def find_round(session: Session, programme: Programme, now: datetime) -> Round | None:
    """The round a newcomer comes into: the latest one under way whose dates are not over."""
    rounds = session.scalars(
        select(Round)
        .where(Round.programme_id == programme.id, Round.state.in_(UNDER_WAY))
        .order_by(Round.first_on.desc(), Round.id.desc())
    )
    return next((round_ for round_ in rounds if round_.ends_at > now), None)


def window(session: Session, signup: Signup, now: datetime) -> Window | None:
    """The times a newcomer may tick on the signup's second page; None while no round is under way."""
    round_ = find_round(session, signup.programme, now)
    if round_ is None:
        return None
    zone = signup.timezone
    # Nobody is enrolled yet: these two only say what a newcomer would be asked, and are never kept.
    newcomer = Person(
        programme=signup.programme, name=signup.name, email="", created_at=now, own_timezone=zone
    )
    stand_in = Ask(round=round_, person=newcomer, role=signup.role, asked_at=now)
    return ask_card.window(stand_in, now)


def answer(
    session: Session,
    signup: Signup,
    now: datetime,
    *,
    keys: Collection[str] = (),
    repeat: bool = False,
    when: str = "",
    note: str = "",
    ticked: Collection[str] = (),
) -> bool:
    """Keep the second page until the address is confirmed; whether it was in time. It replaces the last.

    Of the `keys` and of the lenses `ticked` (a mentor offers them, a student wants them) only those that were
    there to tick are kept. A student may say `when` ("any" time, "later", or "ticked", which needs a tick).
    Raises boxes.BadChoice.
    """
    keys = [] if when in ("any", "later") else _offered(session, signup, keys, now)
    if when == "ticked" and not keys:
        raise BadChoice("Tick at least one time, or choose another answer.")
    wanted = lenses.offered(ticked)
    kept = {
        "keys": keys,
        "repeat": repeat,
        "any_hours": when == "any" and not signup.is_mentor,
        "note": names.clean_text(note, asking.NOTE_LIMIT) if signup.is_mentor else "",
        "offers": wanted if signup.is_mentor else [],
        "wants": [] if signup.is_mentor else wanted,
    }
    if len(json.dumps(kept)) > MOST_KEPT:
        raise BadChoice("These are too many times to keep. Please tick fewer, or one week and “repeat”.")
    return signup.answer(kept)


def _offered(session: Session, signup: Signup, keys: Collection[str], now: datetime) -> list[str]:
    """Those of the keys that the picker offers now, each once."""
    view = window(session, signup, now)
    offered = boxes.days(view, ()) if view else []
    return sorted({box.key for day in offered for box in day.parts + day.halves} & set(keys))


def confirm(session: Session, signup: Signup, now: datetime) -> Person:
    """The address is proved: the person is enrolled, and asked for the round under way with what was ticked.

    A second call changes nothing. Raises NotNow as `roster.confirm` does.
    """
    is_first = signup.confirmed_at is None
    person = roster.confirm(session, signup, now)
    if is_first:
        _come_in(session, signup, person, now)
    return person


def approve(session: Session, person: Person, now: datetime) -> bool:
    """Let a waiting person in, and into the round under way with what they ticked; whether that is new."""
    if not roster.approve(session, person, now):
        return False
    signup = roster.last_signup(session, person)
    if signup is not None:
        _come_in(session, signup, person, now)
    return True


def _come_in(session: Session, signup: Signup, person: Person, now: datetime) -> None:
    round_ = find_round(session, person.programme, now)
    if round_ is None or not person.takes_part(now):
        return
    before = asking.find(session, round_, person, signup.role)
    if before is not None and before.state is AskState.ANSWERED:
        return
    ask = asking.add(session, round_, person, signup.role, now)
    if not _answered(session, ask, signup, now) and before is None:
        asking.ask(session, round_, person, signup.role, now)


def _answered(session: Session, ask: Ask, signup: Signup, now: datetime) -> bool:
    """Whether anything was ticked that still makes an answer; if so it is given."""
    ticked = signup.answers
    if ticked.get("any_hours"):
        never = ask.person.never
        asking.wish(session, ask, now, never=Pattern.from_json(never) if never else None)
        return True
    given = _given(ask, ticked.get("keys", []), repeat=bool(ticked.get("repeat")), now=now)
    if not given:
        return False
    if ask.is_mentor:
        asking.offer(session, ask, given, now, note=ticked.get("note", ""))
    else:
        asking.wish(session, ask, now, chosen=given)
    return True


def _given(ask: Ask, keys: Iterable[str], *, repeat: bool, now: datetime) -> list[Slot]:
    return boxes.chosen(ask_card.window(ask, now), keys, repeat=repeat, taken=()).slots


def answer_url(session: Session, person: Person, now: datetime) -> str | None:
    """The page where the person answers for the round under way; None where they were not asked."""
    round_ = find_round(session, person.programme, now)
    if round_ is None or not person.takes_part(now):
        return None
    asked = session.scalars(select(Ask).where(Ask.round_id == round_.id, Ask.person_id == person.id))
    ask = next(iter(sorted(asked, key=lambda ask: ask.id)), None)
    return None if ask is None else ask_card.link(ask, "")
