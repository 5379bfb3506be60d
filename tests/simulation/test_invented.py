"""The invented programme: a past round that was lived through, a new one begun, and nothing out of place."""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from scheduler import db, settings, wiring
from scheduler.availability.ask import Ask
from scheduler.chats.chat import Chat, ChatEvent
from scheduler.chats.lifecycle import State
from scheduler.mail.envelope import Fate, Incoming, Outgoing, Reading
from scheduler.operating import schema
from scheduler.programme.person import Person
from scheduler.programme.round import Round
from scheduler.programme.stages import Stage
from scheduler.simulation import invented, passing
from tests.support.calendars import Calendar
from tests.support.mailroom import Mailroom

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("invented")]
NOW = invented.good_morning(datetime(2027, 3, 6, 12, tzinfo=UTC))


@pytest.fixture(scope="module")
def mailroom() -> Mailroom:
    return Mailroom()


@pytest.fixture(scope="module", autouse=True)
def riverside(tmp_path_factory: pytest.TempPathFactory, mailroom: Mailroom) -> Iterator[None]:
    """Invented once for all tests here."""
    folder = tmp_path_factory.mktemp("riverside")
    known = settings.load({"DATA_DIR": str(folder), "INBOUND": "true"})
    schema.upgrade(known.database_url)
    wiring.start(known)
    invented.fill(mailroom, NOW)
    yield
    db.unbind()
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ("2027-03-05 08:59", "2027-03-05 09:00"),
        ("2027-03-05 09:01", "2027-03-08 09:00"),
        ("2027-03-06 12:00", "2027-03-08 09:00"),
        ("2027-03-13 12:00", "2027-03-15 09:00"),
    ],
)
def test_it_begins_on_a_working_days_morning(now: str, morning: str) -> None:
    zone = ZoneInfo(invented.ZONE)
    wanted = datetime.fromisoformat(morning).replace(tzinfo=zone)
    assert invented.good_morning(datetime.fromisoformat(now).replace(tzinfo=zone)) == wanted


def test_twelve_mentors_and_thirty_students_take_part() -> None:
    with db.reading() as session:
        people = list(session.scalars(select(Person)))
        assert Counter(person.is_mentor for person in people) == {True: 12, False: 30}
        assert all(person.wants for person in people if person.is_student)
        assert len({person.timezone for person in people}) == 3
        assert invented.is_whole(session)


def test_one_round_is_over_and_one_is_being_asked() -> None:
    with db.reading() as session:
        past, begun = session.scalars(select(Round).order_by(Round.id))
        assert (past.state, begun.state) == (Stage.CLOSED, Stage.ASKING)
        assert begun.answer_by > NOW
        asked = select(func.count(Ask.id)).where(Ask.round_id == begun.id, Ask.asked_at == NOW)
        assert session.scalar(asked) == 42


def test_mentors_have_last_rounds_times_to_give_again() -> None:
    with db.reading() as session:
        mentors = list(session.scalars(select(Person).where(Person.is_mentor)))
        assert sum(bool(mentor.pattern) for mentor in mentors) >= 8


def test_chats_ended_in_more_than_one_way_and_none_is_left_hanging() -> None:
    with db.reading() as session:
        ends = Counter(session.scalars(select(Chat.state)))
        assert ends[State.HELD] >= 15
        assert {State.DECLINED, State.MISSED, State.LAPSED} <= set(ends)
        assert not {State.PLANNED, State.PROPOSED, State.CONFIRMED} & set(ends)
        for chat in session.scalars(select(Chat)):
            events = select(func.count(ChatEvent.id)).where(ChatEvent.chat_id == chat.id)
            assert (session.scalar(events) or 0) >= 2


def test_some_answered_in_their_calendars_and_were_understood() -> None:
    with db.reading() as session:
        came_to = [(mail.state, mail.came_to) for mail in session.scalars(select(Incoming))]
    assert len(came_to) >= 5
    assert set(came_to) == {(Reading.APPLIED, "applied: accepted")}


def test_every_letter_has_left_and_every_calendar_is_right(mailroom: Mailroom) -> None:
    with db.reading() as session:
        assert set(session.scalars(select(Outgoing.state))) <= {Fate.SENT, Fate.WITHDRAWN}
        agreed = select(Chat).where(Chat.state.in_((State.HELD, State.MISSED)))
        wanted: dict[str, set[datetime]] = {}
        for chat in session.scalars(agreed):
            for person in (chat.student, chat.mentor):
                wanted.setdefault(person.email, set()).add(chat.starts_at)
    shown = {
        address: {event.starts_at for event in calendar.events.values()}
        for address, calendar in mailroom.calendars.items()
        if calendar.events
    }
    assert shown == wanted
    assert isinstance(next(iter(mailroom.calendars.values())), Calendar)


def test_the_next_thing_is_a_reminder_three_days_on() -> None:
    with db.reading() as session:
        moment = passing.next_moment(session, NOW)
    assert moment is not None
    assert NOW < moment <= NOW + timedelta(days=3)


def test_the_class_list_is_one_a_coordinator_might_write() -> None:
    assert Path(invented.PEOPLE).read_text(encoding="utf-8").startswith("name,email,roles,timezone,")
