"""Chats whose place is not known: the plan warns, mails and pages say so, and a place can be given."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from scheduler import db
from scheduler.chats.chat import Chat
from scheduler.programme.programme import Programme
from tests.support import desk
from tests.support.desk import Desk
from tests.support.world import World

TIMES = ("2027-03-09 16:30", "2027-03-09 18:30")
ROUND = "/board/1/rounds/1"
STILL = "The place is still to be told"


@pytest.fixture
def ada(world: World, app: Flask) -> Desk:
    """A plan of two chats in a programme without places; Noor meets people in her own room."""
    with db.transaction() as session:
        session.get_one(Programme, 1).places = []
        world.person(session, "noor").place = "Room 12"
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "noor", "sam", "lee"):
        world.gives(1, name, TIMES)
    ada = desk.sign_in(app)
    ada.press(f"{ROUND}/plan")
    return ada


def of(mentor: str) -> str:
    """Who meets this mentor."""
    with db.reading() as session:
        chats = {chat.mentor.email: chat.student.email for chat in session.scalars(select(Chat))}
    return chats[f"{mentor}@example.org"].partition("@")[0]


def test_the_plan_warns_above_its_button(ada: Desk) -> None:
    page = ada.see(ROUND)
    warning = "1 chat has no place yet, and mails about it say so. Add places in the settings"
    assert 0 < page.index(warning) < page.index("Publish the plan")
    assert 'href="/board/1/settings#places"' in ada.text


def test_a_plan_with_all_its_places_warns_of_nothing(world: World, ada: Desk) -> None:
    with db.transaction() as session:
        world.person(session, "maya").place = "Room 1"
    ada.press(f"{ROUND}/plan")
    assert "no place" not in ada.see(ROUND)


def test_mails_and_pages_say_that_the_place_is_still_to_be_told(world: World, ada: Desk) -> None:
    ada.press(f"{ROUND}/publish")
    world.later(minutes=2)
    mails = [world.last(of(mentor)) for mentor in ("maya", "noor")]
    assert [f"Where  {STILL}" in mail.text for mail in mails] == [True, False]
    assert [STILL in mail.html for mail in mails] == [True, False]
    assert ["LOCATION" in mail.calendar for mail in mails] == [False, True]
    pages = [mail.open("Yes, I'll be there").words for mail in mails]
    assert [STILL in page for page in pages] == [True, False]
    assert "Room 12" in pages[1]


def test_places_added_later_are_given_to_the_chats_without_one(world: World, ada: Desk) -> None:
    ada.press(f"{ROUND}/publish")
    world.later(minutes=2)
    assert "Give each a place" not in ada.see(ROUND)
    with db.transaction() as session:
        session.get_one(Programme, 1).places = ["Atrium"]
    assert "Give each a place" in ada.see(ROUND)
    assert "1 chat has got a place." in ada.press(f"{ROUND}/places")
    assert "no place" not in ada.see(ROUND)
    world.later(minutes=2)
    assert "Where  Atrium" in world.last(of("maya")).text
    assert world.letters(of("noor"))[-1] == "chat_proposed"


def test_a_place_that_is_taken_is_given_to_nobody(world: World, ada: Desk) -> None:
    with db.transaction() as session:
        session.get_one(Programme, 1).places = ["Room 12"]  # where Noor's chat is, at the same time
    assert "No place is free then." in ada.press(f"{ROUND}/places")


def test_the_coordinator_sets_the_place_of_one_chat(world: World, ada: Desk) -> None:
    ada.press(f"{ROUND}/publish")
    world.later(minutes=2)
    with db.reading() as session:
        chat = session.scalars(select(Chat).where(Chat.place == "")).one().id
    path = f"/board/1/chats/{chat}"
    assert "No place yet" in ada.see(path)
    page = ada.press(f"{path}/place", place="  Garden \n bench ")
    assert "Set. Whoever knows of the chat is told in a minute." in page
    assert "The coordinator set the place" in page
    assert "Garden bench" in page
    assert ada.send(f"{path}/place", place=" ").status_code == 409
    world.later(minutes=2)
    assert "Where  Garden bench" in world.last(of("maya")).text
