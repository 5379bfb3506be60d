"""Who is written to about a chat, and what their calendar gets: the tables of `lifecycle`, carried out."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import links, localtime
from scheduler.chats import card, freetime, lifecycle, room
from scheduler.chats.card import Card
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.lifecycle import REQUEST, Act, Knows, Letter, State
from scheduler.chats.proposal import Proposal
from scheduler.life import By, Via
from scheduler.mail import outbox, posting, written
from scheduler.mail.envelope import Lane
from scheduler.mail.invite import Invite, Mailbox
from scheduler.mail.posting import Posting
from scheduler.mail.written import Written
from scheduler.programme import contact
from scheduler.programme.person import Standing

SIDES = (By.STUDENT, By.MENTOR)
WITH_TIMES = frozenset({"chat_try_again", "chat_missed", "chat_prompt"})
OF_QUESTIONS = ("chat_new_time", "chat_time_stands", "held_answer")
PERSONAL_STEPS = frozenset({"ask", "ask_again"})
"""Steps whose letter goes only to those who have not answered yet."""

OFFERS_ANEW = frozenset({Act.MISS, "prompt"})
"""What is followed by an offer to meet after all; not with somebody who has left."""


def write(session: Session, event: ChatEvent, now: datetime) -> None:
    """Write the letters this event calls for, having taken back those of the chat that still waited.

    What was put to someone stays put to them where only the place has changed.
    """
    chat = event.chat
    if event.is_act:
        spared = OF_QUESTIONS if event.what == Act.PLACE else ()
        outbox.withdraw(session, now, "the chat has changed since", about=chat.key, spare=spared)
    # Read after that: a letter that began to be sent before it could be taken back counts as heard.
    letters, actors = written.about(session, chat.key), _actors(session, chat, before=event)
    for side in SIDES:
        mine = _to(chat, side, letters)
        known = _knows(chat, side, mine, actors)
        letter = lifecycle.letter_for(event.what, by=event.by, side=side, state=chat.state, knows=known)
        if letter is not None and _is_for(event, side) and _may_write(event, side, letter, known, now):
            _post(session, event, side, letter, mine, now)


def write_proposal(session: Session, proposal: Proposal, letter: str, to: By, now: datetime) -> None:
    """Tell `to` of a new time put to them (`chat_new_time`), or that the chat stands (`chat_time_stands`)."""
    tell(session, proposal.chat, letter, to, proposal.key(now), now, times=[proposal.starts_at])


def tell(
    session: Session,
    chat: Chat,
    letter: str,
    to: By,
    key: str,
    now: datetime,
    *,
    times: Sequence[datetime] = (),
    more: Mapping[str, object] | None = None,
) -> bool:
    """Write `to` a letter about the chat that no event calls for, once for each `key`; whether it was added.

    `more` is what its template reads besides the card. Of a chat to come it is of use until its time.
    """
    shown = card.show(chat, to, times=list(times))
    envelope = _envelope(chat, to, letter, key, {**_context(chat, to, shown, None), **(more or {})})
    session.flush()
    useful_until = chat.starts_at if now < chat.starts_at else None
    return contact.post(session, replace(envelope, useful_until=useful_until), now)


def knows(session: Session, chat: Chat, side: By) -> Knows:
    """What `side` knows of the chat from what they did, and from the letters they may have in hand."""
    mine = _to(chat, side, written.about(session, chat.key))
    return _knows(chat, side, mine, _actors(session, chat))


def _to(chat: Chat, side: By, letters: Iterable[Written]) -> list[Written]:
    """Those to the address that `side` has now: what went to a former one is not in hand."""
    person = chat.person(side)
    mine = (person.id, person.email)
    return [letter for letter in letters if (letter.person_id, letter.recipient) == mine]


def _actors(session: Session, chat: Chat, *, before: ChatEvent | None = None) -> set[By]:
    """Who has done anything to the chat, before that event, or wished for another time of it."""
    acts = select(ChatEvent.by).where(ChatEvent.chat_id == chat.id)
    if before is not None:
        acts = acts.where(ChatEvent.id < before.id)
    return set(session.scalars(acts.union(select(Proposal.put_by).where(Proposal.chat_id == chat.id))))


def _knows(chat: Chat, side: By, mine: Sequence[Written], actors: Collection[By]) -> Knows:
    held = _held(mine)
    return Knows(
        told=any(letter.is_heard for letter in mine),
        acted=side in actors,
        holds=held is not None,
        is_right=held is not None and held.starts_at == chat.starts_at and held.shows == shows(chat, side),
        is_elsewhen=held is not None and held.starts_at != chat.starts_at,
    )


def _held(mine: Sequence[Written]) -> Written | None:
    """The letter that made the reader's calendar what it is; None when the chat does not stand in it."""
    last = written.last_calendar(letter for letter in mine if letter.is_heard)
    return last if last is not None and last.method == REQUEST else None


def shows(chat: Chat, side: By) -> str:
    """What `side`'s event shows beside its time: the place, and whether they have agreed."""
    return f"{'agreed' if _has_agreed(chat, side) else 'open'} {chat.place}"


def place_shown(session: Session, chat: Chat, side: By) -> str:
    """The place that `side`'s calendar shows; empty where it shows none, or the chat is not in it."""
    held = outbox.last_calendar(session, chat.key, chat.person(side).id)
    return _place_in(held.shows) if held is not None and held.method == REQUEST else ""


def _place_in(shown: str) -> str:
    """The place of what `shows` wrote."""
    return shown.partition(" ")[2]


def _has_agreed(chat: Chat, side: By) -> bool:
    return chat.copy(side).agreed_start == chat.starts_at


def _may_write(event: ChatEvent, side: By, letter: Letter, known: Knows, now: datetime) -> bool:
    """Whoever paused hears only what changes or ends an event they knew of, answers, and reminders.

    Whoever left hears nothing more; their chats were cancelled before.
    """
    person = event.chat.person(side)
    if person.takes_part(now):
        return True
    changes_event = (known.told or known.acted) and letter.calendar is not None
    is_spared = letter.name in ("chat_reminder", "chat_cancelled", "chat_declined") or event.by is side
    return person.standing is Standing.PAUSED and (changes_event or is_spared)


def _is_for(event: ChatEvent, side: By) -> bool:
    chat = event.chat
    if event.what == lifecycle.TELL_AGAIN:
        return event.by is side
    if event.what in PERSONAL_STEPS:
        return chat.report(side) is None
    if event.what in OFFERS_ANEW and chat.other(side).standing is Standing.LEFT:
        return False
    if event.what == "prompt":
        has_other = room.other_chat(_session(event), chat.round, chat.student) is not None
        is_theirs = chat.state is State.MISSED or side is _decliner(event)
        return is_theirs and not has_other and freetime.can_find(_session(event), chat, side, event.at)
    return True


def _decliner(event: ChatEvent) -> By:
    """Whoever declined was offered other times; the other side was not."""
    declined = (
        select(ChatEvent.by)
        .where(ChatEvent.chat_id == event.chat.id, ChatEvent.what == Act.DECLINE)
        .order_by(ChatEvent.id.desc())
    )
    return _session(event).scalar(declined.limit(1)) or By.STUDENT


def _session(event: ChatEvent) -> Session:
    session = Session.object_session(event)
    if session is None:
        raise ValueError("an event is written about within its session")
    return session


def _post(
    session: Session, event: ChatEvent, side: By, letter: Letter, mine: Sequence[Written], now: datetime
) -> None:
    chat = event.chat
    name, times = letter.name, None
    if name in WITH_TIMES:
        times = freetime.common_times(session, chat, now)
        if not times and name == "chat_missed":
            name = "chat_no_time_left"
    held = _held(mine)
    known = held.starts_at if held is not None else None  # they hear of no time between that and the present
    is_over, is_own = chat.state in lifecycle.ENDED_EARLY, event.by is side
    shown = card.show(
        chat,
        side,
        at=known if is_over else None,
        was=known if known != chat.starts_at else None,
        former=_former(session, chat, side) if name in INVITES else None,
        times=times,
        now=now,
        is_own=is_own,
    )
    if name in ADD_TIMES and freetime.can_find(session, chat, side, now):
        shown = replace(shown, may_add=True)
    if is_own and event.what in UNDO_OFFERED and event.via is not Via.ABSENCE:
        until = now + (lifecycle.GRACE[Act.ACCEPT] if event.what == Act.ACCEPT else lifecycle.UNDO_FOR)
        shown = replace(shown, undo_until=localtime.clock(until, chat.person(side).timezone))
    wait = lifecycle.grace(event.what, by=event.by, reader=side, starts_at=chat.starts_at, now=now)
    context = _context(chat, side, shown, event)
    before = written.last_calendar(mine)
    post = replace(
        _envelope(chat, side, name, event.key, context),
        calendar=_calendar(event, side, letter.calendar, shown, before, now),
        least_sequence=(before.sequence or 0) if before is not None else 0,
        shows=shows(chat, side),
        wait=wait if event.is_act else timedelta(0),
        useful_until=_useful_until(chat, letter, event),
        lane=Lane.PROMPT if event.is_act else Lane.ORDINARY,
    )
    contact.post(session, post, now)


def _former(session: Session, chat: Chat, side: By) -> datetime | None:
    """The start of the chat that this one is in place of, where that side has heard of it."""
    former = session.get(Chat, chat.follows_id) if chat.follows_id is not None else None
    if former is None or not outbox.heard(session, former.key, former.person(side).id):
        return None
    return former.starts_at


INVITES = frozenset({"chat_proposed", "chat_confirmed"})
"""The letters by which a chat first reaches its readers; they say which one it is in place of."""
ADD_TIMES = frozenset({"chat_no_time_left", "chat_prompt", "chat_lapsed"})
"""The letters in which a reader may be asked to add times, where there are days left to add."""
UNDO_OFFERED = frozenset({Act.ACCEPT, Act.DECLINE, Act.MOVE, Act.CANCEL, Act.MISS})


def _useful_until(chat: Chat, letter: Letter, event: ChatEvent) -> datetime | None:
    if letter.calendar == REQUEST or event.what in ("nudge", "remind", "remind_again"):
        return chat.starts_at
    return None


def _envelope(chat: Chat, side: By, letter: str, event: str, context: dict[str, object]) -> Posting:
    person = chat.person(side)
    return Posting(
        letter=letter,
        event=event,
        about=chat.key,
        reader=Mailbox(person.name, person.email),
        context=context,
        person_id=person.id,
        programme_id=person.programme_id,
        reply_token=links.address_token("reply", chat.id, person.id),
        unsubscribe=contact.unsubscribe_url(person),
    )


def _context(chat: Chat, side: By, shown: Card, event: ChatEvent | None) -> dict[str, object]:
    person = chat.person(side)
    return {
        "reader": person,
        "chat": shown,
        "programme": chat.round.programme,
        "link": link_for(chat, side, event),
    }


def link_for(chat: Chat, side: By, event: ChatEvent | None) -> Callable[[str], str]:
    """The `link` of templates: `link("accept")` and the like, `link("undo")` of this event, `link("me")`."""
    person = chat.person(side)

    def link(name: str) -> str:
        if name == "undo" and event is not None:
            return links.url("undo", e=event.id, p=person.id, n=person.link_number)
        if name in ("preferences", "unsubscribe"):
            return contact.preferences_url(person)
        return card.link(chat, side, name)

    return link


def _calendar(
    event: ChatEvent, side: By, method: str | None, shown: Card, before: Written | None, now: datetime
) -> tuple[str, Invite] | None:
    """The calendar part for `side`, having raised the copy's SEQUENCE where the change calls for it."""
    if method is None:
        return None
    chat, me = event.chat, posting.sender()
    person, copy = chat.person(side), chat.copy(side)
    if before is not None and not (method == REQUEST and _stands_in(before, chat) and event.what != Act.UNDO):
        copy.sequence += 1
    return method, Invite(
        uid=copy.uid,
        sequence=copy.sequence,
        stamp=_stamp(before, now),
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        summary=f"Coffee chat with {shown.other}",
        description=_description(chat, side, shown),
        location=chat.place,
        organizer=(me.name, me.address),
        attendee=(person.name, person.email),
        accepted=_has_agreed(chat, side),
    )


def _stands_in(before: Written, chat: Chat) -> bool:
    """Whether that letter had the chat when and where it is now."""
    return (before.method, before.starts_at, _place_in(before.shows)) == (REQUEST, chat.starts_at, chat.place)


def _stamp(before: Written | None, now: datetime) -> datetime:
    """DTSTAMP in whole seconds, later than that of the copy's letter before: calendars order by it."""
    stamp = now.replace(microsecond=0)
    if before is not None and before.stamp is not None:
        stamp = max(stamp, before.stamp + timedelta(seconds=1))
    return stamp


def _description(chat: Chat, side: By, shown: Card) -> str:
    lines = [
        f"{shown.minutes} minutes with {shown.other}.",
        shown.about_other,
        f"Answer, move or cancel: {card.link(chat, side, 'chat')}",
    ]
    return "\n".join(line for line in lines if line)
