"""The settings page: what is written is kept, what cannot be is shown again with a sentence."""

import pytest
from flask import Flask

from scheduler import db
from scheduler.programme import arrangement
from scheduler.programme.programme import Programme
from tests.support import desk, queries
from tests.support.desk import Desk
from tests.support.world import World

SETTINGS = "/board/1/settings"


@pytest.fixture
def ada(world: World, app: Flask) -> Desk:
    return desk.sign_in(app)


def form() -> dict[str, object]:
    with db.reading() as session:
        shown = arrangement.written(session.get_one(Programme, 1))
    return {name: value for name, value in shown.items() if value is not False}


def test_settings_are_kept(ada: Desk) -> None:
    sent = form() | {"name": "Lakeside", "weekdays": ["1", "3"], "approves_first": "yes"}
    page = ada.press(SETTINGS, **sent)
    assert "Saved. It applies from the next mail." in page
    assert form() == sent | {"approves_first": True}


def test_a_fault_is_told_and_nothing_is_kept(ada: Desk) -> None:
    before = queries.all_rows()["programme"]
    answer = ada.send(SETTINGS, **form() | {"name": "Lakeside", "minutes": "37", "parts": "<b>"})
    assert answer.status_code == 422
    assert 'href="#minutes"' in answer.text
    assert "“&lt;b&gt;” is not a name and two times" in answer.text
    assert 'value="Lakeside"' in answer.text
    assert queries.all_rows()["programme"] == before


def test_a_box_left_empty_is_off(ada: Desk) -> None:
    ada.press(SETTINGS, **form() | {"publishes_itself": "yes"})
    assert form()["publishes_itself"] is True
    ada.press(SETTINGS, **{name: value for name, value in form().items() if name != "publishes_itself"})
    assert "publishes_itself" not in form()
