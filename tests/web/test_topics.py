"""Candid topics: mentors say what they speak of, students ask in private, only what both say shows."""

import re
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from scheduler import clock, db, sweep
from scheduler.chats.chat import Chat
from scheduler.life import By
from tests.support import desk, looking
from tests.support.world import World

TUESDAY = ("2027-03-09 16:30", "2027-03-09 18:30")
SECRETS = ("burnout", "having children", "harassment")


@pytest.fixture
def round_id(world: World) -> int:
    """Maya and Noor speak of some things; Sam and Lee ask about them and about others."""
    with db.transaction() as session:
        world.person(session, "maya").topics = ["Pay", "having children"]
        world.person(session, "noor").topics = ["politics"]
        world.person(session, "sam").asks_about = ["pay", "burnout"]
        world.person(session, "lee").asks_about = ["having children", "harassment"]
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam", "lee"):
        world.gives(round_id, name, TUESDAY)
    return round_id


def offered(world: World, round_id: int, name: str) -> list[tuple[str, bool]]:
    text = looking.opened(world, looking.ask_path(world, round_id, name, "in")).text
    boxes = re.findall(r'name="topic" value="([^"]+)"( checked)?', text)
    return [(topic, bool(ticked)) for topic, ticked in boxes]


def test_a_student_may_tick_what_mentors_speak_of_and_finds_their_own_ticks(
    world: World, round_id: int
) -> None:
    assert offered(world, round_id, "sam") == [
        ("burnout", True),
        ("having children", False),
        ("Pay", True),
        ("politics", False),
    ]
    assert "burnout" not in dict(offered(world, round_id, "lee"))


def test_a_mentor_ticks_what_they_speak_of_and_finds_no_names_there(world: World, round_id: int) -> None:
    page = looking.opened(world, looking.me_path(world, "maya"))
    boxes = re.findall(r'name="topic" value="([^"]+)"( checked)?', page.text)
    assert boxes == [("having children", " checked"), ("Pay", " checked"), ("politics", "")]
    assert "Noor" not in page.text
    page.send(topic=["POLITICS", "Pay", "burnout"])
    with db.reading() as session:
        assert world.person(session, "maya").topics == ["Pay", "politics"]
    looking.opened(world, looking.me_path(world, "maya")).send(topic=[])
    with db.reading() as session:
        assert world.person(session, "maya").topics == []


def test_a_student_has_no_topics_to_speak_of(world: World, round_id: int) -> None:
    page = looking.opened(world, looking.me_path(world, "sam"))
    assert 'name="topic"' not in page.text
    page.send(topics="shown", topic=["Pay"])
    with db.reading() as session:
        assert world.person(session, "sam").topics == []


def test_what_one_student_asks_shows_to_nobody_else(world: World, round_id: int, app: Flask) -> None:
    with db.transaction() as session:
        world.person(session, "maya").topics = []
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    looking.opened(world, looking.chat_path(chat_id, By.STUDENT, "accept")).send()
    world.later(minutes=5)
    ada = desk.sign_in(app)
    paths = ["", "/people", "/people/3", "/people/4", f"/rounds/{round_id}", f"/chats/{chat_id}", "/mail"]
    seen = {path: ada.see(f"/board/1{path}") for path in paths}
    seen["maya"] = looking.opened(world, looking.chat_path(chat_id, By.MENTOR)).text
    seen["sam"] = looking.opened(world, looking.chat_path(chat_id, By.STUDENT)).text
    seen["lee"] = looking.opened(world, looking.me_path(world, "lee")).text
    seen["mail"] = "".join(mail.text for name in ("maya", "sam", "lee") for mail in world.mailroom.to(name))
    found = [(where, secret) for where, text in seen.items() for secret in SECRETS if secret in text]
    assert found == []


def test_the_plan_does_not_say_what_two_have_in_common(world: World, round_id: int, app: Flask) -> None:
    sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)
    page = desk.sign_in(app).see(f"/board/1/rounds/{round_id}?tab=plan")
    assert "not met before" in page
    assert "in common" not in page


@pytest.mark.parametrize(("sam", "lee", "met"), [("PAY", "politics", "Sam"), ("politics", "PAY", "Lee")])
def test_a_mentor_is_planned_with_whoever_asks_about_what_they_speak_of(
    world: World, round_id: int, sam: str, lee: str, met: str
) -> None:
    with db.transaction() as session:
        world.person(session, "sam").asks_about = [sam]
        world.person(session, "lee").asks_about = [lee]
        for name in ("sam", "lee"):  # what they would speak of as mentors is not what they ask
            world.person(session, name).topics = ["having children"]
    sweep.plan_round(round_id, clock.now(), by=By.COORDINATOR)
    with db.reading() as session:
        assert session.scalars(select(Chat)).one().student.first_name == met
