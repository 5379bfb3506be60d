"""A link that does not work offers a way on: fresh ones, mailed to the address we have, shown to nobody."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from scheduler import clock, db
from scheduler.life import By
from scheduler.rounds import absence, reaching
from tests.support import looking
from tests.support.mailroom import Page, look
from tests.support.world import World

SENT = "If we know the address, a mail with links that work is on its way to it."


@pytest.fixture
def round_id(world: World) -> int:
    return world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def fresh(world: World, name: str = "maya") -> int:
    """How many letters with fresh links somebody has had."""
    world.run()
    return world.letters(name).count("links_anew")


def stop(world: World, name: str) -> None:
    """All links sent so far stop working."""
    with db.transaction() as session:
        world.person(session, name).revoke_links()


def typed(client: FlaskClient, address: str) -> Page:
    return look(client, "/fresh").press("Send me fresh links", email=address)


def test_a_stopped_link_sends_fresh_ones_to_its_reader(
    world: World, round_id: int, client: FlaskClient
) -> None:
    world.run()
    path = looking.ask_path(world, round_id, "maya", "pick")
    stop(world, "maya")
    page = look(client, path)
    assert page.status == 410
    assert "newer ones have been sent since" in page.words
    assert "maya@" not in page.text
    assert SENT in page.press("Send me a fresh one").words
    assert fresh(world) == 1
    letter = world.last("maya")
    assert "asked for fresh ones" in letter.text
    assert look(client, next(link for link in letter.links if "/offer/" in link)).status == 200


def test_a_link_of_a_chat_long_past_says_since_when(world: World, round_id: int, client: FlaskClient) -> None:
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    path = looking.chat_path(chat_id, By.STUDENT)
    world.at("2027-04-01 12:00")
    page = look(client, path)
    assert page.status == 410
    assert "This link stopped working on Tuesday 23 March, two weeks after its chat." in page.words


@pytest.mark.parametrize("path", ["/chat/nonsense", "/offer/mzxw6===", "/me/x"])
def test_a_damaged_link_asks_for_the_address(world: World, client: FlaskClient, path: str) -> None:
    page = look(client, path)
    assert page.status == 404
    assert SENT in page.press("Send me fresh links", email="Maya@Example.org").words
    assert fresh(world) == 1


def test_nothing_tells_whether_an_address_is_known(world: World, client: FlaskClient) -> None:
    known, unknown = typed(client, "maya@example.org"), typed(client, "nobody@example.org")
    assert (known.status, known.text) == (unknown.status, unknown.text)
    with db.transaction() as session:
        absence.leave(session, world.person(session, "noor"), clock.now())
    assert typed(client, "noor@example.org").text == known.text
    assert fresh(world, "noor") == 0


def test_no_address_at_all_is_said_so(world: World, client: FlaskClient) -> None:
    page = typed(client, "maya@")
    assert page.status == 422
    assert "is not a mail address" in page.words


def test_so_many_a_day_and_no_more(world: World, client: FlaskClient) -> None:
    for _ in range(2):
        typed(client, "maya@example.org")
    assert fresh(world) == 1, "ten minutes lie between two"
    for _ in range(4):
        world.later(minutes=15)
        typed(client, "maya@example.org")
    assert fresh(world) == reaching.TO_ONE_ADDRESS[0] - 1


def test_a_token_of_nobody_sends_nothing(world: World, client: FlaskClient) -> None:
    given = client.post("/fresh", data={"purpose": "chat", "token": "nonsense"})
    assert given.status_code == 303
    world.run()
    assert not world.mailroom.mails
