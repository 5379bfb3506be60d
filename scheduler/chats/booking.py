"""Arranging chats: a new one, a follow-up, a new time, and new times put to the other side."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.chats import freetime, letters, places, record, room
from scheduler.chats.chat import Chat, Copy
from scheduler.chats.lifecycle import LIVE, Act, State
from scheduler.chats.proposal import Proposal, ProposalState
from scheduler.life import By, NotNow, Via
from scheduler.mail import invite, outbox, posting
from scheduler.programme.person import Person
from scheduler.programme.round import Round

NOT_FREE = "That time is no longer free for both. Please choose another."


def plan(
    session: Session,
    round_: Round,
    mentor: Person,
    student: Person,
    starts_at: datetime,
    now: datetime,
    *,
    by: By,
    reasons: Sequence[str] = (),
    follows: Chat | None = None,
) -> Chat:
    """A new chat, planned and not told to anyone; it takes both people's time.

    Raises NotNow when these two may not have one in this round (any more).
    """
    chat = _new(session, round_, mentor, student, starts_at, now, follows=follows, reasons=reasons)
    via = Via.COORDINATOR if by is By.COORDINATOR else Via.CLOCK
    record.happen(session, chat, Act.PROPOSE, now, via=via, by=by)
    return chat


def follow_up(session: Session, chat: Chat, starts_at: datetime, now: datetime, *, by: By, via: Via) -> Chat:
    """A new chat of the same two after one that came to nothing, at a time both already gave.

    What the student picks is agreed at once; what the mentor picks is proposed to the student. The same
    pick again gives the same chat. Raises NotNow when the time or the try is gone.
    """
    if chat.has_follower:
        former = session.scalars(select(Chat).where(Chat.follows_id == chat.id)).one()
        if former.starts_at == starts_at and former.is_live:
            return former
        raise NotNow("A new time has been arranged for this chat already.")
    if chat.state not in (State.DECLINED, State.LAPSED, State.MISSED, State.UNKNOWN):
        raise NotNow("This chat stands as it is, so there is nothing to arrange anew.")
    _check_suits(session, chat, starts_at, now)
    # Whoever has not been offered other times yet hears of the new one instead.
    outbox.withdraw(session, now, "a new time was found meanwhile", about=chat.key, with_calendar=False)
    chat.has_follower = True
    chat.is_listed = False
    chat.plan_ahead(now)
    new = _new(session, chat.round, chat.mentor, chat.student, starts_at, now, follows=chat)
    if by is By.STUDENT:
        record.happen(session, new, Act.AGREE, now, via=via, by=by)
        return new
    record.happen(session, new, Act.PROPOSE, now, via=via, by=by)
    record.happen(session, new, Act.PROPOSE, now, via=via, by=by)
    return new


def move(session: Session, chat: Chat, starts_at: datetime, now: datetime, *, by: By, via: Via) -> bool:
    """Another time for a chat that stands: the student's pick is settled, the mentor's put to the student.

    The coordinator's is a word to both: an agreed chat stays agreed, a proposed one waits for the student.
    Whether anything changed. Raises NotNow when the time does not suit both any more.
    """
    if starts_at == chat.starts_at:
        return False
    _check_suits(session, chat, starts_at, now)
    if by is not By.MENTOR or chat.state is State.PROPOSED:
        return record.happen(session, chat, Act.MOVE, now, via=via, by=by, to=starts_at)
    return put_time(session, chat, starts_at, now, by=by)


def wish(session: Session, chat: Chat, side: By, starts_at: datetime, now: datetime, *, via: Via) -> bool:
    """Another time of `side`'s own choosing, if the other gave it: of an agreed chat it is put to the other.

    While the chat waits for the student, theirs is settled: the mentor's times are the mentor's yes.
    Whether anything changed. Raises NotNow when the time does not suit.
    """
    if not freetime.suits_wish(session, chat, side, starts_at, now):
        raise NotNow("That time does not suit both.")
    if chat.state is State.CONFIRMED:
        return put_time(session, chat, starts_at, now, by=side)
    return record.happen(session, chat, Act.MOVE, now, via=via, by=side, to=starts_at)


def set_place(session: Session, chat: Chat, place: str, now: datetime) -> bool:
    """Where the two meet, by the coordinator's word; whoever has the chat in their calendar is told.

    Whether anything changed. Raises NotNow for no place at all, and once the chat's time has come.
    """
    if not place:
        raise NotNow("Please write where the two are to meet.")
    return record.happen(session, chat, Act.PLACE, now, via=Via.COORDINATOR, by=By.COORDINATOR, place=place)


def give_places(session: Session, round_: Round, now: datetime) -> int:
    """Give each chat still to come that has no place one that is free; how many have got one."""
    which = Chat.round_id == round_.id, Chat.state.in_(LIVE), Chat.starts_at > now, Chat.place == ""
    given = 0
    for chat in session.scalars(select(Chat).where(*which).order_by(Chat.starts_at, Chat.id)):
        place = places.find(session, chat, chat.starts_at)
        given += bool(place) and set_place(session, chat, place, now)
    return given


def put_time(session: Session, chat: Chat, starts_at: datetime, now: datetime, *, by: By) -> bool:
    """Put a new time to the other side of an agreed chat, which stands until they answer; twice is once."""
    if chat.state is not State.CONFIRMED or now >= chat.starts_at:
        raise NotNow("This chat can no longer be moved.")
    still_open = open_proposal(session, chat)
    if still_open is not None:
        if still_open.starts_at == starts_at and still_open.put_by is by:
            return False
        still_open.settle(ProposalState.STANDS, now)
    to = By.MENTOR if by is By.STUDENT else By.STUDENT
    proposal = Proposal(chat=chat, starts_at=starts_at, put_by=by, put_to=to, put_at=now)
    proposal.open_until(now)
    session.add(proposal)
    session.flush()
    letters.write_proposal(session, proposal, "chat_new_time", to, now)
    return True


def take_time(session: Session, proposal: Proposal, now: datetime, *, via: Via) -> bool:
    """The other side says yes to the new time: the chat moves there. Whether anything changed."""
    if not proposal.settle(ProposalState.MOVED, now):
        return False
    chat = proposal.chat
    if not freetime.suits_wish(session, chat, proposal.put_by, proposal.starts_at, now):
        raise NotNow(NOT_FREE)
    chat.copy(proposal.put_by).agreed_start = proposal.starts_at
    start, wish = proposal.starts_at, proposal.put_by
    return record.happen(session, chat, Act.MOVE, now, via=via, by=proposal.put_to, to=start, wished_by=wish)


def open_proposal(session: Session, chat: Chat) -> Proposal | None:
    """The new time now put to one of the two, if there is one."""
    return session.scalar(
        select(Proposal).where(Proposal.chat_id == chat.id, Proposal.state == ProposalState.OPEN)
    )


def _check_suits(session: Session, chat: Chat, starts_at: datetime, now: datetime) -> None:
    if not freetime.suits(session, chat, starts_at, now, By.MENTOR, By.STUDENT):
        raise NotNow(NOT_FREE)


def _new(
    session: Session,
    round_: Round,
    mentor: Person,
    student: Person,
    starts_at: datetime,
    now: datetime,
    *,
    follows: Chat | None = None,
    reasons: Sequence[str] = (),
) -> Chat:
    why_not = room.obstacle(session, round_, mentor, student, now)
    if why_not:
        raise NotNow(why_not)
    length: timedelta = round_.length
    domain = posting.sender().domain
    chat = Chat(
        round=round_,
        mentor=mentor,
        student=student,
        starts_at=starts_at,
        ends_at=starts_at + length,
        copies=[
            Copy(side=side, uid=invite.new_uid(domain, secrets.token_bytes(17)))
            for side in (By.STUDENT, By.MENTOR)
        ],
        follows_id=follows.id if follows is not None else None,
        reasons=list(reasons),
    )
    session.add(chat)
    session.flush()
    return chat
