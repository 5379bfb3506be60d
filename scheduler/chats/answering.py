"""People's answers to a chat, from a link or a calendar: the same verbs for both doors."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.chats import record
from scheduler.chats.chat import Chat, Copy
from scheduler.chats.lifecycle import REQUEST, Act, State
from scheduler.life import By, NotNow, Via
from scheduler.mail import written
from scheduler.mail.inbound import Reply

AHEAD_AT_MOST = timedelta(days=1)
"""So far a calendar's clock may be ahead of our receipt; a later stamp would outdo every answer to come."""


def accept(session: Session, chat: Chat, now: datetime, *, by: By, via: Via) -> bool:
    """Yes to the proposed time; whether anything changed. Raises NotNow."""
    return record.happen(session, chat, Act.ACCEPT, now, via=via, by=by)


def decline(session: Session, chat: Chat, now: datetime, *, by: By, via: Via) -> bool:
    """No to this time; whoever declines is offered the next ones. Whether anything changed. Raises NotNow."""
    return record.happen(session, chat, Act.DECLINE, now, via=via, by=by)


def cancel(session: Session, chat: Chat, now: datetime, *, by: By, via: Via) -> bool:
    """No chat at all; whether anything changed. Raises NotNow."""
    return record.happen(session, chat, Act.CANCEL, now, via=via, by=by)


def apply_reply(session: Session, reply: Reply, now: datetime, *, received_at: datetime) -> str:
    """Apply a calendar's answer if it is to be believed; in words, what came of it.

    The copy's UID says who answers (RFC 5546, 2.1.5: SEQUENCE first, then DTSTAMP). An answer to a former
    time, one overtaken by a later one, or one from somebody else changes nothing. A stamp that is missing
    is the moment of receipt, and one of more than a day later is that day later.
    """
    copy = session.scalar(select(Copy).where(Copy.uid == reply.uid))
    if copy is None:
        return "kept: no chat of ours has this UID"
    chat = session.get_one(Chat, copy.chat_id, with_for_update={"of": Chat})
    stamp = min(reply.stamp or received_at, received_at + AHEAD_AT_MOST)
    doubt = _doubt(session, chat, copy, reply, now) or _overtaken(copy, reply, stamp)
    if doubt:
        return doubt
    copy.answer_sequence, copy.answer, copy.answer_stamp = reply.sequence, reply.partstat, stamp
    try:
        return _apply(session, chat, copy, reply.partstat, now)
    except NotNow as refusal:
        return f"kept: {refusal}"


def _doubt(session: Session, chat: Chat, copy: Copy, reply: Reply, now: datetime) -> str:
    """Why this answer is not applied; empty when nothing speaks against it."""
    person = chat.person(copy.side)
    address = person.email.casefold()
    letters = [one for one in written.about(session, chat.key) if one.person_id == person.id and one.is_heard]
    had = [one for one in letters if one.method is not None]
    if reply.attendee.casefold() != address:
        return "held: the answer is for another address than the one invited"
    if reply.sender.casefold() != address:
        return "held: the answer came from another address than the one invited"
    if not had or reply.sequence > (had[-1].sequence or 0):
        return "held: it answers an invitation we have not sent"
    # What they answer is what they held then; since, nothing but the place may have become another.
    since = [one for one in had if (one.sequence or 0) >= reply.sequence]
    if any((one.method, one.starts_at) != (REQUEST, chat.starts_at) for one in since):
        return "kept: it answers a former time of this chat"
    if now >= chat.starts_at:
        return "kept: the chat's time had come"
    return ""


def _overtaken(copy: Copy, reply: Reply, stamp: datetime) -> str:
    """Whether a later answer was here before: SEQUENCE and then DTSTAMP order one reader's answers."""
    if copy.answer_stamp is None or reply.sequence > copy.answer_sequence:
        return ""
    if reply.sequence < copy.answer_sequence or stamp < copy.answer_stamp:
        return "kept: a later answer was here first"
    if stamp == copy.answer_stamp and copy.answer == reply.partstat:
        return "kept: the same answer was here before"
    return ""


def _apply(session: Session, chat: Chat, copy: Copy, partstat: str, now: datetime) -> str:
    side = copy.side
    if partstat == "DECLINED":
        return _told(decline(session, chat, now, by=side, via=Via.CALENDAR), "declined")
    if partstat == "TENTATIVE":
        return "kept: maybe is neither yes nor no"
    if partstat != "ACCEPTED":
        return "kept: no answer in it"
    if side is By.MENTOR and chat.state is State.CONFIRMED:
        copy.agreed_start = chat.starts_at  # their calendar shows it already: nobody need be written to
        return "applied: the mentor's calendar has it"
    return _told(accept(session, chat, now, by=side, via=Via.CALENDAR), "accepted")


def _told(changed: bool, word: str) -> str:
    return f"applied: {word}" if changed else f"kept: {word} already"
