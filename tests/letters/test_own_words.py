"""A programme's own words: after the greeting of their letter, in text and HTML, never more than words."""

import pytest

from scheduler import links
from scheduler.mail import letter
from scheduler.programme.openings import OPENINGS
from tests.letters import situations
from tests.letters.test_letter_rules import NOT_TO_A_PERSON, PAPER, Read
from tests.support import cast

WORDS = 'Bring a <b>friend</b> & {{ "cake" }}.\n\nSee <a href="https://eve.example.org">us</a>, or here.'
EVERY = list(situations.every())
OPENING = [one for one in EVERY if one.letter in OPENINGS]


def rendered(situation: cast.Situation, texts: dict[str, str]) -> letter.Words:
    links.bind(cast.BASE_URL, [cast.SECRET])
    programme = situation.context["programme"]
    programme.texts = texts  # type: ignore[attr-defined]  # a context holds objects
    try:
        return PAPER.render(situation.letter, situation.context)
    finally:
        programme.texts = {}  # type: ignore[attr-defined]  # as above


def test_every_letter_to_a_person_may_open_so_but_for_those_about_an_address() -> None:
    assert {one.letter for one in EVERY} - NOT_TO_A_PERSON - {"link_again", "links_anew"} == {*OPENINGS}


@pytest.mark.parametrize("situation", OPENING, ids=str)
def test_the_words_stand_after_the_greeting(situation: cast.Situation) -> None:
    usual = rendered(situation, {})
    made = rendered(situation, {situation.letter: WORDS})
    hello = f"Hello {situation.context['reader'].first_name},"  # type: ignore[attr-defined]  # as above
    assert usual.text.count(f"{hello}\n\n") == 1
    assert made.text == usual.text.replace(hello, f"{hello}\n\n{WORDS}")
    assert made.subject == usual.subject
    before, after = Read(usual.html), Read(made.html)
    in_one = WORDS.replace("\n", "")  # line breaks are tags there
    assert after.words("seen") == before.words("seen").replace(hello, f"{hello} {in_one}")
    assert after.links == before.links
    assert "b" not in {tag for tag, _ in after.tags}


@pytest.mark.parametrize("situation", OPENING, ids=str)
def test_the_words_of_another_letter_are_not_shown(situation: cast.Situation) -> None:
    others = {name: WORDS for name in OPENINGS if name != situation.letter}
    assert rendered(situation, others) == rendered(situation, {})
