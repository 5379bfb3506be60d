"""How invented people behave: who answers when, with which times, who declines, who does not come.

Everything follows from names and numbers, so that the same people do the same at every start.
"""

import random
from collections.abc import Iterable
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.availability import ask_card, asking, slots
from scheduler.availability.ask import Ask
from scheduler.availability.asks import AskState
from scheduler.availability.slots import Pattern, Slot
from scheduler.chats import answering, booking, freetime, outcome
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Report, State
from scheduler.life import By, NotNow, Via
from scheduler.mail import inbox, outbox, replies
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round

SILENT, OUT = 0.06, 0.10
"""Of a hundred asked, six never answer and four say that they are not in this round."""
MORNINGS = Pattern("America/New_York", tuple((day, time(7), time(8, 30)) for day in range(5)))


def act(session: Session, programme: Programme, now: datetime, *, spared: Iterable[int] = ()) -> int:
    """Everybody but those `spared` does what their mails ask of them; how many did something.

    What they do goes through the same verbs as a person's; a second call finds little left to do.
    """
    away = frozenset(spared)
    return (
        _answer_asks(session, programme, now, away)
        + _answer_chats(session, programme, now, away)
        + _pick_again(session, programme, now, away)
        + _say_how_it_was(session, programme, now, away)
    )


def _answer_asks(session: Session, programme: Programme, now: datetime, away: frozenset[int]) -> int:
    asked = select(Ask).join(Ask.round).where(Round.programme_id == programme.id, Ask.state == AskState.ASKED)
    open_asks = [ask for ask in session.scalars(asked.order_by(Ask.id)) if ask.round.is_asking(now)]
    waiting = [ask for ask in open_asks if ask.person_id not in away]
    return sum(_answer_ask(session, ask, now) for ask in waiting if ask.person.takes_part(now))


def _answer_ask(session: Session, ask: Ask, now: datetime) -> bool:
    luck = _luck(ask.person, ask.round_id)
    mood = luck.random()
    if mood < SILENT:
        return False
    if mood < OUT:
        return asking.opt_out(session, ask, now, by=By.MENTOR if ask.is_mentor else By.STUDENT)
    if ask.is_mentor:
        times = asking.same_as_last(ask, now) or _some_times(ask, now, luck, luck.choice((3, 4)))
        asking.offer(session, ask, times, now)
    elif luck.random() < 0.6:
        asking.wish(session, ask, now, never=MORNINGS if luck.random() < 0.5 else None)
    else:
        asking.wish(session, ask, now, chosen=_some_times(ask, now, luck, 7))
    return True


def _some_times(ask: Ask, now: datetime, luck: random.Random, count: int) -> list[Slot]:
    """So many of the week's parts of the day, in each week of the round."""
    parts = ask_card.parts_of(ask.round.programme.parts)
    week = [(day, part.starts, part.ends) for day in ask.round.programme.weekdays for part in parts]
    chosen = Pattern(ask.round.programme.timezone, tuple(sorted(luck.sample(week, count))))
    return slots.expand(chosen, ask_card.window(ask, now), ())


def _answer_chats(session: Session, programme: Programme, now: datetime, away: frozenset[int]) -> int:
    proposed = [chat for chat in _chats(session, programme, State.PROPOSED) if chat.student_id not in away]
    return sum(_answer_chat(session, chat, now) for chat in proposed if now < chat.starts_at)


def _answer_chat(session: Session, chat: Chat, now: datetime) -> bool:
    """Most accept, every third of them in the calendar; a few decline, and one in a while says nothing."""
    if chat.id % 11 == 7:
        return False
    if chat.id % 9 == 4 and chat.follows_id is None:
        return answering.decline(session, chat, now, by=By.STUDENT, via=Via.LINK)
    if chat.id % 3:
        return answering.accept(session, chat, now, by=By.STUDENT, via=Via.LINK)
    return answer_in_calendar(session, chat, By.STUDENT, "ACCEPTED", now)


def answer_in_calendar(session: Session, chat: Chat, side: By, partstat: str, now: datetime) -> bool:
    """Press the button on the card in the calendar: a REPLY as a calendar writes it lands in the inbox.

    Whether there was a card to press on; what comes of it is for the next sweep.
    """
    person = chat.person(side)
    invitation = outbox.last_calendar(session, chat.key, person.id)
    if invitation is None or invitation.method != "REQUEST":
        return False
    style = replies.STYLES[person.id % len(replies.STYLES)]
    raw = replies.reply(invitation.raw, partstat, stamp=now, style=style)
    inbox.store(session, raw, now, sender=person.email)
    return True


def _pick_again(session: Session, programme: Programme, now: datetime, away: frozenset[int]) -> int:
    """After a decline or a missed chat, half the students pick the first of the times they were offered."""
    ended = _chats(session, programme, State.DECLINED, State.MISSED)
    ready = [chat for chat in ended if not chat.has_follower and chat.id % 2 == 0]
    return sum(_picked(session, chat, now) for chat in ready if chat.student_id not in away)


def _picked(session: Session, chat: Chat, now: datetime) -> bool:
    times = freetime.common_times(session, chat, now)
    if not times:
        return False
    try:
        booking.follow_up(session, chat, times[0], now, by=By.STUDENT, via=Via.LINK)
    except NotNow:
        return False
    return True


def _say_how_it_was(session: Session, programme: Programme, now: datetime, away: frozenset[int]) -> int:
    over = [chat for chat in _chats(session, programme, State.CONFIRMED) if chat.ends_at < now]
    return sum(
        _reported(session, chat, side, now)
        for chat in over
        for side in (By.STUDENT, By.MENTOR)
        if chat.person(side).id not in away
    )


def _reported(session: Session, chat: Chat, side: By, now: datetime) -> bool:
    """Mostly both met; now and then a student forgot, or only one of the two finds time to say so."""
    if chat.state is not State.CONFIRMED or chat.report(side) is not None:
        return False
    if chat.id % 8 == 2:
        said = Report.ABSENT if side is By.MENTOR else Report.COULD_NOT
    elif chat.id % 5 == 1 and side is By.MENTOR:
        return False
    else:
        said = Report.MET
    outcome.report(session, chat, side, said, now, via=Via.LINK)
    return True


def _chats(session: Session, programme: Programme, *states: State) -> list[Chat]:
    found = select(Chat).join(Chat.round).where(Round.programme_id == programme.id, Chat.state.in_(states))
    return list(session.scalars(found.order_by(Chat.id)))


def _luck(person: Person, round_id: int) -> random.Random:
    return random.Random(f"{person.email} {round_id}")  # noqa: S311 - habits, not secrets
