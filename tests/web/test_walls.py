"""Walls: every page has a guard, and one programme's pages are, to another's coordinator, as if not there."""

import itertools
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from scheduler.web.access import GUARDS, GuardedBlueprint
from tests.support import desk, queries, twins
from tests.support.clock import Clock
from tests.support.desk import Desk
from tests.support.twins import Twin

MADE_UP = 999_999
HUGE = 10**30


def rules(app: Flask, guard: str, method: str) -> list[Rule]:
    """The routes under this guard that take this method."""
    guarded = {
        name
        for name, blueprint in app.blueprints.items()
        if isinstance(blueprint, GuardedBlueprint) and blueprint.guard == guard
    }
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in guarded and method in (rule.methods or set())
    ]


def paths(rule: Rule, ids: dict[str, int]) -> str:
    """The route's path with these ids; a word is one that the route knows."""
    known: dict[str, object] = {**ids, "role": "mentor", "name": "offer_wanted", "reader": "mentor"}
    return re.sub(r"<(?:\w+(?:\(.*?\))?:)?(\w+)>", lambda found: str(known[found[1]]), rule.rule)


@pytest.fixture
def both(app: Flask) -> tuple[Twin, Twin]:
    """Ada's programme and Eve's, alike but for their ids."""
    return twins.build("ada@example.org"), twins.build("eve@example.org")


def answer(browser: FlaskClient, path: str, method: str, token: str) -> tuple[int, str, str]:
    filled = {"csrf_token": token, "outcome": "met", "turn": "renew", "name": "Stolen", "pinned": "yes"}
    given = browser.open(path, method=method, data=filled if method == "POST" else None)
    return given.status_code, given.text, given.headers.get("Location", "")


def strange(desk_: Desk, app: Flask, method: str, mine: Twin, other: Twin) -> list[str]:
    """The pages that answer otherwise for the other's ids than for made-up ones."""
    token, found = desk_.token(), []
    for rule in rules(app, "coordinator", method):
        fields = [field for field in Twin._fields if field in rule.arguments]
        if not fields:
            continue
        nowhere = paths(rule, dict.fromkeys(Twin._fields, MADE_UP))
        expected = answer(desk_.client, nowhere, method, token)
        assert expected[0] == 404, nowhere
        for mixture in itertools.product(*((getattr(mine, f), getattr(other, f), HUGE) for f in fields)):
            if mixture == tuple(getattr(mine, field) for field in fields):
                continue
            path = paths(rule, dict(zip(fields, mixture, strict=True)))
            if answer(desk_.client, path, method, token) != expected:
                found.append(f"{method} {path}")
    return found


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_anothers_pages_answer_as_made_up_ones(app: Flask, both: tuple[Twin, Twin], method: str) -> None:
    mine, other = both
    before = queries.all_rows()
    ada = desk.sign_in(app, "ada@example.org")
    assert strange(ada, app, method, mine, other) == []
    eve = desk.sign_in(app, "eve@example.org")
    assert strange(eve, app, method, other, mine) == []
    seats = ("seat", "sign_in")
    after = queries.all_rows()
    assert [name for name in after if name not in seats and after[name] != before[name]] == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_is_sent_to_sign_in_from_every_page(
    app: Flask, both: tuple[Twin, Twin], method: str
) -> None:
    before = queries.all_rows()
    app.config["WTF_CSRF_ENABLED"] = False
    for rule in rules(app, "coordinator", method):
        given = app.test_client().open(paths(rule, both[0]._asdict()), method=method)
        assert (given.status_code, given.headers.get("Location")) == (303, "/sign-in"), rule.rule
    assert queries.all_rows() == before


def test_looking_at_every_page_changes_nothing(app: Flask, both: tuple[Twin, Twin], clock: Clock) -> None:
    ada = desk.sign_in(app, "ada@example.org")
    before = queries.all_rows()
    clock.advance(minutes=1)
    for rule in [*rules(app, "coordinator", "GET"), *rules(app, "coordinator", "HEAD")]:
        for method in ("GET", "HEAD"):
            given = ada.client.open(paths(rule, both[0]._asdict()), method=method)
            assert given.status_code in (200, 303), f"{rule.rule}: {given.status_code}"
    assert queries.all_rows() == before


def test_a_form_without_its_token_is_refused_everywhere(app: Flask, both: tuple[Twin, Twin]) -> None:
    ada = desk.sign_in(app, "ada@example.org")
    before = queries.all_rows()
    posts = rules(app, "coordinator", "POST")
    assert len(posts) > 20
    for rule in posts:
        path = paths(rule, both[0]._asdict())
        assert ada.client.post(path).status_code == 400, rule.rule
        assert ada.client.post(path, data={"csrf_token": "forged"}).status_code == 400, rule.rule
    after = queries.all_rows()
    after.pop("seat"), before.pop("seat")
    assert after == before


def test_no_route_both_shows_and_changes(app: Flask) -> None:
    mixed = [rule.rule for rule in app.url_map.iter_rules() if {"GET", "POST"} <= (rule.methods or set())]
    assert mixed == []
    strange_ones = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) - {"GET", "HEAD", "POST", "OPTIONS"}
    ]
    assert strange_ones == []


def test_every_page_stands_in_a_blueprint_with_a_guard(app: Flask) -> None:
    guards = {name: getattr(blueprint, "guard", None) for name, blueprint in app.blueprints.items()}
    assert set(guards.values()) <= set(GUARDS)
    bare = {rule.endpoint for rule in app.url_map.iter_rules() if "." not in rule.endpoint}
    assert bare == {"static"}


def test_the_board_is_behind_the_coordinators_guard(app: Flask) -> None:
    board = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/board")}
    guarded = {rule.endpoint for method in ("GET", "POST") for rule in rules(app, "coordinator", method)}
    assert board == guarded
