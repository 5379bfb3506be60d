"""The chat's page once its time has come: whether they met, a new time for those who did not, silence."""

from datetime import date

import pytest
from sqlalchemy import select

from scheduler import db
from scheduler.chats.chat import Chat
from scheduler.life import By
from scheduler.programme.pairing import Exclusion
from tests.support import looking
from tests.support.clock import Clock
from tests.support.world import World

SAM, MAYA = By.STUDENT, By.MENTOR
FIRST = ("2027-03-09 16:30", "2027-03-09 18:30")


def moment(wall: str) -> int:
    return int(Clock().at(wall).timestamp())


@pytest.fixture
def chat_id(world: World) -> int:
    """Agreed for Tuesday 9 March, half past four; it is the morning after. Lunch on the 16th suits both."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    world.gives(round_id, "maya", FIRST, ("2027-03-16 12:00", "2027-03-16 12:30"))
    world.gives(round_id, "sam", FIRST, ("2027-03-16 12:00", "2027-03-16 13:00"))
    return met(world, round_id)


@pytest.fixture
def without_more(world: World) -> int:
    """The same, but they have no other time in common."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    world.gives(round_id, "maya", FIRST, ("2027-03-15 12:00", "2027-03-15 13:00"))
    world.gives(round_id, "sam", FIRST)
    world.at("2027-03-03 09:00")
    return met(world, round_id)


def met(world: World, round_id: int) -> int:
    made = world.chat(round_id, "maya", "sam", FIRST[0])
    world.run()
    looking.opened(world, looking.chat_path(made, SAM, "accept")).send()
    world.at("2027-03-10 09:00")
    return made


def follower(chat_id: int) -> tuple[str, int] | None:
    with db.reading() as session:
        new = session.scalar(select(Chat).where(Chat.follows_id == chat_id))
        return None if new is None else (str(new.state), int(new.starts_at.timestamp()))


def test_the_answer_tapped_is_chosen_and_send_is_enough(world: World, chat_id: int) -> None:
    page = looking.opened(world, looking.chat_path(chat_id, SAM, "met"))
    assert looking.chosen(page, "said") == ["met"]
    assert "Your answer: we met." in looking.words(page.send())


def test_a_no_chooses_no_reason_for_anybody(world: World, chat_id: int) -> None:
    page = looking.opened(world, looking.chat_path(chat_id, SAM, "not_met"))
    assert looking.chosen(page, "said") == []
    refused = page.send()
    assert (refused.status, "“Prefer not to say” is fine, too." in refused.text) == (422, True)
    assert world.state(chat_id) == "confirmed"


def test_a_student_s_pick_after_a_no_show_is_agreed_at_once(world: World, chat_id: int) -> None:
    after = looking.opened(world, looking.chat_path(chat_id, SAM, "not_met")).send(said="absent")
    lunch = moment("2027-03-16 12:00")
    assert (world.state(chat_id), looking.chosen(after, "act")) == ("missed", [f"again:{lunch}"])
    last = after.send()
    assert "It is agreed: Tuesday 16 March, 12:00 – 12:30 pm" in last.text
    assert follower(chat_id) == ("confirmed", lunch)


def test_a_report_taken_back_can_be_given_anew_at_once(world: World, chat_id: int) -> None:
    after = looking.opened(world, looking.chat_path(chat_id, SAM, "not_met")).send(said="absent")
    taken_back = after.press("Take it back")
    assert world.state(chat_id) == "confirmed"
    assert "Your answer: we met." in looking.words(taken_back.send(said="met"))


def test_a_second_pick_is_the_first(world: World, chat_id: int) -> None:
    after = looking.opened(world, looking.chat_path(chat_id, SAM, "not_met")).send(said="absent")
    after.send()
    before = looking.tables()
    assert after.send().status == 200
    assert looking.tables() == before


def test_a_mentor_s_pick_is_put_to_the_student(world: World, chat_id: int) -> None:
    after = looking.opened(world, looking.chat_path(chat_id, MAYA, "not_met")).send(said="could_not")
    assert "Sam Lind is asked whether Tuesday 16 March" in after.send().text
    assert follower(chat_id) == ("proposed", moment("2027-03-16 12:00"))


def test_a_report_can_be_changed_and_is_the_reader_s_alone(world: World, chat_id: int) -> None:
    looking.opened(world, looking.chat_path(chat_id, SAM, "met")).send(said="moved")
    assert "we moved it" not in looking.words(looking.opened(world, looking.chat_path(chat_id, MAYA)))
    page = looking.opened(world, looking.chat_path(chat_id, SAM) + "?a=met")
    assert looking.chosen(page, "said") == ["moved"]
    assert "Your answer: we met." in looking.words(page.send(said="met"))


def test_none_left_asks_for_more_times_for_this_one_chat(world: World, without_more: int) -> None:
    after = looking.opened(world, looking.chat_path(without_more, SAM, "not_met")).send(said="absent")
    assert "No time is left that you both gave." in after.text
    page = looking.opened(world, looking.chat_path(without_more, SAM, "times"))
    assert looking.looks_only(world, page.url)
    chosen = page.send(t=["20270315-1200-1300"])
    assert "These times suit you both." in chosen.text
    chosen.send()
    assert follower(without_more) == ("confirmed", moment("2027-03-15 12:00"))


def test_more_times_that_do_not_suit_are_kept_and_said_so(world: World, without_more: int) -> None:
    looking.opened(world, looking.chat_path(without_more, SAM, "not_met")).send(said="absent")
    page = looking.opened(world, looking.chat_path(without_more, SAM, "times"))
    after = page.send(t=["20270317-1200-1300"])
    assert "There is still no time that suits you both" in after.text
    again = looking.opened(world, looking.chat_path(without_more, SAM, "times"))
    assert "20270317-1200-1300" in looking.ticked(again)


def test_nothing_ticked_and_half_a_chat_are_refused_with_their_ticks(world: World, without_more: int) -> None:
    looking.opened(world, looking.chat_path(without_more, SAM, "not_met")).send(said="absent")
    page = looking.opened(world, looking.chat_path(without_more, SAM, "times"))
    refused = page.send(t=[])
    assert (refused.status, 'href="#times"' in refused.text) == (422, True)
    unread = page.send(t=["20270317-1200-1300", "nonsense"])
    assert (unread.status, "20270317-1200-1300" in looking.ticked(unread)) == (422, True)


def test_a_lapsed_chat_may_be_asked_for_again_by_the_student_alone(world: World) -> None:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, FIRST, ("2027-03-16 12:00", "2027-03-16 13:00"))
    chat_id = world.chat(round_id, "maya", "sam", FIRST[0])
    world.at("2027-03-08 09:00")
    assert world.state(chat_id) == "lapsed"
    start = moment("2027-03-16 12:00")
    client = world.mailroom.client
    assert client is not None
    hers = looking.chat_path(chat_id, MAYA, "again")
    assert client.post(hers, data={"act": f"again:{start}"}).status_code == 409
    page = looking.opened(world, looking.chat_path(chat_id, SAM, "again"))
    assert "It is agreed: Tuesday 16 March" in page.send(act=f"again:{start}").text


def test_only_who_declined_is_offered_other_times(world: World, chat_id: int) -> None:
    after = looking.opened(world, looking.chat_path(chat_id, SAM, "not_met")).send(said="absent")
    after.send()
    new = follower(chat_id)
    assert new is not None
    with db.reading() as session:
        new_id = session.scalars(select(Chat.id).where(Chat.follows_id == chat_id)).one()
    world.later(minutes=15)
    looking.opened(world, looking.chat_path(new_id, SAM, "decline")).send(act="decline")
    assert world.state(new_id) == "declined"
    assert 'value="again:' not in looking.opened(world, looking.chat_path(new_id, MAYA, "again")).text


def test_a_follower_nobody_told_of_does_not_show(world: World, chat_id: int) -> None:
    after = looking.opened(world, looking.chat_path(chat_id, SAM, "not_met")).send(said="absent")
    after.send()
    hers = looking.opened(world, looking.chat_path(chat_id, MAYA))
    assert "See the new time" not in hers.text
    world.later(minutes=15)
    assert "See the new time" in looking.opened(world, looking.chat_path(chat_id, MAYA)).text


def test_not_this_person_is_kept_once_and_told_to_nobody(world: World, chat_id: int) -> None:
    page = looking.opened(world, looking.chat_path(chat_id, SAM))
    assert "Not Dr Maya Okafor again" in page.text
    letters = world.letters("maya")
    for _ in range(2):
        assert "nobody is told" in page.send(act="never").text
    world.run()
    with db.reading() as session:
        assert len(session.scalars(select(Exclusion)).all()) == 1
    assert world.letters("maya") == letters


def test_another_pick_in_an_older_tab_leads_to_the_chat_that_stands(world: World, chat_id: int) -> None:
    after = looking.opened(world, looking.chat_path(chat_id, SAM, "not_met")).send(said="absent")
    lunch = moment("2027-03-16 12:00")
    after.send(act=f"again:{lunch}")
    refused = after.send(act=f"again:{lunch + 900}")
    assert (refused.status, "arranged for this chat already" in refused.words) == (409, True)
    assert follower(chat_id) == ("confirmed", lunch)
    stands = refused.follow("See how it stands now").follow("See the new time")
    assert "Tuesday 16 March 12:00 – 12:30 pm" in stands.words
