"""The invented programme of the demo: Riverside, with a past round that was lived through, and one begun.

Nothing is put in as it ended: people are imported, asked, answer, meet, in the same verbs as real ones.
"""

from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import db, localtime
from scheduler.mail.transport import Transport
from scheduler.programme import beginning, class_list, describing, enrolling
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.programme.stages import Stage
from scheduler.rounds import publishing, running
from scheduler.simulation import habits, passing

NAME, ZONE = "Riverside Medical School", "America/New_York"
COORDINATOR, COORDINATOR_NAME = "ada.marsh@riverside.example.org", "Ada Marsh"
PEOPLE = Path(__file__).with_name("riverside.csv")
PLACES = ["Atrium café, ground floor", "Library, room 2.14", "Hospital cafeteria, by the window"]
VIDEO = {"lakeside.example.org": "Video: https://video.example.org/lakeside"}
MORNING, NOON = time(9), time(12, 30)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def good_morning(now: datetime) -> datetime:
    """The first working day's nine o'clock in the morning, at Riverside, from `now` on."""
    on = localtime.in_zone(now, ZONE).date()
    while on.weekday() > 4 or localtime.at(on, MORNING, ZONE) < now:
        on += DAY
    return localtime.at(on, MORNING, ZONE)


def is_whole(session: Session) -> bool:
    """Whether `fill` has been here and was not broken off: its last step is the second round."""
    rounds = select(func.count(Round.id)).where(Round.state != Stage.OPEN)
    return (session.scalar(rounds) or 0) >= 2


def fill(transport: Transport, now: datetime) -> None:
    """Invent the programme as it stands at `now`: a round of last month is over, a new one just asked."""
    today = localtime.in_zone(now, ZONE).date()
    monday = today - today.weekday() * DAY
    began = _wall(monday - 5 * WEEK, MORNING)
    with db.transaction() as session:
        programme = _enrol(session, began)
        past = running.open_round(
            session,
            programme,
            monday - 4 * WEEK,
            monday - 3 * WEEK + 4 * DAY,
            began,
            answer_on=monday - 5 * WEEK + 3 * DAY,
        )
        running.ask_all(session, past, began)
        round_id = past.id
    _live_through(transport, round_id, began, now)
    with db.transaction() as session:
        programme = session.scalars(select(Programme)).one()
        begun = running.open_round(session, programme, monday + WEEK, monday + 2 * WEEK + 4 * DAY, now)
        running.ask_all(session, begun, now)
    passing.walk(transport, now, now)


def _enrol(session: Session, now: datetime) -> Programme:
    begun = beginning.begin(session, NAME, ZONE, COORDINATOR, now)
    begun.coordinator.name = COORDINATOR_NAME
    begun.programme.places = list(PLACES)
    enrolling.take_in(session, begun.programme, class_list.read(PEOPLE.read_bytes()), now)
    for person in session.scalars(select(Person)):
        describing.meet_at(person, VIDEO.get(person.email.rpartition("@")[2], ""))
    session.flush()
    return begun.programme


def _live_through(transport: Transport, round_id: int, began: datetime, now: datetime) -> None:
    """Day by day: the coordinator looks in the morning, everybody else at noon, time does the rest."""
    moment, on = began, localtime.in_zone(began, ZONE).date()
    while moment < now:
        for at in (MORNING, NOON):
            reached = min(_wall(on, at), now)
            if reached > moment:
                passing.walk(transport, moment, reached)
                moment = reached
            if moment < now:
                with db.transaction() as session:
                    _look_in(session, session.get_one(Round, round_id), moment, is_morning=at is MORNING)
        on += DAY


def _look_in(session: Session, round_: Round, now: datetime, *, is_morning: bool) -> None:
    if not is_morning:
        habits.act(session, round_.programme, now)
    elif round_.state is Stage.DRAFTED and publishing.has_chats(session, round_):
        publishing.publish(session, round_, now)


def _wall(on: date, at: time) -> datetime:
    return localtime.at(on, at, ZONE)
