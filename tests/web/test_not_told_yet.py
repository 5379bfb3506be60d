"""What a reader has not heard of yet, their pages do not tell; what they gave is kept all the same."""

from datetime import date

import pytest

from scheduler import clock, db, sweep
from scheduler.chats import answering, card
from scheduler.chats.chat import Chat
from scheduler.life import By, Via
from tests.support import looking
from tests.support.world import ZONE, World

EVENING = ("2027-03-09 16:30", "2027-03-09 18:30")
CLINIC = "20270309-1630-1830"
CHANGING = "This chat is just being changed; please look again in a few minutes."


@pytest.fixture
def round_id(world: World) -> int:
    """A round in which Maya and Sam gave the same evening."""
    made = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    world.gives(made, "maya", EVENING)
    world.gives(made, "sam", EVENING)
    return made


def act(verb: object, chat_id: int, by: By) -> None:
    with db.transaction() as session:
        verb(session, session.get_one(Chat, chat_id), clock.now(), by=by, via=Via.LINK)


def given(world: World, round_id: int, name: str) -> list[str]:
    with db.reading() as session:
        ask = looking.find_ask(session, world, round_id, name)
        here = [(looking.wall(a, ZONE, "%d %H:%M"), looking.wall(b, ZONE, "%H:%M")) for a, b in ask.slots]
        return [f"{starts}-{ends}" for starts, ends in here]


def pattern(world: World) -> list[list[object]]:
    with db.reading() as session:
        return world.person(session, "maya").pattern["times"]


def test_a_mentor_does_not_see_a_chat_that_only_the_student_was_offered(world: World, round_id: int) -> None:
    world.chat(round_id, "maya", "sam", EVENING[0])
    world.run()
    page = looking.opened(world, looking.ask_path(world, round_id, "maya", "pick"))
    assert "meeting a student" not in page.text
    assert looking.ticked(page) == [CLINIC]


def test_a_student_does_not_see_the_draft(world: World, round_id: int) -> None:
    sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)
    page = looking.opened(world, looking.ask_path(world, round_id, "sam", "pick"))
    assert "meeting a student" not in page.text
    assert looking.ticked(page) == [CLINIC]


def test_saving_again_keeps_the_time_of_a_chat_not_heard_of(world: World, round_id: int) -> None:
    world.chat(round_id, "maya", "sam", EVENING[0])
    world.run()
    looking.opened(world, looking.ask_path(world, round_id, "maya", "pick")).send()
    assert given(world, round_id, "maya") == ["09 16:30-18:30"]


def test_saving_again_keeps_the_time_of_a_chat_that_is_known(world: World, round_id: int) -> None:
    chat = world.chat(round_id, "maya", "sam", EVENING[0])
    act(answering.accept, chat, By.STUDENT)
    world.later(minutes=5)
    page = looking.opened(world, looking.ask_path(world, round_id, "maya", "pick"))
    assert "meeting a student" in page.text
    page.send()
    assert given(world, round_id, "maya") == ["09 16:30-18:30"]
    assert pattern(world) == [[1, "16:30", "18:30"]]


def test_other_ticks_go_beside_the_time_of_a_known_chat_and_are_not_multiplied(
    world: World, round_id: int
) -> None:
    chat = world.chat(round_id, "maya", "sam", EVENING[0])
    act(answering.accept, chat, By.STUDENT)
    world.later(minutes=5)
    page = looking.opened(world, looking.ask_path(world, round_id, "maya", "pick"))
    page.send(t=["20270310-1200-1300"], repeat="yes")
    assert given(world, round_id, "maya") == ["09 16:30-17:00", "10 12:00-13:00", "17 12:00-13:00"]


def test_the_same_times_again_are_whole_beside_a_known_chat(world: World, round_id: int) -> None:
    chat = world.chat(round_id, "maya", "sam", EVENING[0])
    act(answering.accept, chat, By.STUDENT)
    world.later(minutes=5)
    looking.opened(world, looking.ask_path(world, round_id, "maya", "same")).send(answer="same")
    assert given(world, round_id, "maya") == ["09 16:30-18:30", "16 16:30-18:30"]


def test_more_times_for_one_chat_do_not_show_another_not_heard_of(world: World, round_id: int) -> None:
    chat = world.chat(round_id, "maya", "sam", EVENING[0])
    act(answering.accept, chat, By.STUDENT)
    world.later(minutes=5)
    world.gives(round_id, "lee", EVENING)
    with db.transaction() as session:
        looking.find_ask(session, world, round_id, "maya").capacity = 2
    path = looking.chat_path(chat, By.MENTOR, "times") + "?a=times"
    before = looking.opened(world, path).text.count("meeting a student")
    world.chat(round_id, "maya", "lee", "2027-03-09 17:30")
    world.run()
    after = looking.opened(world, path).text.count("meeting a student")
    assert before == after > 0


@pytest.mark.parametrize("verb", [answering.decline, answering.cancel])
def test_a_decline_that_can_be_taken_back_is_not_shown_to_the_other(
    world: World, round_id: int, verb: object
) -> None:
    chat = world.chat(round_id, "maya", "sam", EVENING[0])
    world.run()
    act(answering.accept, chat, By.STUDENT)
    world.later(minutes=3)
    act(verb, chat, By.STUDENT)
    page = looking.opened(world, looking.chat_path(chat, By.MENTOR))
    assert "declined" not in page.words.lower()
    assert "cancelled" not in page.words.lower()
    assert "agreed" in page.words
    assert CHANGING in looking.opened(world, looking.chat_path(chat, By.MENTOR, "move")).words
    assert world.mailroom.client is not None
    sent = world.mailroom.client.post(looking.chat_path(chat, By.MENTOR), data={"act": "cancel"})
    assert (sent.status_code, CHANGING in sent.text) == (409, True)
    own = looking.opened(world, looking.chat_path(chat, By.STUDENT)).words
    assert "declined" in own or "cancelled" in own
    world.later(minutes=11)
    told = looking.opened(world, looking.chat_path(chat, By.MENTOR)).words
    assert "declined" in told or "cancelled" in told


def test_the_student_sees_a_proposed_chat_until_the_mentors_no_has_left(world: World, round_id: int) -> None:
    chat = world.chat(round_id, "maya", "sam", EVENING[0])
    world.run()
    act(answering.decline, chat, By.MENTOR)
    with db.reading() as session:
        path = card.link(session.get_one(Chat, chat), By.STUDENT, "accept").removeprefix("http://localhost")
    page = looking.opened(world, path)
    assert "declined" not in page.words
    assert CHANGING in page.words
