"""The network a request comes from: one place for all that count by it."""

import pytest
from flask import Flask

from scheduler.web import network


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "0.0.0.0/24"),
    ],
)
def test_neighbours_share_a_network_and_a_mapped_address_is_the_one_it_maps(
    app: Flask, address: str, expected: str
) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert network.of_request() == expected
