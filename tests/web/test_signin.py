"""Signing in through the pages: cookies, the same words for everybody, nothing done by looking."""

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scheduler.web import access
from tests.support import desk, queries
from tests.support.world import World

PATH = re.compile(r"/sign-in/[a-z0-9]+")


def ask(browser: FlaskClient, email: str) -> TestResponse:
    return browser.post("/sign-in", data={"email": email}, follow_redirects=True)


def mailed(world: World, email: str = "ada") -> tuple[str, str]:
    """The link's path and the code of the last mail."""
    world.run()
    text = world.mailroom.last(email).text
    path, code = PATH.search(text), re.search(r"Code +(\d{6})", text)
    assert path is not None
    assert code is not None
    return path[0], code[1]


def test_ada_signs_in_by_the_link_in_the_browser_that_asked(world: World, client: FlaskClient) -> None:
    ask(client, "ada@example.org")
    path, _ = mailed(world)
    page = client.get(path)
    assert 'name="code"' not in page.text
    assert client.post(path).headers["Location"] == "/board"
    assert "Nobody needs you." in client.get("/board", follow_redirects=True).text


def test_ada_signs_in_by_the_code(world: World, client: FlaskClient) -> None:
    ask(client, "ada@example.org")
    _, code = mailed(world)
    assert client.post("/sign-in/code", data={"code": code}).headers["Location"] == "/board"


def test_in_another_browser_the_link_asks_for_the_code(world: World, client: FlaskClient, app: Flask) -> None:
    ask(client, "ada@example.org")
    path, code = mailed(world)
    phone = app.test_client()
    assert 'name="code"' in phone.get(path).text
    assert phone.post(path).status_code == 422
    assert phone.get("/board").headers["Location"] == "/sign-in"
    assert phone.post(path, data={"code": code}).status_code == 303


def test_a_wrong_code_is_told_by_its_field_and_counted(world: World, client: FlaskClient) -> None:
    ask(client, "ada@example.org")
    path, code = mailed(world)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        answer = client.post("/sign-in/code", data={"code": wrong})
        assert answer.status_code == 422
        assert 'href="#code"' in answer.text
    assert client.post("/sign-in/code", data={"code": code}).status_code == 422
    assert client.get(path).status_code == 410


def test_known_and_unknown_addresses_are_answered_alike(world: World, app: Flask) -> None:
    def seen(email: str) -> list[tuple[int, str, list[str]]]:
        browser, answers = app.test_client(), []
        for path, fields in (
            ("/sign-in", {"email": email}),
            *[("/sign-in/code", {"code": "000000"})] * 7,
        ):
            given = browser.post(path, data=fields)
            cookies = [
                re.sub(r"=[^;]+;", "=;", cookie, count=1) for cookie in given.headers.getlist("Set-Cookie")
            ]
            answers.append(
                (given.status_code, given.text, [re.sub(r"Expires=[^;]+", "", c) for c in cookies])
            )
        answers.append((0, browser.get("/sign-in/code").text, []))
        return answers

    known = seen("ada@example.org")
    assert seen("eve@example.org") == known
    assert seen("not an address") == known
    world.run()
    assert len(world.mailroom.mails) == 1


def test_the_cookie_is_for_our_pages_alone_and_new_at_each_sign_in(world: World, app: Flask) -> None:
    def secret_of(answer: TestResponse) -> str:
        cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith(f"{access.COOKIE}="))
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" in cookie
        return cookie.partition(";")[0]

    browser = app.test_client()
    secrets = []
    for _ in range(2):
        browser.post("/sign-in", data={"email": "ada@example.org"}, base_url="https://localhost")
        path, _ = mailed(world)
        secrets.append(secret_of(browser.post(path, base_url="https://localhost")))
    assert secrets[0] != secrets[1]
    former = app.test_client()
    former.set_cookie(access.COOKIE, secrets[0].partition("=")[2])
    assert former.get("/board").headers["Location"] == "/sign-in"


def test_looking_at_the_link_changes_nothing(world: World, client: FlaskClient) -> None:
    ask(client, "ada@example.org")
    path, _ = mailed(world)
    before = queries.all_rows()
    for _ in range(2):
        for page in ("/sign-in", "/sign-in/code", path):
            assert client.get(page).status_code == 200
            assert client.head(page).status_code == 200
    assert queries.all_rows() == before


def test_a_form_of_another_site_is_refused(world: World, client: FlaskClient) -> None:
    ask(client, "ada@example.org")
    path, _ = mailed(world)
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    for page in ("/sign-in", "/sign-in/code", path, "/sign-out"):
        assert client.post(page, headers=elsewhere).status_code == 403
    assert client.post(path).status_code == 303


def test_signing_out_ends_the_seat(world: World, app: Flask) -> None:
    ada = desk.sign_in(app)
    cookie = ada.client.get_cookie(access.COOKIE)
    assert cookie is not None
    assert ada.client.post("/sign-out").headers["Location"] == "/sign-in"
    again = app.test_client()
    again.set_cookie(access.COOKIE, cookie.value)
    assert again.get("/board").headers["Location"] == "/sign-in"


def test_a_seat_idle_for_eight_hours_ends_and_one_in_use_lasts_a_week(world: World, app: Flask) -> None:
    ada = desk.sign_in(app)
    for _ in range(23):
        world.clock.advance(hours=7)
        ada.send("/board/1/settings")
        assert ada.client.get("/board/1").status_code == 200
    world.clock.advance(hours=8, seconds=1)
    assert ada.client.get("/board/1").headers["Location"] == "/sign-in"
    ada = desk.sign_in(app)
    for _ in range(24):
        world.clock.advance(hours=7)
        ada.send("/board/1/settings")
    world.clock.advance(hours=1)
    assert ada.client.get("/board/1").headers["Location"] == "/sign-in"


def test_an_old_link_says_so(world: World, client: FlaskClient) -> None:
    ask(client, "ada@example.org")
    path, _ = mailed(world)
    world.clock.advance(minutes=10)
    answer = client.get(path)
    assert answer.status_code == 410
    assert "This sign-in has ended" in answer.text
    assert client.get(path[:-2]).text == answer.text
