"""Numbers in addresses that no row can have: there is nothing there, on every page that takes one."""

import pytest
from flask import Flask

from tests.support import desk
from tests.support.world import World

TOO_LARGE = (2**31, 2**63, 99999999999999999999, int("9" * 4000))


@pytest.mark.parametrize("number", TOO_LARGE, ids=lambda number: f"{len(str(number))} digits")
def test_a_number_too_large_for_a_row_is_not_found(world: World, app: Flask, number: int) -> None:
    ada = desk.sign_in(app)
    for rule in app.url_map.iter_rules():
        if "<int:" not in rule.rule or "GET" not in (rule.methods or ()):
            continue
        for name in rule.arguments:
            numbers = {other: "1" for other in rule.arguments} | {name: str(number)}
            path = rule.rule
            for argument, value in numbers.items():
                path = path.replace(f"<int:{argument}>", value).replace(f"<{argument}>", value)
            assert ada.client.get(path).status_code == 404, path
