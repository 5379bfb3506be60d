"""Where a chat takes place: no two of a programme in one place at a time, and letters tell of a new one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import select

from scheduler import clock, db
from scheduler.chats import answering, booking, places, record
from scheduler.chats.chat import Chat
from scheduler.life import By, Via
from scheduler.programme.programme import Programme
from scheduler.rounds import board
from tests.support import desk, twins
from tests.support.clock import Clock
from tests.support.world import World

TUESDAY, LATER, WEDNESDAY = "2027-03-09 16:30", "2027-03-09 17:00", "2027-03-10 16:30"


@pytest.fixture
def round_id(world: World) -> int:
    """Two places; everybody gave both afternoons."""
    offer("Atrium", "Library")
    with db.transaction() as session:
        world.person(session, "noor").capacity = 2
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "noor", "sam", "lee"):
        world.gives(round_id, name, *[(f"2027-03-{on} 16:30", f"2027-03-{on} 18:30") for on in ("09", "10")])
    return round_id


def offer(*places: str) -> None:
    with db.transaction() as session:
        session.scalars(select(Programme)).one().places = list(places)


def place(chat_id: int) -> str:
    with db.reading() as session:
        return session.get_one(Chat, chat_id).place


def move(chat_id: int, wall: str, by: By = By.STUDENT) -> None:
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        booking.move(session, chat, Clock().at(wall), clock.now(), by=by, via=Via.LINK)


def put(chat_id: int, place: str) -> None:
    """As if the chat had been given this place."""
    with db.transaction() as session:
        session.get_one(Chat, chat_id).place = place


def cancel(chat_id: int) -> None:
    with db.transaction() as session:
        answering.cancel(session, session.get_one(Chat, chat_id), clock.now(), by=By.STUDENT, via=Via.LINK)


def undo(chat_id: int) -> None:
    with db.transaction() as session:
        last = record.last_act(session, session.get_one(Chat, chat_id))
        assert last is not None
        record.undo(session, last, clock.now(), via=Via.LINK, by=By.STUDENT)


def shown(world: World, name: str) -> list[str]:
    """Where somebody's calendar says they are to be."""
    return [event.location for event in world.mailroom.calendars[f"{name}@example.org"].events.values()]


def without_place() -> list[str]:
    with db.reading() as session:
        needs = board.needs_you(session, session.scalars(select(Programme)).one(), clock.now())
        return [need.sentence for need in needs if "no place" in need.sentence]


def test_two_at_one_time_have_a_place_each(world: World, round_id: int) -> None:
    first = world.chat(round_id, "maya", "sam", TUESDAY)
    second = world.chat(round_id, "noor", "lee", "2027-03-09 16:45")
    assert {place(first), place(second)} == {"Atrium", "Library"}
    assert without_place() == []


def test_turns_begin_at_another_place_for_each_mentor(world: World, round_id: int) -> None:
    sam, lee = world.chat(round_id, "maya", "sam", TUESDAY), world.chat(round_id, "noor", "lee", LATER)
    assert [place(sam), place(lee)] == ["Library", "Atrium"]


def test_a_mentor_stays_where_they_sit_from_chat_to_chat(world: World, round_id: int) -> None:
    """Noor's own turn is the Atrium; Maya has that first, so Noor sits in the Library and stays there."""
    maya = world.chat(round_id, "maya", "sam", TUESDAY)
    put(maya, "Atrium")
    noor = world.chat(round_id, "noor", "lee", "2027-03-09 16:45")
    cancel(maya)
    after = world.chat(round_id, "noor", "sam", "2027-03-09 17:30")
    assert [place(noor), place(after)] == ["Library", "Library"]


def test_where_all_are_taken_there_is_none_and_the_coordinator_is_told(world: World, round_id: int) -> None:
    offer("Atrium")
    first, second = (
        world.chat(round_id, mentor, student, TUESDAY)
        for mentor, student in (("maya", "sam"), ("noor", "lee"))
    )
    world.run()
    assert [place(first), place(second), shown(world, "lee")] == ["Atrium", "", [""]]
    assert without_place() == [
        "Lee Lind and Dr Noor Okafor have no place for Tuesday 9 March, "
        "4:30 – 5:00 pm Eastern Standard Time (New York): none was free then."
    ]
    move(second, LATER)
    world.later(minutes=15)
    assert [place(second), shown(world, "lee"), without_place()] == ["Atrium", ["Atrium"], []]


def test_a_programme_without_places_warns_of_nothing(world: World, round_id: int) -> None:
    offer()
    assert place(world.chat(round_id, "maya", "sam", TUESDAY)) == ""
    assert without_place() == []


def test_a_mentors_own_place_is_theirs_at_any_time(world: World, round_id: int) -> None:
    with db.transaction() as session:
        for name in ("maya", "noor"):
            world.person(session, name).place = "Atrium"
    chats = [world.chat(round_id, "maya", "sam", TUESDAY), world.chat(round_id, "noor", "lee", TUESDAY)]
    move(chats[0], LATER)
    assert [place(chat_id) for chat_id in chats] == ["Atrium", "Atrium"]


def test_a_chat_of_another_programme_takes_nothing_away(world: World, round_id: int) -> None:
    mine, other = world.chat(round_id, "maya", "sam", TUESDAY), twins.build("eve@example.org").chat_id
    put(mine, "")
    put(other, "Library")
    with db.transaction() as session:
        assert session.get_one(Chat, other).starts_at == Clock().at(TUESDAY)
        assert places.find(session, session.get_one(Chat, mine), Clock().at(TUESDAY)) == "Library"


def agreed(world: World, round_id: int) -> tuple[int, int]:
    """Sam in the library at half past four, Lee in the atrium at five, both told."""
    sam, lee = world.chat(round_id, "maya", "sam", TUESDAY), world.chat(round_id, "noor", "lee", LATER)
    for chat_id in (sam, lee):
        desk.accept(chat_id)
    world.later(minutes=5)
    return sam, lee


def test_a_move_keeps_the_place_where_it_is_free(world: World, round_id: int) -> None:
    sam, lee = agreed(world, round_id)
    offer("Garden", "Atrium", "Library")  # by turns they would be elsewhere now
    move(sam, "2027-03-10 17:30")
    move(lee, "2027-03-10 17:30")
    world.later(minutes=15)
    assert [place(sam), place(lee)] == ["Library", "Atrium"]
    world.calendars_are_true()


def test_a_move_to_where_it_is_taken_takes_another_and_both_calendars_say_so(
    world: World, round_id: int
) -> None:
    sam, lee = agreed(world, round_id)
    offer("Atrium", "Garden")
    put(lee, "Library")
    move(sam, LATER)
    assert place(sam) == "Garden"
    world.later(minutes=15)
    assert [shown(world, name) for name in ("sam", "maya")] == [["Garden"], ["Garden"]]


def test_a_move_taken_back_is_in_its_old_place_and_nobody_is_written_to(world: World, round_id: int) -> None:
    sam, lee = agreed(world, round_id)
    put(lee, "Library")
    move(sam, LATER)
    assert place(sam) == "Atrium"
    had = {name: len(world.mailroom.to(name)) for name in ("maya", "noor", "lee")}
    undo(sam)
    put(lee, "Atrium")
    world.later(minutes=15)
    assert place(sam) == "Library"
    assert {name: len(world.mailroom.to(name)) for name in had} == had
    world.calendars_are_true()


def test_a_chat_brought_back_gives_way_to_who_took_its_place(world: World, round_id: int) -> None:
    sam = world.chat(round_id, "maya", "sam", TUESDAY)
    desk.accept(sam)
    world.later(minutes=5)
    cancel(sam)
    offer("Library", "Atrium")
    lee = world.chat(round_id, "noor", "lee", TUESDAY)
    assert place(lee) == "Library"
    undo(sam)
    world.later(minutes=15)
    assert [place(sam), place(lee)] == ["Atrium", "Library"]
    assert [shown(world, name) for name in ("sam", "maya")] == [["Atrium"], ["Atrium"]]


def test_two_who_move_to_the_last_place_at_once_do_not_both_have_it(world: World, round_id: int) -> None:
    sam, lee = world.chat(round_id, "maya", "sam", TUESDAY), world.chat(round_id, "noor", "lee", LATER)
    offer("Atrium")
    for chat_id in (sam, lee):
        put(chat_id, "")
    line = Barrier(2)

    def go(chat_id: int) -> None:
        line.wait()
        db.attempt(lambda: move(chat_id, WEDNESDAY))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(go, (sam, lee)))
    assert sorted([place(sam), place(lee)]) == ["", "Atrium"]
