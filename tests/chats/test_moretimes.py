"""More times for one chat: added to what was given, never instead of it."""

from datetime import date, timedelta

import pytest

from scheduler import clock, db
from scheduler.availability import asking
from scheduler.availability.asks import AskState
from scheduler.availability.slots import Slot
from scheduler.chats import moretimes
from scheduler.chats.chat import Chat
from scheduler.life import By, NotNow
from tests.support import looking
from tests.support.clock import Clock
from tests.support.world import World

GIVEN = ("2027-03-09 16:30", "2027-03-09 17:00")


def slot(starts: str, minutes: int = 60) -> Slot:
    start = Clock().at(starts)
    return Slot(start, start + timedelta(minutes=minutes))


@pytest.fixture
def chat_id(world: World) -> int:
    """Proposed for the only time both gave; Maya has another hour on Thursday the 11th."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    world.gives(round_id, "maya", GIVEN, ("2027-03-11 12:00", "2027-03-11 13:00"))
    world.gives(round_id, "sam", GIVEN)
    return world.chat(round_id, "maya", "sam", GIVEN[0])


def add(chat_id: int, *more: Slot, side: By = By.STUDENT) -> tuple[list[object], list[Slot]]:
    """The next times that suit both, and all that `side` has now given."""
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        times = moretimes.add(session, chat, side, list(more), clock.now())
        return list(times), moretimes.get_ask(session, chat, side).slots


def test_what_suits_both_comes_back_and_what_was_given_stays(chat_id: int) -> None:
    times, given = add(chat_id, slot("2027-03-11 12:00"))
    assert times == [slot(f"2027-03-11 12:{minutes}").starts_at for minutes in ("00", "15", "30")]
    assert given == [slot(GIVEN[0], 30), slot("2027-03-11 12:00")]


def test_touching_times_become_one(chat_id: int) -> None:
    assert add(chat_id, slot("2027-03-09 17:00"))[1] == [slot(GIVEN[0], 90)]


def test_the_same_again_changes_nothing(world: World, chat_id: int) -> None:
    add(chat_id, slot("2027-03-11 12:00"))
    before = looking.tables()
    add(chat_id, slot("2027-03-11 12:00"))
    assert looking.tables() == before


def test_times_nobody_shares_are_kept_for_later(chat_id: int) -> None:
    assert add(chat_id, slot("2027-03-12 12:00"))[0] == []
    assert add(chat_id, slot("2027-03-12 12:30", 30), side=By.MENTOR)[0] == [
        slot("2027-03-12 12:30").starts_at
    ]


def test_days_that_are_too_soon_are_not_there_to_tick(world: World, chat_id: int) -> None:
    world.clock.at("2027-03-10 09:00")  # with a day's notice, Thursday lunch is the first to be had
    with db.reading() as session:
        window = moretimes.window(session, session.get_one(Chat, chat_id), By.STUDENT, clock.now())
    assert (window.first_on, window.last_on) == (date(2027, 3, 11), date(2027, 4, 2))


def test_no_letter_is_written(world: World, chat_id: int) -> None:
    count = len(looking.tables()["outgoing"])
    add(chat_id, slot("2027-03-11 12:00"))
    assert len(looking.tables()["outgoing"]) == count


def test_whoever_was_out_is_in_with_these_times_alone(world: World, chat_id: int) -> None:
    with db.transaction() as session:
        ask = moretimes.get_ask(session, session.get_one(Chat, chat_id), By.STUDENT)
        asking.opt_out(session, ask, clock.now(), by=By.STUDENT)
    assert add(chat_id, slot("2027-03-11 12:00"))[1] == [slot("2027-03-11 12:00")]
    with db.reading() as session:
        ask = moretimes.get_ask(session, session.get_one(Chat, chat_id), By.STUDENT)
        assert ask.state is AskState.ANSWERED


def test_somebody_never_asked_is_told_so(world: World, chat_id: int) -> None:
    with db.transaction() as session:
        session.delete(moretimes.get_ask(session, session.get_one(Chat, chat_id), By.STUDENT))
    with pytest.raises(NotNow, match="You were not asked for times in this round"):
        add(chat_id, slot("2027-03-11 12:00"))
