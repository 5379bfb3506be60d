"""Reaching people: their links sent anew, earlier ones stopped, another address, mail that arrives again."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scheduler import limits
from scheduler.chats import card, lifecycle, record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import State
from scheduler.life import NotNow
from scheduler.mail import outbox
from scheduler.mail.invite import Mailbox
from scheduler.mail.posting import Posting
from scheduler.programme import contact, roster
from scheduler.programme.person import Person, Standing
from scheduler.rounds import joining

PRESSED_TWICE = timedelta(minutes=10)
FROM_ONE_NETWORK, TO_ONE_ADDRESS = (30, timedelta(hours=1)), (3, timedelta(days=1))


def send_links(session: Session, person: Person, now: datetime) -> bool:
    """Send the person the links that stand; False where that was done in the last ten minutes.

    Raises NotNow for somebody who has left, or asked never to be written to.
    """
    _check_here(session, person)
    return _send(session, person, "asked", now)


def send_lost_links(session: Session, address: str, network: str, now: datetime) -> None:
    """Send their links to whoever takes part with this address, in each programme of theirs.

    For somebody whose link does not work; asked for from one network so often an hour and for one address
    so often a day at most. What was done does not show, so that nobody learns who takes part.
    """
    counts = [("lost links network", network, *FROM_ONE_NETWORK), ("lost links", address, *TO_ONE_ADDRESS)]
    if not all(limits.allows(session, what, whom, now, most=m, within=w) for what, whom, m, w in counts):
        return
    here = Person.email == address, Person.standing != Standing.LEFT
    for person in session.scalars(select(Person).where(*here).order_by(Person.id)):
        if not outbox.is_suppressed(session, person.email):
            _send(session, person, "lost", now)


def _send(session: Session, person: Person, why: str, now: datetime) -> bool:
    """Whether the links were sent now: not if that was done in the last ten minutes."""
    whom = f"{person.id} {person.email}"
    if not limits.allows(session, "links", whom, now, most=1, within=PRESSED_TWICE):
        return False
    _post(session, person, why, now)
    return True


def stop_links(session: Session, person: Person, now: datetime) -> None:
    """Every link sent so far stops working, and the new ones are sent; letters that wait are written anew.

    Raises NotNow as `send_links` does.
    """
    _check_here(session, person)
    person.revoke_links()
    outbox.withdraw(session, now, "its links were stopped", person=person.id, with_calendar=False)
    _tell_again(session, person, now)
    _post(session, person, "stopped", now)


def readdress(session: Session, person: Person, address: str, now: datetime) -> int:
    """From now on the person is written to at another address, of which they are told there, with new links.

    What waited for the former one is taken back; their chats are told anew. How many letters were taken back.
    Raises NotNow for somebody who has left, and describing.Unreadable.
    """
    _check_stays(person)
    roster.readdress(session, person, address)
    taken_back = outbox.withdraw(session, now, "they have another address", person=person.id)
    _tell_again(session, person, now)
    _post(session, person, "address", now)
    return taken_back


def mark_arriving(session: Session, person: Person, now: datetime) -> bool:
    """Mail to the person arrives again; they are told what they missed of their chats. Whether that is new.

    Raises NotNow for an address that asked never to be written to.
    """
    _check_here(session, person)
    if not roster.mark_arriving(person):
        return False
    _tell_again(session, person, now)
    return True


def _check_here(session: Session, person: Person) -> None:
    _check_stays(person)
    if outbox.is_suppressed(session, person.email):
        raise NotNow(f"{person.email} asked us never to write to it again, so we do not.")


def _check_stays(person: Person) -> None:
    if person.standing is Standing.LEFT:
        raise NotNow(f"{person.name} has left the programme, so there is nothing to send.")


def _tell_again(session: Session, person: Person, now: datetime) -> None:
    if person.undeliverable:
        return
    session.flush()
    for chat in _chats(session, person, now):
        record.tell_again(session, chat, chat.side(person), now)


def _chats(session: Session, person: Person, now: datetime) -> list[Chat]:
    """The person's chats to come of which anybody has heard."""
    mine = or_(Chat.student_id == person.id, Chat.mentor_id == person.id)
    chats = select(Chat).where(mine, Chat.starts_at > now, Chat.state != State.PLANNED)
    return list(session.scalars(chats.order_by(Chat.starts_at, Chat.id)))


def _post(session: Session, person: Person, why: str, now: datetime) -> None:
    """The letter with all that stands; `why`: "asked", "lost", "stopped" (the earlier links) or "address"."""
    urls = {
        "preferences": contact.preferences_url(person),
        "answer": joining.answer_url(session, person, now) or "",
    }
    session.flush()
    contact.post(
        session,
        Posting(
            letter="links_anew",
            event=f"person:{person.id}:links:{now.isoformat()}",
            about=f"person:{person.id}",
            reader=Mailbox(person.name, person.email),
            context={
                "reader": person,
                "anew": {"why": why, "chats": _chat_links(session, person, now)},
                "programme": person.programme,
                "link": urls.__getitem__,
            },
            person_id=person.id,
            programme_id=person.programme_id,
        ),
        now,
    )


def _chat_links(session: Session, person: Person, now: datetime) -> list[tuple[str, str]]:
    """Each chat that stands for this reader: with whom and when, and its page."""
    sides = [(chat, chat.side(person)) for chat in _chats(session, person, now)]
    return [
        (f"With {shown.other}, {shown.when}", card.link(chat, side, "chat"))
        for chat, side in sides
        if side in lifecycle.FIRST_LETTER.get(chat.state, {})
        for shown in [card.show(chat, side)]
    ]
