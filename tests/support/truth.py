"""What must be so after every story: calendars show the chats as they stand, and strangers had no mail."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import ENDED_EARLY, State
from scheduler.life import By
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.person import Person
from scheduler.programme.signup import Signup
from tests.support.calendars import Calendar, Event
from tests.support.mailroom import Mail, Mailroom

STRANGER = "eve@example.org"
SHOWN = {By.STUDENT: {State.PROPOSED, State.CONFIRMED}, By.MENTOR: {State.CONFIRMED}}
SIDES = (By.STUDENT, By.MENTOR)


def check(session: Session, mailroom: Mailroom, now: datetime) -> None:
    """Compare everybody's calendar, and the last REQUEST or CANCEL they got, with the chats.

    No letter that changes a calendar may still be waiting: a story first lets the time for taking back pass.
    """
    waiting = select(Outgoing.letter).where(Outgoing.state == Fate.WAITING, Outgoing.method.is_not(None))
    assert list(session.scalars(waiting)) == [], "letters for calendars are still waiting"
    letters = [(recipient, Mail(raw)) for recipient, raw in mailroom.mails]
    known = set()
    for chat in session.scalars(select(Chat)):
        for side in SIDES:
            known.add(chat.copy(side).uid)
            mine = [mail for recipient, mail in letters if recipient == chat.person(side).email]
            _check_copy(mailroom, mine, chat, side, now)
    shown = {uid for calendar in mailroom.calendars.values() for uid in calendar.events}
    assert shown <= known, "a calendar shows what is no chat"
    _check_readers(session, letters)


def _check_copy(mailroom: Mailroom, mine: list[Mail], chat: Chat, side: By, now: datetime) -> None:
    who, uid = chat.person(side).email, chat.copy(side).uid
    event = mailroom.calendars.get(who, Calendar()).events.get(uid)
    told = f"chat {chat.id} ({chat.state}) in the calendar of {who}"
    for other, calendar in mailroom.calendars.items():
        assert other == who or uid not in calendar.events, f"{told} also stands in that of {other}"
    last = next((mail for mail in reversed(mine) if f"UID:{uid}" in mail.calendar), None)
    assert (last is not None and last.method == "REQUEST") is (event is not None), told
    if chat.state in SHOWN[side] and now < chat.starts_at:
        assert event is not None, f"{told} is missing"
    if chat.state in ENDED_EARLY or chat.state not in SHOWN[side] | {State.HELD, State.MISSED, State.UNKNOWN}:
        assert event is None, f"{told} still stands"
    if event is not None:
        _check_event(chat, side, event, last, told)


def _check_event(chat: Chat, side: By, event: Event, last: Mail | None, told: str) -> None:
    assert (event.starts_at, event.ends_at) == (chat.starts_at, chat.ends_at), f"{told} is at another time"
    assert event.location == chat.place, f"{told} is elsewhere"
    assert event.sequence <= chat.copy(side).sequence, told
    if side is By.STUDENT and chat.state in SHOWN[side]:
        has_agreed = chat.copy(side).agreed_start == chat.starts_at
        assert (event.partstat == "ACCEPTED") is has_agreed, f"{told} says {event.partstat}"
    assert last is not None
    assert f"DTSTART:{chat.starts_at:%Y%m%dT%H%M%SZ}" in last.calendar, told


def _check_readers(session: Session, letters: list[tuple[str, Mail]]) -> None:
    """Only people of the programme, its coordinators and whoever signed up get mail, and never Eve."""
    known = {
        *session.scalars(select(Person.email)),
        *session.scalars(select(Coordinator.email)),
        *session.scalars(select(Signup.email)),
    }
    readers = {recipient for recipient, _ in letters}
    assert readers <= known
    assert STRANGER not in readers
    people = {*session.scalars(select(Person.email)), STRANGER}
    for recipient, letter in letters:
        if letter.calendar:
            shown = letter.text + letter.html + letter.calendar.replace("\r\n ", "")
            assert [other for other in people - {recipient} if other in shown] == [], letter.subject
