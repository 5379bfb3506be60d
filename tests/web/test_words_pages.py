"""The words of a programme on the board: listed, kept, shown as they look, and sent with the next letter."""

from datetime import date

import pytest
from flask import Flask

from scheduler import db
from scheduler.programme.openings import OPENINGS
from scheduler.programme.programme import Programme
from tests.support import desk
from tests.support.desk import Desk
from tests.support.world import World

WORDS = "/board/1/words"
OURS = "Every hour counts.\r\nBring <b>cake</b>."


@pytest.fixture
def ada(world: World, app: Flask) -> Desk:
    return desk.sign_in(app)


def texts() -> dict[str, str]:
    with db.reading() as session:
        return dict(session.get_one(Programme, 1).texts)


def test_the_settings_lead_to_every_letter_with_its_words(ada: Desk) -> None:
    ada.see("/board/1/settings")
    assert f'href="{WORDS}"' in ada.text
    ada.press(f"{WORDS}/offer_wanted", words="Every hour counts.")
    page = ada.see(WORDS)
    assert all(f"{opening.title} {opening.when}" in page for opening in OPENINGS.values())
    assert page.count("Every hour counts.") == 1


def test_words_are_kept_seen_and_sent(world: World, ada: Desk) -> None:
    page = ada.press(f"{WORDS}/offer_wanted", words=OURS)
    assert "Saved. It applies from the next mail." in page
    assert texts() == {"offer_wanted": "Every hour counts.\nBring <b>cake</b>."}
    assert "Hello Maya, Every hour counts. Bring <b>cake</b>. Could you meet a student" in page
    frame = ada.client.get(f"{WORDS}/offer_wanted/mentor")
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert "Every hour counts.<br>Bring &lt;b&gt;cake&lt;/b&gt;." in frame.text
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    world.run()
    lines = world.last("maya").text.splitlines()
    assert lines[:5] == ["Hello Maya,", "", "Every hour counts.", "Bring <b>cake</b>.", ""]
    assert "Every hour" not in world.last("sam").text


def test_a_letter_to_both_is_shown_to_each(ada: Desk) -> None:
    page = ada.press(f"{WORDS}/chat_confirmed", words="Enjoy it.")
    assert "To a student: Agreed: coffee chat" in page
    assert "To a mentor: Coffee chat:" in page
    assert page.count("Enjoy it. Your coffee chat with") == 2


def test_a_preview_has_no_link_that_works(ada: Desk) -> None:
    ada.see(f"{WORDS}/chat_proposed")
    assert "/chat/" not in ada.text
    frame = ada.client.get(f"{WORDS}/chat_proposed/student").text
    assert "href" not in frame
    assert "http" not in frame


def test_words_taken_out_again_are_gone(ada: Desk) -> None:
    ada.press(f"{WORDS}/left_out", words="We are sorry.")
    ada.press(f"{WORDS}/chat_reminder", words="See you there.")
    ada.press(f"{WORDS}/left_out", words=" \r\n ")
    assert texts() == {"chat_reminder": "See you there."}


def test_four_hundred_characters_are_the_most(ada: Desk) -> None:
    answer = ada.send(f"{WORDS}/offer_wanted", words="x" * 401)
    assert answer.status_code == 422
    assert "These words have 401 characters; 400 are the most." in answer.text
    assert "x" * 401 in answer.text
    assert texts() == {}
    ada.press(f"{WORDS}/offer_wanted", words="x" * 200 + "\r\n" + "x" * 199)
    assert len(texts()["offer_wanted"]) == 400


@pytest.mark.parametrize(
    "name", ["sign_in", "confirm_address", "link_again", "needs_you", "round_planned", "no"]
)
def test_letters_that_are_not_listed_take_no_words(ada: Desk, name: str) -> None:
    assert ada.client.get(f"{WORDS}/{name}").status_code == 404
    assert ada.send(f"{WORDS}/{name}", words="Hello.").status_code == 404
    assert ada.client.get(f"{WORDS}/{name}/mentor").status_code == 404
    assert ada.client.get(f"{WORDS}/offer_wanted/student").status_code == 404
    assert texts() == {}
