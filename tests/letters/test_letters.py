"""The letters, word for word: the text of each in each of its situations, as reviewed.

`UPDATE_GOLDENS=1 pytest tests/letters` writes the files anew; what changed is then read like code.
"""

import os
import re
from pathlib import Path

import pytest

from scheduler import links
from scheduler.mail.letter import Stationery
from tests.letters import situations
from tests.support import cast

PAPER = Stationery(Path(__file__).parents[2] / "templates" / "email")
GOLDEN = Path(__file__).parent / "golden"
UPDATING = bool(os.environ.get("UPDATE_GOLDENS"))
EVERY = list(situations.every())
ADDRESS = re.compile(rf"{cast.BASE_URL}/(\S+)")
PURPOSES = {"me": "preferences"}


@pytest.fixture(autouse=True)
def _bound():
    links.bind(cast.BASE_URL, [cast.SECRET])


def shown(found: re.Match[str]) -> str:
    """A link without its token: what it asks for, and the moment it carries."""
    purpose, _, token = found[1].partition("/")
    if purpose not in ("chat", "undo", "me", "offer", "wish", "confirm", "never"):
        return f"<link:{found[1]}>"
    claims = links.read(purpose, token)
    moment = f" {claims['t']}" if "t" in claims else ""
    return f"<link:{claims.get('a', PURPOSES.get(purpose, purpose))}{moment}>"


def golden(situation: cast.Situation) -> str:
    words = PAPER.render(situation.letter, situation.context)
    return ADDRESS.sub(shown, f"{words.subject}\n\n{words.text}")


@pytest.mark.parametrize("situation", EVERY, ids=str)
def test_a_letter_reads_as_reviewed(situation: cast.Situation) -> None:
    path, text = GOLDEN / f"{situation}.txt", golden(situation)
    if UPDATING:
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{path.name} is missing: UPDATE_GOLDENS=1 writes it."
    assert text == path.read_text(encoding="utf-8")


def test_no_situation_is_told_twice() -> None:
    assert len({str(situation) for situation in EVERY}) == len(EVERY)


def test_no_golden_is_left_over() -> None:
    ours = {situation.letter for situation in EVERY}
    files = {path.stem for path in GOLDEN.glob("*.txt") if path.stem.partition(".")[0] in ours}
    assert files - {str(situation) for situation in EVERY} == set()
