"""What needs the coordinator: each kind of need once, the worst first, nothing that does not."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from scheduler import clock, db
from scheduler.availability.ask import Ask
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Report
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.programme import roster
from scheduler.programme.person import Person, Standing
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.rounds import board
from scheduler.rounds.board import Need
from scheduler.rounds.plan import LeftOut
from tests.support import desk, queries
from tests.support.world import World

FIRST, LAST = date(2027, 3, 8), date(2027, 3, 19)
TUESDAY = "2027-03-09 16:30"


def needs() -> list[Need]:
    with db.reading() as session:
        return board.needs_you(session, session.scalars(select(Programme)).one(), clock.now())


def sentences() -> list[str]:
    return [need.sentence for need in needs()]


@pytest.fixture
def chat_id(world: World) -> int:
    round_id = world.round(first=FIRST, last=LAST)
    for name in ("maya", "sam", "noor", "lee"):
        world.gives(round_id, name, (TUESDAY, "2027-03-09 18:30"))
    return world.chat(round_id, "maya", "sam", TUESDAY)


def accepted(chat_id: int, world: World) -> None:
    """Sam has accepted, and the chat's time has passed."""
    world.run()
    desk.accept(chat_id)
    world.at("2027-03-09 17:30")


def test_nobody_needs_you_in_a_new_programme(world: World) -> None:
    assert needs() == []


def test_a_person_whose_mail_does_not_arrive_is_listed_until_they_leave(world: World) -> None:
    with db.transaction() as session:
        roster.mark_undeliverable(session, world.person(session, "sam"), "No such mailbox.", clock.now())
    (need,) = needs()
    assert need.sentence == "Mail to Sam Lind does not arrive: No such mailbox."
    assert need.url == "http://localhost/board/1/people/3"
    assert (need.person, need.since) == ("Sam Lind", None)
    with db.transaction() as session:
        world.person(session, "sam").leave()
    assert needs() == []


def test_letters_given_up_are_one_need_for_each_address(world: World) -> None:
    world.round(first=FIRST, last=LAST)
    with db.transaction() as session:  # as after two weeks of passing refusals
        given_up = {"state": Fate.GIVEN_UP, "why": "451 later", "settled_at": world.clock.now()}
        session.execute(update(Outgoing).values(given_up))
    assert len(needs()) == 4
    assert (
        sentences()[0]
        == "A letter to Dr Maya Okafor could not be sent: “When could you meet a student? (8 – 19 Mar)”."
    )
    with db.reading() as session:
        assert needs()[0].since == session.get_one(Outgoing, 1).settled_at
    world.clock.advance(days=15)
    assert not any("could not be sent" in sentence for sentence in sentences())


def test_a_student_left_out_is_listed_with_the_reason(world: World, chat_id: int) -> None:
    with db.transaction() as session:
        round_ = session.scalars(select(Round)).one()
        lee = world.person(session, "lee")
        session.add(LeftOut(round_id=round_.id, person=lee, reason="mentors_full"))
        session.add(LeftOut(round_id=round_.id, person=world.person(session, "sam"), reason="no_time"))
    assert "Lee Lind has no chat in the round of 8 – 19 Mar: found all mentors full." in sentences()
    assert not any("Sam Lind has no chat" in sentence for sentence in sentences())


def test_the_silent_are_listed_only_once_no_reminder_is_to_come(world: World) -> None:
    with db.transaction() as session:
        session.scalars(select(Programme)).one().reminder_days = [1, 2]
    world.round(first=date(2027, 3, 15), last=LAST)
    world.later(days=1, hours=1)
    assert needs() == []
    world.later(days=1, hours=1)
    assert sentences() == [
        "Dr Maya Okafor has given no times for the round of 15 – 19 Mar.",
        "Dr Noor Okafor has given no times for the round of 15 – 19 Mar.",
        "Sam Lind has not said whether they are in for the round of 15 – 19 Mar.",
        "Lee Lind has not said whether they are in for the round of 15 – 19 Mar.",
    ]


def test_two_who_disagree_are_listed_without_saying_who_said_what(world: World, chat_id: int) -> None:
    accepted(chat_id, world)
    desk.report(chat_id, Report.MET, Report.ABSENT)
    (need,) = needs()
    assert need.sentence == "Sam Lind and Dr Maya Okafor say different things of whether they met."
    assert need.url == f"http://localhost/board/1/chats/{chat_id}"
    with db.transaction() as session:
        session.get_one(Chat, chat_id).mentor_report = Report.MET
    assert needs() == []


def test_a_missed_chat_is_listed_when_five_days_brought_no_new_time(world: World, chat_id: int) -> None:
    accepted(chat_id, world)
    desk.report(chat_id, Report.ABSENT, Report.COULD_NOT)
    world.later(days=4)
    assert not any("missed each other" in sentence for sentence in sentences())
    world.later(days=2)
    assert "Sam Lind and Dr Maya Okafor missed each other and have not found a new time." in sentences()


def test_a_note_is_listed_until_the_plan_is_published(world: World) -> None:
    round_id = world.round(first=FIRST, last=LAST)
    world.gives(round_id, "maya", (TUESDAY, "2027-03-09 18:30"))
    with db.transaction() as session:
        session.scalars(
            select(Ask).where(Ask.role == "mentor").order_by(Ask.id)
        ).first().note = "Only by phone"  # type: ignore[union-attr]  # Maya was asked
    assert sentences() == ["Dr Maya Okafor left a note: “Only by phone”"]
    world.chat(round_id, "noor", "lee", "2027-03-10 12:00")
    assert sentences() == []


def test_whoever_waits_for_approval_is_listed(world: World) -> None:
    with db.transaction() as session:
        world.person(session, "lee").standing = Standing.WAITING
    assert sentences() == ["Lee Lind would like to join and waits for your approval."]


def test_a_draft_waits_to_be_looked_at(world: World) -> None:
    round_id = world.round(first=FIRST, last=LAST)
    world.gives(round_id, "maya", (TUESDAY, "2027-03-09 18:30"))
    world.at("2027-03-05 00:30")
    need = needs()[0]
    assert need.sentence == "The plan for the round of 8 – 19 Mar waits for you to look at it."
    assert need.url == f"http://localhost/board/1/rounds/{round_id}?tab=plan"


def test_an_invitation_is_listed_after_two_days_without_an_answer(world: World, chat_id: int) -> None:
    world.clock.advance(hours=47, minutes=59)
    assert needs() == []
    world.clock.advance(minutes=1)
    assert sentences() == ["Sam Lind and Dr Maya Okafor: no answer to the invitation for two days."]


def test_another_programmes_needs_are_not_listed(world: World, chat_id: int) -> None:
    with db.transaction() as session:
        now = clock.now()
        other = Programme(name="Lakeside", timezone="Europe/Berlin", created_at=now)
        session.add(
            Person(
                programme=other,
                name="Pat",
                email="pat@example.org",
                created_at=now,
                standing=Standing.WAITING,
            )
        )
        mine = session.get_one(Programme, 1)
        assert board.needs_you(session, mine, now) == []
        assert len(board.needs_you(session, other, now)) == 1


def test_three_needs_of_a_kind_ask_the_database_as_often_as_one(world: World, chat_id: int) -> None:
    now = clock.now() + timedelta(days=3)

    def asked() -> int:
        with db.reading() as session:
            programme = session.get_one(Programme, 1)
            with queries.counted() as sent:
                board.needs_you(session, programme, now)
            return len(sent)

    def add(names: tuple[str, ...]) -> None:
        with db.transaction() as session:
            programme = session.get_one(Programme, 1)
            for name in names:
                who = Person(programme=programme, name=name, email=f"{name}@x.example", created_at=now)
                who.standing = Standing.WAITING
                session.add_all([who, LeftOut(round_id=1, person=who, reason="no_time")])

    add(("a",))
    with_one = asked()
    add(("b", "c"))
    world.chat(1, "noor", "lee", "2027-03-09 17:00")
    assert asked() == with_one
