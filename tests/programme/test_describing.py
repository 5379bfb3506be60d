"""Describing oneself: what is offered is kept, what is not is dropped, and a zone follows the programme's."""

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from scheduler import db
from scheduler.programme import describing
from scheduler.programme.describing import Unreadable
from scheduler.programme.person import Person, Standing
from tests.support.world import World


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with db.transaction() as opened:
        yield opened


@pytest.fixture
def maya(world: World, session: Session) -> Person:
    return world.person(session, "maya")


@pytest.fixture
def sam(world: World, session: Session) -> Person:
    return world.person(session, "sam")


def test_a_name_is_cleaned_and_the_programmes_zone_is_followed_not_kept(maya: Person) -> None:
    describing.introduce(maya, " Dr \t Maya\u202e Lind ", "europe/berlin")
    assert (maya.name, maya.own_timezone) == ("Dr Maya Lind", "Europe/Berlin")
    describing.introduce(maya, "Maya", "America/New_York")
    maya.programme.timezone = "America/Chicago"
    assert (maya.own_timezone, maya.timezone) == (None, "America/Chicago")


def test_each_fault_has_its_sentence_and_nothing_is_kept_then(maya: Person) -> None:
    with pytest.raises(Unreadable) as caught:
        describing.introduce(maya, " \u200b", "Mars/Olympus")
    assert list(caught.value.faults) == ["name", "timezone"]
    with pytest.raises(Unreadable):
        describing.introduce(maya, "Other", "Mars/Olympus")
    assert (maya.name, maya.own_timezone) == ("Dr Maya Okafor", None)


def test_a_mentor_has_a_room_and_a_number_of_chats_a_student_neither(maya: Person, sam: Person) -> None:
    for person in (maya, sam):
        describing.host(person, "  Room\n4 ", "5")
    assert (maya.place, maya.capacity) == ("Room 4", 5)
    assert (sam.place, sam.capacity) == ("", 1)


def test_a_place_is_kept_whole_or_refused_in_words(maya: Person, sam: Person) -> None:
    longest = "https://meet.example/" + "x" * 179
    describing.meet_at(maya, longest)
    assert (len(longest), maya.place) == (200, longest)
    for length in (1, 5000):
        with pytest.raises(
            Unreadable, match="200 characters or fewer; a shorter link works as well"
        ) as caught:
            describing.meet_at(maya, longest + "y" * length)
        assert list(caught.value.faults) == ["place"]
    assert maya.place == longest
    describing.meet_at(sam, longest + "y")
    assert sam.place == ""


@pytest.mark.parametrize("chosen", ["0", "6", "-1", "1.5", "٣", "", "many"])
def test_a_number_of_chats_that_is_not_offered_changes_nothing(maya: Person, chosen: str) -> None:
    maya.capacity = 9
    describing.host(maya, "", chosen)
    assert maya.capacity == 9
    assert describing.capacities(9) == [1, 2, 3, 4, 5, 9]


def test_of_wishes_only_those_offered_are_kept(session: Session, maya: Person, sam: Person) -> None:
    maya.topics = ["Pay", "Leave"]
    sam.asks_about = ["burnout"]
    session.flush()
    describing.wish(session, sam, ["outside", "admin", "near-peer"], ["PAY", "burnout", "secrets"])
    assert (sam.wants, sam.asks_about) == (["near-peer", "outside"], ["burnout", "Pay"])


def test_topics_are_those_of_mentors_who_have_not_left(
    world: World, session: Session, maya: Person, sam: Person
) -> None:
    noor, lee = world.person(session, "noor"), world.person(session, "lee")
    maya.topics, noor.topics = ["pay", "Leave"], ["Pay", "politics"]
    noor.standing = Standing.LEFT
    lee.asks_about, lee.topics = ["burnout"], ["rumours"]
    session.flush()
    assert describing.topics(session, sam) == ["Leave", "pay"]
    assert describing.topics(session, lee) == ["burnout", "Leave", "pay"]
    assert describing.topics(session, maya) == []
