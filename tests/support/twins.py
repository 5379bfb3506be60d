"""Two programmes with the same people, round, chat and letters, to see that a wall stands between them."""

from datetime import date
from typing import NamedTuple

from scheduler import clock, db
from scheduler.availability import asking
from scheduler.availability.slots import Slot
from scheduler.chats import booking, record
from scheduler.chats.lifecycle import Act
from scheduler.life import By, Via
from scheduler.mail import inbox
from scheduler.mail.envelope import Outgoing, Reading
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.stages import RoundAct
from scheduler.rounds import running
from tests.support.clock import Clock


class Twin(NamedTuple):
    """The ids of one of the two."""

    programme_id: int
    person_id: int
    round_id: int
    chat_id: int
    letter_id: int
    mail_id: int


def build(coordinator: str) -> Twin:
    """A programme of this coordinator's, with a mentor, a student, a published round and a proposed chat."""
    now, here = clock.now(), Clock()
    start, end = here.at("2027-03-09 16:30"), here.at("2027-03-09 17:30")
    with db.transaction() as session:
        programme = Programme(name="Riverside", timezone="America/New_York", created_at=now)
        owner = Coordinator(email=coordinator, name="Ada", created_at=now, programmes=[programme])
        mentor = Person(programme=programme, name="Dr Maya", email="maya@example.org", created_at=now)
        student = Person(programme=programme, name="Sam", email="sam@example.org", created_at=now)
        session.add_all([owner, mentor, student])
        mentor.take_role("mentor")
        student.take_role("student")
        session.flush()
        round_ = running.open_round(session, programme, date(2027, 3, 8), date(2027, 3, 19), now)
        running.ask_all(session, round_, now)
        asking.offer(session, asking.add(session, round_, mentor, "mentor", now), [Slot(start, end)], now)
        asking.wish(
            session, asking.add(session, round_, student, "student", now), now, chosen=[Slot(start, end)]
        )
        for act in (RoundAct.DRAFT, RoundAct.PUBLISH):
            round_.act(act, now, by=By.COORDINATOR)
        round_.publish_at = round_.settle_by = now
        chat = booking.plan(session, round_, mentor, student, start, now, by=By.CLOCK)
        record.happen(session, chat, Act.PROPOSE, now, via=Via.CLOCK, by=By.CLOCK)
        letter = session.query(Outgoing).filter_by(letter="chat_proposed", programme_id=programme.id).one()
        mail = inbox.store(session, f"From: sam@example.org\n\nHello {coordinator}\n".encode(), now)
        mail.settle(Reading.KEPT, "note", "for the coordinator to read")
        mail.person_id, mail.about = student.id, chat.key
        return Twin(programme.id, mentor.id, round_.id, chat.id, letter.id, mail.id)
