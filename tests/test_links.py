"""Signed links: only ours, only for their purpose, whatever mail programs do to them."""

import pytest
from hypothesis import given, strategies

from scheduler import links
from scheduler.links import BadLink

OLD, NEW = "an old secret that is long enough", "a new secret that is long enough"


@pytest.fixture(autouse=True)
def _bound() -> None:
    links.bind("https://rounds.example.org/", [NEW])


def test_a_link_gives_back_its_claims() -> None:
    url = links.url("chat", c=12, p=7, n=1, a="accept")
    assert url.startswith("https://rounds.example.org/chat/")
    assert links.read("chat", url.rsplit("/", 1)[1]) == {"c": 12, "p": 7, "n": 1, "a": "accept"}


def test_a_link_is_good_for_its_purpose_alone() -> None:
    token = links.token("chat", c=1, p=1, n=1)
    with pytest.raises(BadLink):
        links.read("undo", token)


def test_a_link_survives_a_mail_program_that_shouts() -> None:
    token = links.token("chat", c=1)
    assert links.read("chat", token.upper()) == {"c": 1}


def test_a_token_is_short_and_plain() -> None:
    token = links.token("chat", c=10**9, p=10**9, n=99, a="new_time", t=2_000_000_000)
    assert len(token) <= links.LONGEST
    assert token.isalnum()
    assert token == token.lower()


@given(strategies.text(max_size=250))
def test_nonsense_is_a_bad_link(text: str) -> None:
    with pytest.raises(BadLink):
        links.read("chat", text)


@given(strategies.integers(0, 120), strategies.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_changed_letter_breaks_it(at: int, letter: str) -> None:
    token = links.token("chat", c=12, p=7)
    at %= len(token) - 1  # the last letter may carry spare bits
    if token[at] == letter:
        return
    with pytest.raises(BadLink):
        links.read("chat", token[:at] + letter + token[at + 1 :])


def test_after_a_new_secret_old_links_still_work_and_new_ones_use_it() -> None:
    links.bind("https://x.example.org", [OLD])
    old = links.token("chat", c=1)
    links.bind("https://x.example.org", [NEW, OLD])
    assert links.read("chat", old) == {"c": 1}
    fresh = links.token("chat", c=1)
    links.bind("https://x.example.org", [NEW])
    assert links.read("chat", fresh) == {"c": 1}
    with pytest.raises(BadLink):
        links.read("chat", old)


def test_an_address_token_vouches_for_its_numbers() -> None:
    token = links.address_token("reply", 12, 7)
    assert links.read_address_token("reply", token.upper()) == (12, 7)
    assert len(token) <= 40
    for wrong in (token[:-1], "b" + token[1:], "", "nonsense"):
        with pytest.raises(BadLink):
            links.read_address_token("reply", wrong)
    with pytest.raises(BadLink):
        links.read_address_token("bounce", token)
