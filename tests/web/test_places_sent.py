"""A place that is too long to keep, wherever it is written: refused in words, shown again whole."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from scheduler import db
from scheduler.chats.chat import Chat
from tests.support import desk, looking
from tests.support.world import World

LINK = "https://meet.example/j/" + "8" * 178
SENTENCE = "Please write it in 200 characters or fewer; a shorter link works as well."


def places(world: World) -> set[str]:
    """Maya's own place, and the one of every chat."""
    with db.reading() as session:
        return {world.person(session, "maya").place, *session.scalars(select(Chat.place))}


def is_refused_whole(text: str) -> bool:
    """Whether the page points to the field, says why, and still holds all that was typed."""
    return all(words in text for words in (SENTENCE, 'href="#place"', f'value="{LINK}"'))


@pytest.fixture
def round_id(world: World) -> int:
    return world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))


def test_on_ones_own_page(world: World) -> None:
    refused = looking.opened(world, looking.me_path(world, "maya")).send(place=LINK, name="Amara")
    assert (len(LINK), refused.status, is_refused_whole(refused.text)) == (201, 422, True)
    assert 'value="Amara"' in refused.text
    assert places(world) == {""}


def test_beside_a_mentors_times(world: World, round_id: int) -> None:
    page = looking.opened(world, looking.ask_path(world, round_id, "maya", "pick"))
    refused = page.send(t=["20270309-1630-1830"], place=LINK)
    assert (refused.status, is_refused_whole(refused.text)) == (422, True)
    assert looking.ticked(refused) == ["20270309-1630-1830"]
    assert places(world) == {""}


def test_on_the_board(world: World, round_id: int, app: Flask) -> None:
    for name in ("maya", "sam"):
        world.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    ada = desk.sign_in(app)
    before = places(world)
    refused = ada.send("/board/1/chats/1/place", place=LINK)
    assert (refused.status_code, is_refused_whole(refused.text)) == (422, True)
    assert places(world) == before


def test_no_browser_cuts_it_either(world: World, round_id: int, app: Flask) -> None:
    world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    pages = [
        looking.opened(world, looking.me_path(world, "maya")).text,
        looking.opened(world, looking.ask_path(world, round_id, "maya", "pick")).text,
        desk.sign_in(app).send("/board/1/chats/1/place", place=LINK).text,
    ]
    for text in pages:
        field = text.partition('<input id="place"')[2].partition(">")[0]
        assert 'name="place"' in field
        assert "maxlength" not in field
