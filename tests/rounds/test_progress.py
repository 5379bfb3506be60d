"""A round's figures, debts and histories, counted once each and told in the programme's zone."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clock, db
from scheduler.chats import record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Act, Report
from scheduler.life import By, Via
from scheduler.programme.round import Round
from scheduler.rounds import board, history, people, progress, publishing, turnout
from tests.support import desk, queries
from tests.support.world import World

FIRST, LAST = date(2027, 3, 8), date(2027, 3, 19)
TUESDAY, LATER = "2027-03-09 16:30", "2027-03-09 18:30"


@pytest.fixture
def round_id(world: World) -> int:
    round_id = world.round(first=FIRST, last=LAST)
    for name in ("maya", "sam", "lee"):
        world.gives(round_id, name, (TUESDAY, LATER))
    return round_id


def debts() -> list[tuple[str, str]]:
    with db.reading() as session:
        round_ = session.scalars(select(Round)).one()
        return [(debt.person, debt.what) for debt in progress.owes(session, round_, clock.now())]


def figures() -> dict[str, list[int]]:
    with db.reading() as session:
        rows = progress.funnel(session, session.scalars(select(Round)).one())
        return {row.role: [count for _, count in row.steps] for row in rows}


def test_each_step_counts_each_person_once(world: World, round_id: int) -> None:
    assert figures() == {"mentor": [2, 1, 0, 0, 0, 0], "student": [2, 2, 0, 0, 0, 0]}
    first = world.chat(round_id, "maya", "sam", TUESDAY)
    assert figures() == {"mentor": [2, 1, 1, 1, 0, 0], "student": [2, 2, 1, 1, 0, 0]}
    with db.transaction() as session:
        chat = session.get_one(Chat, first)
        record.happen(session, chat, Act.DECLINE, clock.now(), via=Via.LINK, by=By.STUDENT)
    desk.accept(world.chat(round_id, "maya", "lee", "2027-03-09 17:00"))
    assert figures() == {"mentor": [2, 1, 1, 1, 1, 0], "student": [2, 2, 2, 2, 1, 0]}


def test_who_owes_what_is_told_in_words(world: World, round_id: int) -> None:
    chat_id = world.chat(round_id, "maya", "sam", TUESDAY)
    assert debts() == [
        ("Dr Noor Okafor", "times for a chat"),
        ("Sam Lind", "an answer to the chat with Dr Maya Okafor"),
    ]
    desk.accept(chat_id)
    world.at("2027-03-09 17:30")
    assert debts()[1:] == [
        ("Dr Maya Okafor", "a word whether the chat with Sam Lind took place"),
        ("Sam Lind", "a word whether the chat with Dr Maya Okafor took place"),
    ]
    desk.report(chat_id, Report.MET, Report.MET)
    assert debts() == [("Dr Noor Okafor", "times for a chat")]


def test_a_chats_history_says_what_by_whom_and_how(world: World, round_id: int) -> None:
    chat_id = world.chat(round_id, "maya", "sam", TUESDAY)
    world.later(hours=1)
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        to = clock.now().replace(day=9, hour=22, minute=0, second=0)
        record.happen(session, chat, Act.MOVE, clock.now(), via=Via.CALENDAR, by=By.STUDENT, to=to)
    world.later(minutes=5)
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        latest = record.last_act(session, chat)
        assert latest is not None
        record.undo(session, latest, clock.now(), via=Via.COORDINATOR, by=By.COORDINATOR)
    with db.reading() as session:
        told = history.history(session, session.get_one(Chat, chat_id))
    start = "Tue 9 Mar, 4:30 pm"
    assert [(moment.when, moment.words, moment.via) for moment in told] == [
        ("Mon 1 Mar, 9:00 am", f"Planned for {start}", "by itself"),
        ("Mon 1 Mar, 9:00 am", f"Proposed to Sam Lind for {start}", "by itself"),
        ("Mon 1 Mar, 10:00 am", f"Sam Lind moved it from {start} to Tue 9 Mar, 5:00 pm", "from the calendar"),
        (
            "Mon 1 Mar, 10:05 am",
            "The coordinator took back what Sam Lind did at Mon 1 Mar, 10:00 am",
            "on the board",
        ),
    ]


def test_the_round_stands_at_one_of_six_steps(world: World, round_id: int) -> None:
    def now_at() -> tuple[str, str]:
        with db.reading() as session:
            round_ = session.scalars(select(Round)).one()
            items, current = progress.steps(round_, clock.now())
            return items[current][0], progress.standing(round_, clock.now())

    assert now_at() == ("Ask", "answers by Thursday 4 March, 11:59 pm")
    world.at("2027-03-05 00:30")
    assert now_at() == ("Plan", "planned, not published")
    with db.transaction() as session:
        publishing.publish(session, session.get_one(Round, round_id), clock.now())
    assert now_at() == ("Invite", "published; the invitations leave in a minute")
    world.later(minutes=2)
    assert now_at() == ("Invite", "chats begin on Monday 8 March")
    world.at("2027-03-10 09:00")
    assert now_at() == ("Meet", "day 3 of 12")
    world.at("2027-03-29 09:00")
    assert now_at() == ("Close", "closed")


def test_mentors_nearest_to_their_limit_come_first(world: World, round_id: int) -> None:
    world.gives(round_id, "noor", (TUESDAY, LATER))
    world.chat(round_id, "noor", "sam", TUESDAY)
    with db.reading() as session:
        loads = turnout.loads(session, session.get_one(Round, round_id))
    assert [(load.mentor, load.used, load.capacity) for load in loads] == [
        ("Dr Noor Okafor", 1, 1),
        ("Dr Maya Okafor", 0, 1),
    ]


def test_the_people_asked_are_listed_with_how_much_they_gave(world: World, round_id: int) -> None:
    with db.reading() as session:
        rows = turnout.ask_rows(session, session.get_one(Round, round_id))
    assert [(row.person, row.state_words, row.times) for row in rows] == [
        ("Dr Maya Okafor", "answered", "2 hours"),
        ("Dr Noor Okafor", "no answer yet", ""),
        ("Lee Lind", "answered", "2 hours"),
        ("Sam Lind", "answered", "2 hours"),
    ]


def test_more_answers_ask_the_database_no_more_often(world: World) -> None:
    round_id = world.round(first=FIRST, last=LAST)

    def asked() -> int:
        with db.reading() as session:
            round_ = session.get_one(Round, round_id)
            with queries.counted() as sent:
                turnout.ask_rows(session, round_)
            return len(sent)

    world.gives(round_id, "maya", (TUESDAY, LATER))
    with_one = asked()
    for name in ("noor", "sam", "lee"):
        world.gives(round_id, name, (TUESDAY, LATER))
    assert asked() == with_one


def test_more_chats_ask_the_database_no_more_often(world: World, round_id: int) -> None:
    readings: tuple[Callable[[Session, Round], object], ...] = (
        progress.funnel,
        lambda session, of: progress.owes(session, of, clock.now()),
        progress.chat_rows,
        turnout.ask_rows,
        lambda session, of: people.person(session, of.programme, world.person(session, "maya"), clock.now()),
        lambda session, of: board.needs_you(session, of.programme, clock.now()),
    )

    def asked() -> list[int]:
        counts = []
        for read in readings:
            with db.reading() as session:
                round_ = session.get_one(Round, round_id)
                with queries.counted() as sent:
                    read(session, round_)
                counts.append(len(sent))
        return counts

    with db.transaction() as session:
        world.person(session, "maya").capacity = 3
    world.gives(round_id, "noor", (TUESDAY, LATER))
    world.chat(round_id, "maya", "sam", TUESDAY)
    with_one = asked()
    world.chat(round_id, "noor", "lee", TUESDAY)
    assert asked() == with_one
