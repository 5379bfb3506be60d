"""What changes between the plan and the chat: answers taken back, refused times, wishes not to meet, undo."""

from datetime import date

import pytest
from sqlalchemy import select

from scheduler import clock, db, sweep
from scheduler.availability import asking
from scheduler.availability.ask import Ask
from scheduler.chats import answering, booking, freetime, record, timekeeping
from scheduler.chats.chat import Chat
from scheduler.life import By, NotNow, Via
from scheduler.programme.round import Round
from scheduler.rounds import absence, publishing
from tests.support.clock import Clock
from tests.support.world import World

TUESDAY, THURSDAY = ("2027-03-09 16:30", "2027-03-09 18:30"), ("2027-03-11 16:30", "2027-03-11 18:30")
ONE = ("2027-03-09 16:30", "2027-03-09 17:00")


@pytest.fixture
def round_id(world: World) -> int:
    return world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))


def published(world: World, round_id: int, **given: tuple[str, str]) -> None:
    for name, times in given.items():
        world.gives(round_id, name, times)
    sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)
    with db.transaction() as session:
        publishing.publish(session, session.get_one(Round, round_id), clock.now())
    world.later(minutes=3)


def only_chat() -> int:
    with db.reading() as session:
        return session.scalars(select(Chat.id).order_by(Chat.id.desc())).first() or 0


def does(chat_id: int, verb: object, by: By) -> None:
    with db.transaction() as session:
        verb(session, session.get_one(Chat, chat_id), clock.now(), by=by, via=Via.LINK)  # type: ignore[operator]  # a verb


def gives_up(name: str) -> int:
    """Somebody answers *not this round* after all."""
    with db.transaction() as session:
        ask = session.scalars(select(Ask).where(Ask.person.has(email=f"{name}@example.org"))).one()
        answering_side = By(ask.role)
        asking.opt_out(session, ask, clock.now(), by=answering_side)
        return absence.release(session, ask, clock.now())


@pytest.mark.parametrize("name", ["maya", "sam"])
def test_an_answer_taken_back_lets_the_proposed_chat_go(world: World, round_id: int, name: str) -> None:
    published(world, round_id, maya=TUESDAY, sam=TUESDAY)
    assert gives_up(name) == 1
    world.later(minutes=30)
    assert world.state(only_chat()) == "cancelled"
    assert world.mailroom.events("sam") == []
    assert not [letter for letter in world.letters("maya") if letter.startswith("chat")]


def test_an_answer_taken_back_before_publishing_is_never_proposed(world: World, round_id: int) -> None:
    for name in ("maya", "sam"):
        world.gives(round_id, name, TUESDAY)
    sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)
    with db.transaction() as session:
        publishing.publish(session, session.get_one(Round, round_id), clock.now())
        maya = session.scalars(select(Ask).where(Ask.person.has(email="maya@example.org"))).one()
        maya.give([])
    world.later(minutes=30)
    assert "chat_proposed" not in world.letters("sam")


def test_a_time_somebody_refused_is_not_given_to_the_next(world: World, round_id: int) -> None:
    published(world, round_id, maya=ONE, sam=ONE, lee=ONE)
    first = only_chat()
    does(first, answering.accept, By.STUDENT)
    world.later(minutes=5)
    does(first, answering.cancel, By.MENTOR)
    world.later(minutes=30)
    assert only_chat() == first
    with db.reading() as session:
        chat = session.get_one(Chat, first)
        assert freetime.given(session, chat.round, chat.mentor, By.MENTOR) == []


def test_a_refusal_taken_back_gives_the_time_back(world: World, round_id: int) -> None:
    published(world, round_id, maya=ONE, sam=ONE)
    chat_id = only_chat()
    does(chat_id, answering.decline, By.STUDENT)
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        event = record.last_act(session, chat)
        assert event is not None
        record.undo(session, event, clock.now(), via=Via.LINK, by=By.STUDENT)
        assert freetime.still_given(session, chat)
    assert world.state(chat_id) == "proposed"


def test_other_times_are_never_the_refused_one_in_disguise(world: World, round_id: int) -> None:
    published(world, round_id, maya=("2027-03-09 16:30", "2027-03-09 17:15"), sam=TUESDAY)
    does(only_chat(), answering.decline, By.STUDENT)
    with db.reading() as session:
        assert freetime.common_times(session, session.get_one(Chat, only_chat()), clock.now()) == []


def test_not_this_person_holds_for_the_other_side_s_pick_too(world: World, round_id: int) -> None:
    published(world, round_id, maya=TUESDAY, sam=TUESDAY)
    chat_id = only_chat()
    does(chat_id, answering.decline, By.STUDENT)
    with db.transaction() as session:
        absence.not_this_person(session, session.get_one(Chat, chat_id), By.MENTOR, clock.now())
    start = Clock().at("2027-03-09 17:30")
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        with pytest.raises(NotNow, match="not to be brought together"):
            booking.follow_up(session, chat, start, clock.now(), by=By.STUDENT, via=Via.LINK)


def test_published_again_those_left_out_hear_so_all_the_same(world: World, round_id: int) -> None:
    for name in ("maya", "sam", "lee"):
        world.gives(round_id, name, ONE)
    sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)
    for time in range(2):
        world.clock.advance(seconds=20)
        with db.transaction() as session:
            round_ = session.get_one(Round, round_id)
            publishing.publish(session, round_, clock.now())
            if time == 0:
                publishing.take_back(session, round_, clock.now())
    world.later(minutes=5)
    told = [world.letters(name).count("left_out") for name in ("sam", "lee")]
    assert sorted(told) == [0, 1]


def test_who_answers_late_is_looked_after_or_told(world: World, round_id: int) -> None:
    published(world, round_id, maya=ONE, sam=ONE)
    world.gives(round_id, "noor", THURSDAY)
    world.gives(round_id, "lee", THURSDAY)
    world.later(minutes=15)
    assert "chat_proposed" in world.letters("lee")


def test_a_late_answer_without_a_mentor_is_told_at_the_settling(world: World, round_id: int) -> None:
    published(world, round_id, maya=ONE, sam=ONE)
    world.gives(round_id, "lee", THURSDAY)
    world.later(days=5)
    assert world.letters("lee").count("left_out") == 1


def test_an_undo_never_gives_a_mentor_more_chats_than_offered(world: World, round_id: int) -> None:
    published(world, round_id, maya=TUESDAY, sam=TUESDAY, lee=TUESDAY)
    first = only_chat()
    with db.reading() as session:
        other = {"sam": "lee", "lee": "sam"}[session.get_one(Chat, first).student.first_name.lower()]
    does(first, answering.decline, By.STUDENT)
    world.later(minutes=12)
    assert world.letters(other)[-1] == "chat_proposed"
    with db.transaction() as session:
        event = record.last_act(session, session.get_one(Chat, first))
        assert event is not None
        with pytest.raises(NotNow, match="Somebody else has been found"):
            record.undo(session, event, clock.now(), via=Via.COORDINATOR, by=By.COORDINATOR)


def chats_take_their_steps() -> None:
    """What a sweep does but for sending."""
    now = clock.now()
    db.each_due(Chat, now, lambda session, chat: timekeeping.step(session, chat, now))


def test_an_outage_lapses_nobody_who_was_never_invited(world: World, round_id: int) -> None:
    for name in ("maya", "sam"):
        world.gives(round_id, name, THURSDAY)
    sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)
    with db.transaction() as session:
        publishing.publish(session, session.get_one(Round, round_id), clock.now())
    world.clock.advance(minutes=2)
    sweep.db.each_due(
        Chat, clock.now(), lambda session, chat: sweep.timekeeping.step(session, chat, clock.now())
    )
    for _ in range(40):  # four days without delivery
        world.clock.advance(hours=2, minutes=20)
        chats_take_their_steps()
    assert world.state(only_chat()) == "proposed"
    world.run()
    assert world.letters("sam")[-1] == "chat_proposed"
