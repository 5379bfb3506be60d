"""The round's own acts: opened, asked, settled, closed, cancelled."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from scheduler import localtime
from scheduler.availability import ask_card, asking, slots
from scheduler.availability.ask import Ask
from scheduler.availability.slots import ONE_DAY, Window
from scheduler.chats import record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import LIVE, Act, State
from scheduler.life import By, NotNow, Via
from scheduler.programme import arrangement, stages
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import RoundAct, Stage
from scheduler.rounds import telling

LENGTHS = range(15, 121, 15)
VIA = {By.COORDINATOR: Via.COORDINATOR, By.CLOCK: Via.CLOCK}


class NoRound(NotNow):
    """What was written makes no round; `field` is what of it stands against that."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def open_round(
    session: Session,
    programme: Programme,
    first_on: date,
    last_on: date,
    now: datetime,
    *,
    answer_on: date | None = None,
    minutes: int | None = None,
    blocked: Sequence[dict[str, str]] = (),
    quiet_from: str | None = None,
    quiet_to: str | None = None,
) -> Round:
    """A new round of the dates given, both included, in the programme's zone; nobody is asked yet.

    Answers are wanted until the end of `answer_on`; without it, half the time to the first date, a week at
    most. Quiet hours other than the programme's (as `arrangement.time_of_day` writes them) are the round's
    own and stay; an end left out is the programme's. Raises NoRound with a sentence when this makes no round,
    or there is one for these dates already.
    """
    minutes = programme.minutes if minutes is None else minutes
    today = localtime.in_zone(now, programme.timezone).date()
    _check(first_on, last_on, today)
    _check_length(programme, minutes)
    if answer_on is None:
        answer_on = today + min(timedelta(days=7), max(timedelta(0), (first_on - today) / 2))
    if not today <= answer_on <= last_on:
        raise NoRound("answer_on", "The answer-by date must lie between today and the round's last date.")
    round_ = Round(
        programme=programme,
        first_on=first_on,
        last_on=last_on,
        answer_by=localtime.end_of_day(answer_on, programme.timezone),
        minutes=minutes,
        created_at=now,
        since=now,
        blocked=list(blocked),
    )
    round_.quiet_from, round_.quiet_to = _own_quiet(programme, quiet_from, quiet_to)
    _check_days(round_, now)
    _check_alone(session, round_)
    session.add(round_)
    session.flush()
    return round_


def _check(first_on: date, last_on: date, today: date) -> None:
    if last_on < first_on:
        raise NoRound("first_on", "The round's last date lies before its first.")
    if last_on <= today:
        raise NoRound("last_on", "The round's last date must lie in the future.")
    if (last_on - today).days > 730:
        raise NoRound("last_on", "The round's dates lie more than two years ahead.")
    if (last_on - first_on).days > 120:
        raise NoRound("last_on", "A round can last 120 days at most.")


def _check_length(programme: Programme, minutes: int) -> None:
    if minutes not in LENGTHS:
        raise NoRound("minutes", "A chat lasts 15 to 120 minutes, in quarters of an hour.")
    if unfit := arrangement.too_short(programme.parts, minutes):
        ways = "Choose a shorter chat, or change the parts of the day in the settings."
        raise NoRound("minutes", f"{unfit} {ways}")


def _own_quiet(
    programme: Programme, quiet_from: str | None, quiet_to: str | None
) -> tuple[str, str] | tuple[None, None]:
    """The hours as the round keeps them; none where they are the programme's, with which they change then."""
    theirs = programme.quiet_from, programme.quiet_to
    wanted = quiet_from or theirs[0], quiet_to or theirs[1]
    return (None, None) if wanted == theirs else wanted


def _check_days(round_: Round, now: datetime) -> None:
    """Somebody could tick something: the days are not all off, or blocked for everyone, or too near."""
    for field, sentence, window in _narrowing(round_, now):
        if not slots.programme_hours(window):
            raise NoRound(field, sentence)


def _narrowing(round_: Round, now: datetime) -> Iterator[tuple[str, str, Window]]:
    """The round's times, fewer at each step, and what to say should none be left after it."""
    programme = round_.programme
    every = Window(
        first_on=round_.first_on,
        last_on=round_.last_on,
        zone=programme.timezone,
        parts=ask_card.parts_of(programme.parts),
        length=round_.length,
        earliest=datetime.min.replace(tzinfo=UTC),
        weekdays=tuple(programme.weekdays),
    )
    yield "first_on", f"None of the programme's days of the week lies within {round_.title}.", every
    open_ = replace(every, blocked=round_.blocked_for(""))
    yield "blocked", "Every day of this round is a date without chats.", open_
    notice = f"With {programme.notice_hours} hours' notice it is too late for a chat on these dates."
    yield "last_on", notice, replace(open_, earliest=now + programme.notice)


def _check_alone(session: Session, round_: Round) -> None:
    """Pressed twice, or in two browsers at once, the button opens one round: the programme is locked."""
    programme = Programme.id == round_.programme.id
    session.execute(select(Programme.id).where(programme).with_for_update(key_share=True))
    same = select(Round.id).where(
        Round.programme_id == round_.programme.id,
        Round.first_on == round_.first_on,
        Round.last_on == round_.last_on,
        Round.state.not_in(stages.OVER),
    )
    if session.scalar(same) is not None:
        raise NoRound("first_on", "There is a round for these dates already.")


def ask_all(session: Session, round_: Round, now: datetime) -> int:
    """Ask everyone who takes part and was not asked yet; how many were asked now.

    Raises NotNow when the answers were due before now, or the round is planned already.
    """
    if now >= round_.answer_by:
        raise NotNow("The day on which answers are due has passed, so nobody can be asked any more.")
    if round_.state is not Stage.ASKING:
        round_.act(RoundAct.ASK, now, by=By.COORDINATOR)
    known = set(session.execute(select(Ask.person_id, Ask.role).where(Ask.round_id == round_.id)).all())
    people = select(Person).where(Person.programme_id == round_.programme_id).order_by(Person.id)
    asked = 0
    for person in session.scalars(people):
        roles = [
            role for role, is_so in (("mentor", person.is_mentor), ("student", person.is_student)) if is_so
        ]
        for role in roles:
            if person.takes_part(now) and (person.id, role) not in known:
                asking.ask(session, round_, person, role, now)
                asked += 1
    return asked


def settle(session: Session, round_: Round, now: datetime) -> None:
    """The one fixed moment: every student without a chat and every mentor not needed hears so, in one go."""
    round_.act(RoundAct.SETTLE, now, by=By.CLOCK)
    telling.tell_left_out(session, round_, now)
    telling.tell_unused(session, round_, now)


def close(session: Session, round_: Round, now: datetime, *, by: By) -> bool:
    """The round is over: who was left out goes first next time, the coordinator hears how it went.

    Whether that is new. Raises NotNow while one of its chats is still to come.
    """
    to_come = _count(session, round_, Chat.state.in_(LIVE), Chat.starts_at > now)
    if round_.state is Stage.RUNNING and to_come:
        chats = "1 chat is" if to_come == 1 else f"{to_come} chats are"
        raise NotNow(f"{chats} still to come. The round closes by itself after the last; or cancel it now.")
    if not round_.act(RoundAct.CLOSE, now, by=by):
        return False
    telling.tell_left_out(session, round_, now)
    telling.tell_unused(session, round_, now)
    telling.count_left_out(session, round_)
    telling.tell_closed(session, round_, now)
    return True


def _count(session: Session, round_: Round, *which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(Chat.id)).where(Chat.round_id == round_.id, *which)) or 0


def cancel(session: Session, round_: Round, now: datetime, *, by: By = By.COORDINATOR) -> bool:
    """Call the round off: its chats are cancelled, with letters to whoever knows of them."""
    if not round_.act(RoundAct.CANCEL, now, by=by):
        return False
    is_open = or_(Chat.starts_at > now, Chat.state == State.PLANNED)
    live = select(Chat).where(Chat.round_id == round_.id, Chat.state.in_(LIVE), is_open)
    for chat in session.scalars(live):
        who = by if now < chat.starts_at else By.CLOCK  # what nobody heard of may go, however late
        record.happen(session, chat, Act.CANCEL, now, via=VIA[who], by=who)
    telling.tell_left_out(session, round_, now, reason="called_off")
    telling.tell_unused(session, round_, now)
    return True


def step(session: Session, round_: Round, now: datetime) -> None:
    """Carry out a due step that needs no planning: settle, close, or call off what nobody published.

    While anything falls due in one of its chats, which may still come to something, closing waits from day
    to day.
    """
    if round_.due_at is None or round_.due_at > now:
        return
    if round_.due_step == RoundAct.SETTLE:
        settle(session, round_, now)
    elif round_.due_step == RoundAct.CANCEL:
        cancel(session, round_, now, by=By.CLOCK)
    elif round_.due_step == RoundAct.CLOSE and _count(session, round_, Chat.due_at.is_not(None)):
        round_.due_at = now + ONE_DAY
    elif round_.due_step == RoundAct.CLOSE:
        close(session, round_, now, by=By.CLOCK)
