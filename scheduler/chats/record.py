"""The one door for change: whatever happens to a chat is applied, written down and told of here."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from scheduler.chats import freetime, held, letters, lifecycle, places, room
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.lifecycle import Act, State
from scheduler.chats.proposal import Proposal, ProposalState
from scheduler.crashpoint import crashpoint
from scheduler.life import By, NotAllowed, NotNow, Via
from scheduler.mail import outbox
from scheduler.programme import refill
from scheduler.programme.person import Standing

FREES_TIME = frozenset({Act.DECLINE, Act.LAPSE, Act.CANCEL, Act.MOVE})
ARRANGES = frozenset({Act.PROPOSE, Act.AGREE, Act.MOVE})
"""Acts that settle when and where."""
UNDOABLE = frozenset({Act.ACCEPT, Act.DECLINE, Act.MOVE, Act.CANCEL, Act.HOLD, Act.MISS, Act.CLOSE})


def happen(
    session: Session,
    chat: Chat,
    what: str,
    now: datetime,
    *,
    via: Via,
    by: By,
    to: datetime | None = None,
    place: str | None = None,
    wished_by: By | None = None,
) -> bool:
    """Let an act or a step happen to the chat: apply it, write the event, write the letters.

    Whether anything changed; a second time changes nothing and says so. A move goes `to` a start, and
    `place` is the place it is put to. The caller owns the transaction. `wished_by` is the side for whose
    sake it happens, if not who does it. Raises NotNow; the database refuses (IntegrityError) time taken
    twice.
    """
    event = _event(chat, what, now, via=via, by=by)
    if what in set(Act):
        if what in ARRANGES:
            place = places.find(session, chat, to or chat.starts_at)
        if not chat.act(Act(what), now, by=by, to=to, place=place):
            return False
        _agree(chat, Act(what), by)
    else:
        chat.last_step = what
        chat.plan_ahead(now)
    session.add(event)
    _close_open(session, event, now)
    session.flush()
    crashpoint("chat.after_act")
    letters.write(session, event, now)
    _answer_wish(session, chat, now)
    crashpoint("chat.after_letters")
    if what in FREES_TIME:
        if _is_refused(what, wished_by or by):
            freetime.take_out(session, chat, wished_by or by, event.was_starts_at)
        if event.was_state is not State.PLANNED:
            refill.ask_for(session, chat.round, now)
    return True


def undo(session: Session, event: ChatEvent, now: datetime, *, via: Via, by: By) -> bool:
    """Take an act back: the chat stands as it did before, if nothing depends on the act and time is free.

    Within ten minutes for who did it, an accept until the mentor's letter has left; for a coordinator while
    nothing depends on it. Whether anything changed. Raises NotNow and NotAllowed.
    """
    chat = event.chat
    if session.scalar(select(exists().where(ChatEvent.undoes_id == event.id))):
        return False
    _check_undo(session, event, now, by)
    taken = _taken_by(session, event)
    undone = _event(chat, Act.UNDO, now, via=via, by=by)
    undone.undoes_id = event.id
    chat.place = places.find(session, chat, event.was_starts_at, goes_back=True)
    _go_back(chat, event, now, by)
    wish = event.by if taken is None else taken.put_by
    if _is_refused(event.what, wish):
        freetime.put_back(session, chat, wish)
    session.add(undone)
    if taken is not None:
        taken.open_again()
        taken.settle(ProposalState.STANDS, now)
    session.flush()
    letters.write(session, undone, now)
    _answer_wish(session, chat, now)
    return True


def keep_time(session: Session, proposal: Proposal, now: datetime) -> bool:
    """No to the new time, no answer, or a yes taken back: the chat stands, and who wished otherwise is told.

    Whether anything changed. Raises NotNow.
    """
    if not proposal.settle(ProposalState.STANDS, now):
        return False
    _answer_wish(session, proposal.chat, now)
    return True


def _answer_wish(session: Session, chat: Chat, now: datetime) -> None:
    """Whoever wished for another time of a chat that stands has had a word since that came to nothing.

    So also when letters were taken back meanwhile, and what happened to the chat came to nothing as well.
    """
    if chat.state is not State.CONFIRMED or now >= chat.starts_at:
        return
    session.flush()
    last = select(Proposal).where(Proposal.chat_id == chat.id).order_by(Proposal.id.desc()).limit(1)
    wish = session.scalar(last)
    if wish is None or wish.state is not ProposalState.STANDS or wish.answered_at is None:
        return
    if not outbox.wrote(session, chat.key, chat.person(wish.put_by).id, since=wish.answered_at):
        letters.write_proposal(session, wish, "chat_time_stands", wish.put_by, now)


def tell_again(session: Session, chat: Chat, side: By, now: datetime) -> bool:
    """Tell `side` how the chat stands, if their mailbox does not show it so; whether it does not.

    For somebody whose address has changed, or to whom no mail came for a while; the chat stays as it is.
    """
    known = letters.knows(session, chat, side)
    what = lifecycle.TELL_AGAIN
    if lifecycle.letter_for(what, by=side, side=side, state=chat.state, knows=known) is None:
        return False
    outbox.withdraw(session, now, "told anew", about=chat.key, person=chat.person(side).id)
    event = _event(chat, what, now, via=Via.COORDINATOR, by=side)
    session.add(event)
    session.flush()
    letters.write(session, event, now)
    return True


def note(session: Session, chat: Chat, what: str, now: datetime, *, via: Via, by: By) -> None:
    """Write down what somebody said of the chat, which by itself changes nothing and is told to nobody."""
    session.add(_event(chat, what, now, via=via, by=by))
    session.flush()


def may_undo(session: Session, event: ChatEvent, now: datetime, by: By) -> bool:
    """Whether `by` could take this act back now."""
    try:
        _check_undo(session, event, now, by)
    except (NotNow, NotAllowed):
        return False
    return not session.scalar(select(exists().where(ChatEvent.undoes_id == event.id)))


def last_act(session: Session, chat: Chat) -> ChatEvent | None:
    """The last thing somebody did to the chat."""
    acts = select(ChatEvent).where(
        ChatEvent.chat_id == chat.id, ChatEvent.what.in_([act.value for act in Act])
    )
    return session.scalar(acts.order_by(ChatEvent.id.desc()).limit(1))


def _event(chat: Chat, what: str, now: datetime, *, via: Via, by: By) -> ChatEvent:
    return ChatEvent(
        chat=chat,
        what=what,
        at=now,
        by=by,
        via=via,
        was_state=chat.state,
        was_starts_at=chat.starts_at,
        was_answer_by=chat.answer_by,
        was_last_step=chat.last_step,
        was_since=chat.since,
    )


def _agree(chat: Chat, act: Act, by: By) -> None:
    """Who accepts, agrees or picks the time has agreed to it, and their calendar may say so."""
    if act in (Act.ACCEPT, Act.AGREE, Act.MOVE) and by in (By.STUDENT, By.MENTOR):
        copy = chat.copy(by)
        copy.agreed_start, copy.says_maybe = chat.starts_at, False


def _is_refused(what: str, wish: By) -> bool:
    """Whether the time let go is one that `wish`, for whose sake it is, cannot make.

    A student has one chat a round: the time they moved it from is offered to nobody in their name.
    """
    return what in FREES_TIME and (what != Act.MOVE or wish is By.MENTOR)


def _taken_by(session: Session, event: ChatEvent) -> Proposal | None:
    """The new time put to somebody whose yes this act was: both were written down at one moment."""
    if event.what != Act.MOVE:
        return None
    return session.scalar(
        select(Proposal).where(
            Proposal.chat_id == event.chat_id,
            Proposal.state == ProposalState.MOVED,
            Proposal.starts_at == event.chat.starts_at,
            Proposal.answered_at == event.at,
        )
    )


def _close_open(session: Session, event: ChatEvent, now: datetime) -> None:
    """What was put to someone, a new time or a doubt, falls away when the chat itself changes, but for its
    place."""
    if not event.is_act or event.what == Act.PLACE or event.chat.id is None:
        return
    still_open = select(Proposal).where(
        Proposal.chat_id == event.chat.id, Proposal.state == ProposalState.OPEN
    )
    for proposal in session.scalars(still_open):
        proposal.settle(ProposalState.STANDS, now)
    held.settle(session, event.chat, now)


def _check_undo(session: Session, event: ChatEvent, now: datetime, by: By) -> None:
    chat = event.chat
    if by not in (event.by, By.COORDINATOR):
        raise NotAllowed("Only who did this can take it back.")
    latest = last_act(session, chat)
    if event.what not in UNDOABLE or latest is None or latest.id != event.id:
        raise NotNow("Something else has happened to this chat since, so this can no longer be taken back.")
    if chat.has_follower:
        raise NotNow("A new time has been arranged since, so this can no longer be taken back.")
    if by is not By.COORDINATOR and now > event.at + lifecycle.UNDO_FOR:
        raise NotNow("The ten minutes for taking this back are over. The coordinator can still help.")
    if event.what not in lifecycle.AFTER_START:
        _check_revival(session, event, now)
    is_back_to_asking = event.was_state is State.PROPOSED and chat.state is State.CONFIRMED
    mentor = letters.knows(session, chat, By.MENTOR)
    if is_back_to_asking and (mentor.told or mentor.acted):
        raise NotNow(f"{chat.mentor.name} knows of it already. You can still move or cancel the chat.")
    if event.what in lifecycle.BEFORE_START and now >= event.was_starts_at:
        raise NotNow("The chat's time has come, so this can no longer be taken back.")


def _check_revival(session: Session, event: ChatEvent, now: datetime) -> None:
    """The chat may stand again: both would have it, and nobody else has been given their place."""
    chat = event.chat
    room.hold(session, chat.mentor, chat.student)
    if not all(_may_have(session, event, side, now) for side in (By.STUDENT, By.MENTOR)):
        raise NotNow("One of the two takes no part at present, so this can no longer be taken back.")
    if not chat.is_live and room.taken_up(session, chat.round, chat.mentor, chat.student, besides=chat):
        raise NotNow("Somebody else has been found meanwhile, so this can no longer be taken back.")


def _may_have(session: Session, event: ChatEvent, side: By, now: datetime) -> bool:
    """Whether the chat as it was may stand for `side`: while they pause, only an agreed one they knew of."""
    person = event.chat.person(side)
    if person.takes_part(now):
        return True
    known = letters.knows(session, event.chat, side)
    was_agreed = event.was_state is State.CONFIRMED and person.standing is Standing.PAUSED
    return was_agreed and (known.told or known.acted)


def _go_back(chat: Chat, event: ChatEvent, now: datetime, by: By) -> None:
    length = chat.length
    if event.what == Act.ACCEPT:
        chat.copy(By.STUDENT).agreed_start = None
    if event.what in (Act.HOLD, Act.MISS) and by is event.by and by in (By.STUDENT, By.MENTOR):
        chat.take_report(by, None)  # a slip taken back; a coordinator leaves both words as they were said
    chat.starts_at, chat.ends_at = event.was_starts_at, event.was_starts_at + length
    chat.answer_by = event.was_answer_by
    chat.enter(event.was_state, event.was_since or now)
    chat.last_step = event.was_last_step
    chat.plan_ahead(now)
