"""Calendars' answers to a chat: weighed, then done by the verbs of a link, or held and asked about."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import localtime
from scheduler.chats import answering, card, held, letters
from scheduler.chats.chat import Chat, Copy
from scheduler.chats.held import HeldAnswer
from scheduler.chats.lifecycle import ENDED_EARLY, REQUEST, State
from scheduler.life import By, NotNow, Via
from scheduler.mail import written
from scheduler.mail.meaning import CameTo, Kind, Meaning, Verdict, Weight
from scheduler.mail.written import Written
from scheduler.programme.person import Standing

AHEAD_AT_MOST = timedelta(days=1)
"""So far a calendar's clock may be ahead of our receipt; a later stamp would outdo every answer to come."""
BELIEVED = {Verdict.PASS: Weight.VERIFIED, Verdict.PROVIDER: Weight.PROVIDER, Verdict.NONE: Weight.PLAIN}
"""How far the invited person's answer is believed, by what our border found out."""
OUTCOMES_OF = {"ACCEPTED": State.CONFIRMED, "DECLINED": State.DECLINED}
"""What an answer achieves."""


class _Answered(NamedTuple):
    """A reply beside what it is about: the chat, whose copy, and that side's calendar letters, in order."""

    reply: Meaning
    chat: Chat
    copy: Copy
    had: Sequence[Written]

    @property
    def said(self) -> str:
        """What it says: a counter is never an answer to the time that stands, whatever PARTSTAT it bears."""
        return held.COUNTER if self.reply.kind is Kind.COUNTER else self.reply.partstat


class Believed(NamedTuple):
    """An answer to the present time, of the person it should be of: to be done."""

    chat: Chat
    side: By
    weight: Weight


def apply_reply(session: Session, reply: Meaning, now: datetime, *, received_at: datetime) -> CameTo:
    """Apply a calendar's answer if it is to be believed; what came of it, as `weighed` has it."""
    found = weighed(session, reply, now, received_at=received_at)
    if isinstance(found, CameTo):
        return found
    try:
        return CameTo(
            found.weight, *apply(session, found.chat, found.side, reply.partstat, now, via=Via.CALENDAR)
        )
    except NotNow as refusal:
        return CameTo(found.weight, False, str(refusal))


def weighed(session: Session, reply: Meaning, now: datetime, *, received_at: datetime) -> Believed | CameTo:
    """Whether a reply or a counter is to be done, by whom and how sure; else what came of it.

    The copy's UID says who answers (RFC 5546, 2.1.5: SEQUENCE first, then DTSTAMP). An answer to a former
    time, one overtaken by a later one, or one from somebody else changes nothing: the invited person is
    told how things stand, or asked whether it was theirs, at most once a day. A stamp that is missing is
    the moment of receipt, and one of more than a day later is that day later.
    """
    copy = session.scalar(select(Copy).where(Copy.uid == reply.uid))
    if copy is None:
        return CameTo(Weight.KEPT, False, "no chat of ours has this UID")
    chat = session.get_one(Chat, copy.chat_id, with_for_update={"of": Chat})
    person = chat.person(copy.side)
    mine = [one for one in written.about(session, chat.key) if one.person_id == person.id and one.is_heard]
    answer = _Answered(reply, chat, copy, [one for one in mine if one.method is not None])
    if doubt := _doubt(person.email.casefold(), answer):
        _hold(session, answer, now)
        return CameTo(Weight.HELD, False, doubt)
    weight, stamp = BELIEVED[reply.verdict], min(reply.stamp or received_at, received_at + AHEAD_AT_MOST)
    if idle := _overtaken(answer, stamp):
        return CameTo(weight, False, idle)
    if idle := _too_late(answer, now):
        _tell_how_it_stands(session, answer, now)
        return CameTo(weight, False, idle)
    copy.answer_sequence, copy.answer, copy.answer_stamp = reply.sequence or 0, answer.said, stamp
    return Believed(chat, copy.side, weight)


def confirm(session: Session, chat: Chat, side: By, number: int, now: datetime) -> None:
    """`side` says that the held answer of this number, and no other, is theirs: it is done.

    A second time is a quiet success while the chat is as it says. Raises NotNow when it is settled otherwise.
    """
    answer = held.find(session, chat, side, number)
    if answer.settled_at is not None:
        if OUTCOMES_OF.get(answer.said) is not chat.state:
            raise NotNow("This question has been answered already. The chat stands as it is shown.")
        return
    answer.settled_at = now
    apply(session, chat, side, answer.said, now, via=Via.LINK)


def apply(
    session: Session, chat: Chat, side: By, partstat: str, now: datetime, *, via: Via
) -> tuple[bool, str]:
    """Do what `side`'s calendar says; whether anything changed, and what was said. Raises NotNow."""
    copy = chat.copy(side)
    if partstat == "DECLINED":
        return _told(answering.decline(session, chat, now, by=side, via=via), "declined")
    if partstat == "TENTATIVE":
        copy.says_maybe = True
        return False, "maybe is neither yes nor no"
    if partstat != "ACCEPTED":
        return False, "no answer in it"
    copy.says_maybe = False
    if side is By.MENTOR and chat.state is State.CONFIRMED:
        copy.agreed_start = chat.starts_at  # their calendar shows it already: nobody need be written to
        return True, "the mentor's calendar has it"
    return _told(answering.accept(session, chat, now, by=side, via=via), "accepted")


def _told(changed: bool, word: str) -> tuple[bool, str]:
    return changed, word if changed else f"{word} already"


def _doubt(address: str, answer: _Answered) -> str:
    """Why this may not be the invited person's answer; empty when nothing speaks against it."""
    reply, had = answer.reply, answer.had
    if reply.attendee.casefold() != address:
        return "the answer is for another address than the one invited"
    if reply.sender.casefold() != address:
        return "the answer came from another address than the one invited"
    if not had or (reply.sequence or 0) > (had[-1].sequence or 0):
        return "it answers an invitation we have not sent"
    if reply.verdict is Verdict.FAIL:
        return "nobody vouches for its sender"
    return ""


def _too_late(answer: _Answered, now: datetime) -> str:
    """Why it changes nothing though it is theirs: another time is asked for now, or none any more."""
    # What they answer is what they held then; since, nothing but the place may have become another.
    since = [one for one in answer.had if (one.sequence or 0) >= (answer.reply.sequence or 0)]
    if any((one.method, one.starts_at) != (REQUEST, answer.chat.starts_at) for one in since):
        return "it answers a former time of this chat"
    if now >= answer.chat.starts_at:
        return "the chat's time had come"
    return ""


def _overtaken(answer: _Answered, stamp: datetime) -> str:
    """Whether a later answer was here before: SEQUENCE and then DTSTAMP order one reader's answers."""
    copy, sequence = answer.copy, answer.reply.sequence or 0
    if copy.answer_stamp is None or sequence > copy.answer_sequence:
        return ""
    if sequence < copy.answer_sequence or stamp < copy.answer_stamp:
        return "a later answer was here first"
    if stamp == copy.answer_stamp and copy.answer == answer.said:
        return "the same answer was here before"
    return ""


def _hold(session: Session, answer: _Answered, now: datetime) -> None:
    """Ask the invited person whether it was theirs, while there is something to answer that they hold."""
    chat, side, said = answer.chat, answer.copy.side, answer.said
    is_open = chat.state in (State.PROPOSED, State.CONFIRMED) and now < chat.starts_at
    if not is_open or not answer.had or said not in held.SAYS or not _may_write(chat, side, now):
        return
    sender = answer.reply.sender[:254]
    alike = (one for one in held.open_for(session, chat, side) if (one.said, one.sender) == (said, sender))
    doubt = next(alike, None)
    if doubt is None:
        doubt = HeldAnswer(chat=chat, side=side, said=said, sender=sender, at=now)
        session.add(doubt)
        session.flush()
        chat.wait_until(now + held.OPEN_FOR, now)
    asked = {"held": doubt.shown, "question": card.link(chat, side, "held", h=doubt.id)}
    letters.tell(session, chat, "held_answer", side, _daily(chat, side, now), now, more=asked)


def _tell_how_it_stands(session: Session, answer: _Answered, now: datetime) -> None:
    """Their answer came too late: say how the chat stands, if they have had the letter that made it so."""
    chat, side, last = answer.chat, answer.copy.side, answer.had[-1]
    if chat.is_live and now < chat.starts_at:
        is_known = last.method == REQUEST and last.starts_at == chat.starts_at
    else:  # whoever said no to what is off needs no word, and what is over is asked about by itself
        is_off = chat.state in ENDED_EARLY and last.method != REQUEST
        is_known = is_off and answer.said != "DECLINED"
    if is_known and _may_write(chat, side, now):
        letters.tell(session, chat, "answer_too_late", side, _daily(chat, side, now), now)


def _may_write(chat: Chat, side: By, now: datetime) -> bool:
    """Whoever pauses hears of answers to what they hold; whoever has left, of nothing."""
    person = chat.person(side)
    return person.takes_part(now) or person.standing is Standing.PAUSED


def _daily(chat: Chat, side: By, now: datetime) -> str:
    """Unique for a chat, a person and their day: so often one is asked or told at most."""
    person = chat.person(side)
    return f"answer:{chat.id}:{person.id}:{localtime.in_zone(now, person.timezone).date()}"
