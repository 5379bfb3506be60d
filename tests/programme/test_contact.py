"""Who answers for a programme: with no door for replies its first coordinator, else the service."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from scheduler import clock, db
from scheduler.chats import answering
from scheduler.chats.chat import Chat
from scheduler.life import By, Via
from scheduler.mail import posting
from scheduler.programme import admitting
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.round import Round
from scheduler.rounds import absence, running
from tests.support import desk
from tests.support.world import World

SERVICE = "Coffee Rounds <rounds@coffee.example.org>"
ADA = "Ada <ada@example.org>"


@pytest.fixture
def shut(world: World) -> World:
    """A service that reads no mail; Zoe coordinates beside Ada."""
    posting.bind(replace(posting.sender(), reads_replies=False))
    desk.add_coordinator("zoe@example.org", 1)
    return world


def live(world: World) -> None:
    """Asks, answers, a chat agreed and a reminder of it, a pause; Eve has another programme."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19), ask=False)
    desk.add_coordinator("eve@example.org")
    with db.transaction() as session:
        running.ask_all(session, session.get_one(Round, round_id), clock.now())
    for name in ("maya", "sam"):
        world.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    with db.transaction() as session:
        answering.accept(session, session.get_one(Chat, chat_id), clock.now(), by=By.STUDENT, via=Via.LINK)
        absence.pause(session, world.person(session, "lee"), None, clock.now())
    world.at("2027-03-09 09:00")


def reply_tos(world: World, *names: str) -> set[str]:
    mails = [mail for name in names for mail in world.mailroom.to(name)]
    assert len(mails) >= len(names)
    return {str(mail.parsed["Reply-To"]) for mail in mails}


def test_with_no_door_every_letter_to_people_is_answered_to_the_first_coordinator(shut: World) -> None:
    live(shut)
    assert reply_tos(shut, "maya", "noor", "sam", "lee") == {ADA}
    assert {str(mail.parsed["From"]) for mail in shut.mailroom.to("sam")} == {SERVICE}


def test_the_calendars_organizer_stays_the_service(shut: World) -> None:
    live(shut)
    calendars = [mail.calendar.replace("\r\n ", "") for mail in shut.mailroom.to("sam") if mail.calendar]
    assert calendars
    assert [text for text in calendars if "mailto:rounds@coffee.example.org" not in text] == []
    assert [text for text in calendars if "ada@example.org" in text] == []


def test_with_no_door_no_letter_says_that_replies_are_read(shut: World) -> None:
    live(shut)
    texts = [mail.text for mail in shut.mailroom.to("sam")]
    assert [text for text in texts if "in your calendar works" in text] == []


def test_with_a_door_a_chats_letters_have_an_address_of_their_own(world: World) -> None:
    live(world)
    found = reply_tos(world, "maya", "sam")
    assert {reply for reply in found if "<reply+" not in reply} == {SERVICE}
    assert len(found) == 3


def test_a_programme_without_a_coordinator_is_answered_to_the_service(shut: World) -> None:
    with db.transaction() as session:
        for found in session.scalars(select(Coordinator)):
            found.programmes = []
    live(shut)
    assert reply_tos(shut, "maya", "sam") == {SERVICE}


def test_sign_in_letters_are_answered_to_the_service(shut: World) -> None:
    with db.transaction() as session:
        admitting.ask(session, "zoe@example.org", "a browser", clock.now(), network="192.0.2.0")
    shut.run()
    assert reply_tos(shut, "zoe") == {SERVICE}
