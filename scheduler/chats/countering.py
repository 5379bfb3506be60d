"""Times that calendars propose (RFC 5546, 3.2.7): weighed as answers are, but never answers themselves."""

from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.chats import booking, freetime, letters, replying
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import State
from scheduler.life import By, NotNow, Via
from scheduler.mail.meaning import CameTo, Meaning

AMONG, NEAREST = 5, 3
"""Of so many next times that suit both, so many that lie nearest to the one proposed are named."""


def apply_counter(session: Session, counter: Meaning, now: datetime, *, received_at: datetime) -> CameTo:
    """Put the time proposed to the other side, if they gave it and it is to be believed; what came of it.

    Of a chat that waits for its student, the student's time is settled. One that does not suit both, or is
    shorter than a chat, is answered with the nearest that do; of a longer one the beginning counts.
    """
    found = replying.weighed(session, counter, now, received_at=received_at)
    if isinstance(found, CameTo):
        return found
    chat, side, start = found.chat, found.side, counter.starts_at
    if start is None or start == chat.starts_at:
        return CameTo(found.weight, False, "it proposes no other time than the chat has")
    is_long_enough = counter.ends_at is None or counter.ends_at - start >= chat.length
    was_agreed = chat.state is State.CONFIRMED
    try:
        if not is_long_enough or not freetime.suits_wish(session, chat, side, start, now):
            return CameTo(found.weight, False, _name_others(session, chat, side, start, now))
        changed = booking.wish(session, chat, side, start, now, via=Via.CALENDAR)
    except NotNow as refusal:
        return CameTo(found.weight, False, str(refusal))
    return CameTo(found.weight, changed, "put to the other side" if was_agreed else "moved there")


def _name_others(session: Session, chat: Chat, side: By, start: datetime, now: datetime) -> str:
    """Write to whoever proposed it which times suit both, once for each time proposed."""
    common = freetime.common_times(session, chat, now, most=AMONG)
    times = sorted(sorted(common, key=lambda one: abs(one - start))[:NEAREST])
    key = f"counter:{chat.id}:{chat.person(side).id}:{start.timestamp():.0f}"
    letters.tell(session, chat, "chat_other_times", side, key, now, times=times)
    return "the time proposed does not suit both; they were told which do"
