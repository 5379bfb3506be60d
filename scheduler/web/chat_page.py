"""A chat's page as its reader may see it: the card, the one form that fits, and the ways to other forms."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import links, localtime
from scheduler.availability import boxes, ticks
from scheduler.chats import booking, card, freetime, held, letters, lifecycle, moretimes, record
from scheduler.chats.card import Card, NextTime
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.held import Shown
from scheduler.chats.lifecycle import State
from scheduler.chats.proposal import Proposal
from scheduler.life import By, NotNow
from scheduler.mail import outbox
from scheduler.programme import describing
from scheduler.programme.person import Standing
from scheduler.web import picking
from scheduler.web.picking import Week

OPENED_FOR = (
    "accept",
    "decline",
    "move",
    "cancel",
    "met",
    "not_met",
    "times",
    "again",
    "new_time",
    "held",
    "chat",
)
"""What a link may have chosen beforehand."""
DONE = (
    "accept",
    "move",
    "decline",
    "cancel",
    "report",
    "again",
    "take",
    "keep",
    "times",
    "never",
    "undo",
    "mine",
    "pick",
    "not_mine",
)
"""What the page may say thanks for."""
FEW, MOST = 3, 5
"""How many next times stand open, and how many there are with the rest: all of another's calendar to see."""
CHANGING = "This chat is just being changed; please look again in a few minutes."
ANEW = frozenset({State.MISSED, State.UNKNOWN})
"""Over without a chat; either side may look for a new time."""


class Opened(NamedTuple):
    """How the page was opened: what for, by a choice on the page or by the link alone, the time tapped in
    the mail, what was done just now, and, of a form sent back, the boxes that were ticked."""

    act: str = "chat"
    is_chosen: bool = False
    start: datetime | None = None
    done: str = ""
    held: int = 0
    """The held answer that the mail asked about."""
    ticked: frozenset[str] = frozenset()


@dataclass(kw_only=True)
class ChatPage:
    """All the template needs, as plain values. `form` names the form shown; "" is none."""

    card: Card
    reader: str
    form: str
    opened: str
    done: str
    is_open: bool
    """Whether the chat can still be moved or cancelled."""
    may_report: bool
    may_pick: bool
    is_over: bool
    since: str
    said: str
    topics: list[str]
    undo: str
    new_time: NextTime | None = None
    """A time now put to this reader."""
    asked_time: NextTime | None = None
    """A time this reader has put to the other."""
    held: Shown | None = None
    """An answer in this reader's name of which it is not sure that it is theirs."""
    has_event: bool = False
    """Whether an event of it should stand in the reader's calendar."""
    follower: str = ""
    times: list[NextTime] = field(default_factory=list)
    more: list[NextTime] = field(default_factory=list)
    picked: datetime | None = None
    is_gone: bool = False
    """Whether the time tapped in the mail is free no more."""
    weeks: list[Week] = field(default_factory=list)
    zone_words: str = ""
    changing: str = ""
    """What is said to whoever would act on a chat of whose end they are not told yet."""


def show(session: Session, chat: Chat, side: By, now: datetime, opened: Opened) -> ChatPage:
    """The page for `side`, as `opened`; it looks only."""
    known = _as_known(session, chat, side, now)
    if known is not None:
        return _unchanged(chat, side, known, opened)
    proposal = booking.open_proposal(session, chat)
    mine = proposal is not None and proposal.put_to is side
    is_open = chat.state in (State.PROPOSED, State.CONFIRMED) and now < chat.starts_at
    page = ChatPage(
        card=card.show(chat, side, now=now),
        reader=chat.person(side).name,
        form="",
        opened=opened.act,
        done=opened.done,
        is_open=is_open,
        may_report=may_report(chat, now),
        may_pick=may_pick(session, chat, side),
        is_over=chat.state is not State.PLANNED and (not chat.is_live or now >= chat.starts_at),
        since=localtime.day_long(chat.since, chat.person(side).timezone) if chat.since else "",
        said=chat.report(side) or "",
        topics=_topics(chat),
        undo=_undo(session, chat, side, now),
        new_time=_time_of(proposal, chat, side) if mine else None,
        asked_time=_time_of(proposal, chat, side) if not mine else None,
        held=_held(session, chat, side, opened) if is_open else None,
        has_event=is_open and outbox.standing(session, chat.key, chat.person(side).id) is not None,
        follower=_follower(session, chat, side),
    )
    page.form = _form(page, chat, side, opened)
    if page.form in ("change", "pick", "times"):
        _add_times(session, page, chat, side, now, opened)
    if page.form == "times" and page.times and not opened.is_chosen:
        page.form = "change" if page.is_open else "pick"  # there are times in common again
    if page.form == "times":
        _add_weeks(session, page, chat, side, now, opened.ticked)
    return page


def check_settled(session: Session, chat: Chat, side: By, now: datetime) -> None:
    """Raises NotNow while the other side can still take the chat's end back unseen by `side`."""
    if _as_known(session, chat, side, now) is not None:
        raise NotNow(CHANGING)


def _as_known(session: Session, chat: Chat, side: By, now: datetime) -> Card | None:
    """The chat as `side`'s calendar has it, in the minutes in which its end can be taken back unseen."""
    last = record.last_act(session, chat)
    if chat.state not in (State.DECLINED, State.CANCELLED) or chat.has_follower or last is None:
        return None
    wait = lifecycle.grace(last.what, by=last.by, reader=side, starts_at=chat.starts_at, now=last.at)
    held = outbox.last_calendar(session, chat.key, chat.person(side).id)
    if now >= last.at + wait or held is None or held.method != lifecycle.REQUEST:
        return None
    shown = card.show(chat, side, at=held.starts_at, now=now)
    return replace(shown, state=last.was_state, state_words=card.STATE_WORDS[last.was_state])


def _unchanged(chat: Chat, side: By, known: Card, opened: Opened) -> ChatPage:
    """The page of a chat that still stands for its reader, but without a form."""
    acts = opened.act != "chat" or known.state is State.PROPOSED
    return ChatPage(
        card=known,
        reader=chat.person(side).name,
        form="",
        opened=opened.act,
        done=opened.done,
        is_open=True,
        may_report=False,
        may_pick=False,
        is_over=False,
        since="",
        said="",
        topics=[],
        undo="",
        changing=CHANGING if acts else "",
    )


def may_report(chat: Chat, now: datetime) -> bool:
    """Whether one may say now whether they met."""
    return now >= chat.starts_at and chat.state in (State.CONFIRMED, State.HELD, *ANEW)


def may_pick(session: Session, chat: Chat, side: By) -> bool:
    """Whether `side` may look for a new chat after this one.

    After a decline that is whoever declined, after a lapse the student: the other is not to press them. With
    somebody who has left nobody may, nor once the round is over.
    """
    if chat.has_follower or chat.round.is_over or chat.other(side).standing is Standing.LEFT:
        return False
    if chat.state is State.LAPSED:
        return side is By.STUDENT
    if chat.state is State.DECLINED:
        last = record.last_act(session, chat)
        return last is not None and last.by is side
    return chat.state in ANEW


def _form(page: ChatPage, chat: Chat, side: By, opened: Opened) -> str:
    if opened.done and opened.done != "undo":  # all is as before, and so is what may be done
        return _form_after(page, opened)
    if page.is_open:
        return _form_before(page, chat, side, opened)
    wants_report = opened.act in ("met", "not_met") and (opened.is_chosen or not page.said)
    if page.may_report and (wants_report or (chat.state is State.CONFIRMED and not page.said)):
        return "report"
    if page.may_pick:
        return "times" if opened.act == "times" else "pick"
    return ""


def _form_after(page: ChatPage, opened: Opened) -> str:
    """What may be done at once after something was done: pick one of the times that suit both."""
    if opened.done in ("times", "pick") and page.is_open:
        return "change"
    return "pick" if opened.done in ("report", "times") and page.may_pick else ""


def _form_before(page: ChatPage, chat: Chat, side: By, opened: Opened) -> str:
    if opened.act == "times":
        return "times"
    if page.held is not None and not opened.is_chosen and opened.act in ("held", "chat"):
        return "held"
    if page.new_time is not None and not (opened.is_chosen or opened.act == "cancel"):
        return "new_time"
    if opened.act in ("decline", "move", "cancel"):
        return "change"
    return "accept" if chat.state is State.PROPOSED and side is By.STUDENT else ""


def _add_times(session: Session, page: ChatPage, chat: Chat, side: By, now: datetime, opened: Opened) -> None:
    """The next times, few of them open; the one tapped in the mail first of all chosen, if still free."""
    few = freetime.common_times(session, chat, now, most=FEW)
    rest = [start for start in freetime.common_times(session, chat, now, most=MOST) if start not in few]
    wanted = opened.start if opened.start != chat.starts_at else None
    if wanted is not None and wanted not in few:
        page.is_gone = not freetime.suits(session, chat, wanted, now, By.STUDENT, By.MENTOR)
        few = few if page.is_gone else sorted([wanted, *few])
    page.times = [card.next_time(chat, side, start) for start in few]
    page.more = [card.next_time(chat, side, start) for start in rest if start not in few]
    page.picked = wanted if wanted in few else next(iter(few), None)


def _add_weeks(
    session: Session, page: ChatPage, chat: Chat, side: By, now: datetime, ticked: frozenset[str]
) -> None:
    """The picker for this one chat; without a round's day left there is none, and the page says so."""
    person, asked = chat.person(side), moretimes.get_ask(session, chat, side)
    window = freetime.window(session, chat, side, now)
    if window is None:
        return
    taken = moretimes.taken(moretimes.known(session, person))
    given = ticks.keys_of(boxes.days(window, taken), asked.slots)
    page.weeks = picking.weeks(window, given | ticked, taken)
    page.zone_words = picking.zone_words(window)


def _held(session: Session, chat: Chat, side: By, opened: Opened) -> Shown | None:
    """The held answer that the mail asked about, if it is still open, else the one that waits longest."""
    waiting = held.open_for(session, chat, side)
    asked = next((one for one in waiting if one.id == opened.held), next(iter(waiting), None))
    return asked.shown if asked is not None else None


def _time_of(proposal: Proposal | None, chat: Chat, side: By) -> NextTime | None:
    return None if proposal is None else card.next_time(chat, side, proposal.starts_at)


def _topics(chat: Chat) -> list[str]:
    """What the mentor will speak of and the student asks: for these two alone, once both have said yes."""
    if chat.state not in (State.CONFIRMED, State.HELD):
        return []
    return describing.shared(chat.mentor.topics, chat.student.asks_about)


def _undo(session: Session, chat: Chat, side: By, now: datetime) -> str:
    """The token to take the reader's own last act back with; empty when that is no longer possible."""
    last = record.last_act(session, chat)
    if last is None or last.by is not side or not record.may_undo(session, last, now, side):
        return ""
    return undo_token(last, chat, side)


def undo_token(event: ChatEvent, chat: Chat, side: By) -> str:
    """The token of the page where `side` takes `event` back."""
    reader = chat.person(side)
    return links.token("undo", e=event.id, p=reader.id, n=reader.link_number)


def _follower(session: Session, chat: Chat, side: By) -> str:
    """The page of the chat that followed, for a reader who has heard of it."""
    new = session.scalar(select(Chat).where(Chat.follows_id == chat.id))
    if new is None:
        return ""
    knows = letters.knows(session, new, side)
    return card.link(new, side, "chat") if knows.told or knows.acted else ""
