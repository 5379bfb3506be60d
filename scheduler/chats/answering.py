"""People's answers to a chat, from a link or a calendar: the same verbs for both doors."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.chats import record
from scheduler.chats.chat import Chat, Copy
from scheduler.chats.lifecycle import REQUEST, Act, State
from scheduler.life import By, NotNow, Via
from scheduler.mail import written
from scheduler.mail.meaning import CameTo, Meaning, Verdict, Weight
from scheduler.mail.written import Written

AHEAD_AT_MOST = timedelta(days=1)
"""So far a calendar's clock may be ahead of our receipt; a later stamp would outdo every answer to come."""
BELIEVED = {Verdict.PASS: Weight.VERIFIED, Verdict.PROVIDER: Weight.PROVIDER, Verdict.NONE: Weight.PLAIN}
"""How far the invited person's answer is believed, by what our border found out."""


def accept(session: Session, chat: Chat, now: datetime, *, by: By, via: Via) -> bool:
    """Yes to the proposed time; whether anything changed. Raises NotNow."""
    return record.happen(session, chat, Act.ACCEPT, now, via=via, by=by)


def decline(session: Session, chat: Chat, now: datetime, *, by: By, via: Via) -> bool:
    """No to this time; whoever declines is offered the next ones. Whether anything changed. Raises NotNow."""
    return record.happen(session, chat, Act.DECLINE, now, via=via, by=by)


def cancel(session: Session, chat: Chat, now: datetime, *, by: By, via: Via) -> bool:
    """No chat at all; whether anything changed. Raises NotNow."""
    return record.happen(session, chat, Act.CANCEL, now, via=via, by=by)


def apply_reply(session: Session, reply: Meaning, now: datetime, *, received_at: datetime) -> CameTo:
    """Apply a calendar's answer if it is to be believed; what came of it.

    The copy's UID says who answers (RFC 5546, 2.1.5: SEQUENCE first, then DTSTAMP). An answer to a former
    time, one overtaken by a later one, or one from somebody else changes nothing. A stamp that is missing
    is the moment of receipt, and one of more than a day later is that day later.
    """
    copy = session.scalar(select(Copy).where(Copy.uid == reply.uid))
    if copy is None:
        return CameTo(Weight.KEPT, False, "no chat of ours has this UID")
    chat = session.get_one(Chat, copy.chat_id, with_for_update={"of": Chat})
    person = chat.person(copy.side)
    letters = [one for one in written.about(session, chat.key) if one.person_id == person.id and one.is_heard]
    had = [one for one in letters if one.method is not None]
    if doubt := _doubt(person.email.casefold(), had, reply):
        return CameTo(Weight.HELD, False, doubt)
    weight, stamp = BELIEVED[reply.verdict], min(reply.stamp or received_at, received_at + AHEAD_AT_MOST)
    if idle := _too_late(chat, had, reply, now) or _overtaken(copy, reply, stamp):
        return CameTo(weight, False, idle)
    copy.answer_sequence, copy.answer, copy.answer_stamp = reply.sequence or 0, reply.partstat, stamp
    try:
        return CameTo(weight, *_apply(session, chat, copy, reply.partstat, now))
    except NotNow as refusal:
        return CameTo(weight, False, str(refusal))


def _doubt(address: str, had: Sequence[Written], reply: Meaning) -> str:
    """Why this may not be the invited person's answer; empty when nothing speaks against it."""
    if reply.attendee.casefold() != address:
        return "the answer is for another address than the one invited"
    if reply.sender.casefold() != address:
        return "the answer came from another address than the one invited"
    if not had or (reply.sequence or 0) > (had[-1].sequence or 0):
        return "it answers an invitation we have not sent"
    if reply.verdict is Verdict.FAIL:
        return "nobody vouches for its sender"
    return ""


def _too_late(chat: Chat, had: Sequence[Written], reply: Meaning, now: datetime) -> str:
    """Why it changes nothing though it is theirs: another time is asked for now, or none any more."""
    # What they answer is what they held then; since, nothing but the place may have become another.
    since = [one for one in had if (one.sequence or 0) >= (reply.sequence or 0)]
    if any((one.method, one.starts_at) != (REQUEST, chat.starts_at) for one in since):
        return "it answers a former time of this chat"
    if now >= chat.starts_at:
        return "the chat's time had come"
    return ""


def _overtaken(copy: Copy, reply: Meaning, stamp: datetime) -> str:
    """Whether a later answer was here before: SEQUENCE and then DTSTAMP order one reader's answers."""
    sequence = reply.sequence or 0
    if copy.answer_stamp is None or sequence > copy.answer_sequence:
        return ""
    if sequence < copy.answer_sequence or stamp < copy.answer_stamp:
        return "a later answer was here first"
    if stamp == copy.answer_stamp and copy.answer == reply.partstat:
        return "the same answer was here before"
    return ""


def _apply(session: Session, chat: Chat, copy: Copy, partstat: str, now: datetime) -> tuple[bool, str]:
    side = copy.side
    if partstat == "DECLINED":
        return _told(decline(session, chat, now, by=side, via=Via.CALENDAR), "declined")
    if partstat == "TENTATIVE":
        return False, "maybe is neither yes nor no"
    if partstat != "ACCEPTED":
        return False, "no answer in it"
    if side is By.MENTOR and chat.state is State.CONFIRMED:
        copy.agreed_start = chat.starts_at  # their calendar shows it already: nobody need be written to
        return True, "the mentor's calendar has it"
    return _told(accept(session, chat, now, by=side, via=Via.CALENDAR), "accepted")


def _told(changed: bool, word: str) -> tuple[bool, str]:
    return changed, word if changed else f"{word} already"
