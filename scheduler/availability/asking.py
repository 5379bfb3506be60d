"""Asking people to take part in a round, and keeping what they answer."""

import json
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import life
from scheduler.availability import ask_card, asks, slots
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskAct
from scheduler.availability.slots import Pattern, Slot
from scheduler.life import By, NotNow
from scheduler.mail import outbox
from scheduler.mail.envelope import Lane
from scheduler.mail.invite import Mailbox
from scheduler.mail.posting import Posting
from scheduler.programme import contact, names, refill
from scheduler.programme.person import Person
from scheduler.programme.round import Round
from scheduler.programme.stages import Stage

ANSWERABLE = frozenset({Stage.OPEN, Stage.ASKING, Stage.DRAFTED, Stage.RUNNING})
NOTE_LIMIT = 280
ASK_LETTERS = ("offer_wanted", "offer_reminder", "wish_wanted", "wish_reminder")


def find(session: Session, round_: Round, person: Person, role: str) -> Ask | None:
    """This person's ask in this round and role, if they were asked."""
    return session.scalar(
        select(Ask).where(Ask.round_id == round_.id, Ask.person_id == person.id, Ask.role == role)
    )


def add(session: Session, round_: Round, person: Person, role: str, now: datetime) -> Ask:
    """An ask without a letter, for somebody who is answering already; the same again is the same ask."""
    ask = find(session, round_, person, role)
    if ask is None:
        ask = Ask(round=round_, person=person, role=role, asked_at=now, since=now, capacity=person.capacity)
        session.add(ask)
        ask.plan_ahead(now)
        session.flush()
    return ask


def ask(session: Session, round_: Round, person: Person, role: str, now: datetime) -> Ask:
    """Ask `person` to take part as `role`; asking again writes nothing."""
    asked = add(session, round_, person, role, now)
    _post(session, asked, "asked", f"{asked.key}:asked", now)
    return asked


def offer(
    session: Session,
    ask: Ask,
    given: list[Slot],
    now: datetime,
    *,
    note: str = "",
    capacity: int | None = None,
    by: By = By.MENTOR,
) -> None:
    """A mentor's times: they replace the earlier ones, are remembered as a weekly pattern, and receipted.

    The note is replaced, too; without a `capacity` they give as many chats as before. Raises NotNow when the
    round takes no more answers.
    """
    _answer(session, ask, AskAct.ANSWER, now, by)
    ask.give(given)
    ask.note = names.clean_text(note, NOTE_LIMIT)
    ask.capacity = capacity or ask.capacity
    ask.person.pattern = slots.pattern_of(given, ask.round.programme.timezone).to_json() if given else {}
    _receipt(session, ask, AskAct.ANSWER, now)


def same_as_last(ask: Ask, now: datetime) -> list[Slot]:
    """Last round's weekly times on this round's dates; empty when there were none, or none fit."""
    if not ask.person.pattern:
        return []
    return slots.expand(Pattern.from_json(ask.person.pattern), ask_card.window(ask, now), ())


def pattern_mark(ask: Ask) -> str:
    """By what a page knows which weekly times it showed: another mark for any others."""
    return sha256(json.dumps(ask.person.pattern, sort_keys=True).encode()).hexdigest()[:16]


def wish(
    session: Session,
    ask: Ask,
    now: datetime,
    *,
    chosen: list[Slot] | None = None,
    never: Pattern | None = None,
    by: By = By.STUDENT,
) -> None:
    """A student is in: at the `chosen` times or, with None, at any of the programme's hours but `never`.

    `never` is remembered for the rounds to come. Raises NotNow when the round takes no more answers.
    """
    _answer(session, ask, AskAct.ANSWER, now, by)
    ask.any_hours = chosen is None
    if chosen is None:
        ask.person.never = never.to_json() if never is not None and never.times else {}
        chosen = slots.programme_hours(ask_card.window(ask, now), never)
    ask.give(chosen)
    _receipt(session, ask, AskAct.ANSWER, now)


def opt_out(session: Session, ask: Ask, now: datetime, *, by: By) -> bool:
    """Not this round; whether that is new. Raises NotNow when the round takes no more answers."""
    if not _answer(session, ask, AskAct.OPT_OUT, now, by):
        return False
    ask.give([])
    _receipt(session, ask, AskAct.OPT_OUT, now)
    return True


def remind(session: Session, ask: Ask, now: datetime) -> None:
    """Carry out the ask's due step: a reminder to someone silent, left out when it comes too late."""
    name, moment = ask.due_step, ask.due_at
    if name is None or moment is None or moment > now:
        return
    agenda = asks.agenda(ask.state, ask.round.programme.reminder_days)
    ask.last_step = name
    ask.plan_ahead(now)
    is_wanted = ask.round.is_asking(now) and ask.person.takes_part(now)
    if is_wanted and not life.is_too_late(agenda, name, moment, now):
        _post(session, ask, "remind", f"{ask.key}:{name}", now)


def close(session: Session, ask: Ask, now: datetime) -> None:
    """No answer is waited for now: whoever has given none counts as silent, and is not reminded any more."""
    if ask.act(AskAct.PLAN, now, by=By.CLOCK):
        outbox.withdraw(session, now, "the round was planned meanwhile", about=ask.key, letters=ASK_LETTERS)


def reopen(session: Session, ask: Ask, now: datetime) -> None:
    """What `close` did is taken back: the silent are reminded as before, and asked if they never were."""
    if ask.act(AskAct.UNPLAN, now, by=By.COORDINATOR) and not outbox.heard(session, ask.key, ask.person_id):
        _post(session, ask, "asked", f"{ask.key}:asked {now.timestamp():.0f}", now)


def _answer(session: Session, ask: Ask, act: AskAct, now: datetime, by: By) -> bool:
    if ask.round.state not in ANSWERABLE:
        raise NotNow(f"The round of {ask.round.title} is over. We will ask you again before the next.")
    if not ask.act(act, now, by=by):
        return False
    outbox.withdraw(session, now, "answered meanwhile", about=ask.key)
    refill.ask_for(session, ask.round, now)
    return True


def _receipt(session: Session, ask: Ask, act: AskAct, now: datetime) -> None:
    session.flush()
    _post(session, ask, act, f"{ask.key}:answer {ask.answers}", now)


def _post(session: Session, ask: Ask, what: str, event: str, now: datetime) -> None:
    person, round_ = ask.person, ask.round
    is_ours = what in ("asked", "remind")
    contact.post(
        session,
        Posting(
            letter=asks.LETTERS[what][ask.role],
            event=event,
            about=ask.key,
            reader=Mailbox(person.name, person.email),
            context={
                "reader": person,
                "ask": ask_card.show(ask, now),
                "programme": round_.programme,
                "link": lambda name: _link(ask, name),
            },
            person_id=person.id,
            programme_id=person.programme_id,
            unsubscribe=contact.unsubscribe_url(person),
            useful_until=_until(round_, now) if is_ours else None,
            lane=Lane.ORDINARY if is_ours else Lane.PROMPT,
        ),
        now,
    )


def _until(round_: Round, now: datetime) -> datetime:
    """How long asking is of use: until answers are due, or, for who comes later, until the round ends."""
    return round_.answer_by if round_.is_asking(now) else round_.ends_at


def _link(ask: Ask, name: str) -> str:
    if name in ("preferences", "unsubscribe"):
        return contact.preferences_url(ask.person)
    return ask_card.link(ask, name)
