"""What holds of every letter, whatever it says: its links, its lengths, its HTML, and what it never shows."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest

from scheduler import links
from scheduler.availability import asks
from scheduler.chats import letters, lifecycle
from scheduler.mail import posting
from scheduler.mail.letter import Stationery
from scheduler.programme import stages
from tests.letters import situations
from tests.support import cast, sources

FOLDER = sources.ROOT / "templates" / "email"
GOLDEN = Path(__file__).parent / "golden"
PAPER = Stationery(FOLDER)
EVERY = list(situations.every())
LONG = list(situations.with_long_names())
NOT_TO_A_PERSON = {"round_planned", "round_closed", "needs_you", "sign_in", "confirm_address"}
VOID = {"meta", "br", "img", "link", "hr"}


class Read(HTMLParser):
    """What a reader's mail program makes of the HTML: tags, links, and the words of each kind."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.links: set[str] = set()
        self.texts: dict[str, str] = {"title": "", "h1": "", "preheader": "", "seen": ""}
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "a":
            self.links.add(given["href"] or "")
        if tag not in VOID:
            self._open.append("preheader" if given.get("class") == "preheader" else tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open[-1] in (tag, "preheader"), f"</{tag}> closes <{self._open[-1]}>"
            self._open.pop()

    def handle_data(self, text: str) -> None:
        if "style" in self._open:
            return
        for part in ("title", "h1", "preheader"):
            self.texts[part] += text if part in self._open else ""
        self.texts["seen"] += text if "title" not in self._open and "preheader" not in self._open else ""

    def words(self, part: str) -> str:
        """The words of one part on one line, without the spacers that follow a preheader."""
        return " ".join(re.sub("[\u00a0\u200c]", " ", self.texts[part]).split())


class Rendered(NamedTuple):
    """One letter as it leaves."""

    subject: str
    text: str
    html: str
    read: Read


def rendered(situation: cast.Situation) -> Rendered:
    links.bind(cast.BASE_URL, [cast.SECRET])
    words = PAPER.render(situation.letter, situation.context)
    return Rendered(words.subject, words.text, words.html, Read(words.html))


every_letter = pytest.mark.parametrize("situation", EVERY, ids=str)
every_length = pytest.mark.parametrize("situation", EVERY + LONG, ids=str)


@every_length
def test_subject_and_preheader_are_short(situation: cast.Situation) -> None:
    made = rendered(situation)
    assert 0 < len(made.subject) <= 60
    assert 0 < len(made.read.words("preheader")) <= 90
    assert len(made.html.encode()) < 20_000


@every_length
def test_no_line_of_the_text_is_wider_than_78_but_for_a_link(situation: cast.Situation) -> None:
    made = rendered(situation)
    assert [line for line in made.text.splitlines() if len(line) > 78 and "://" not in line] == []
    # Wherever a line was broken, no link was: each is still a link that can be read.
    assert set(re.findall(r"https?://\S+", made.text)) == made.read.links


@every_letter
def test_html_has_a_language_a_title_and_one_heading(situation: cast.Situation) -> None:
    made = rendered(situation)
    tag, root = made.read.tags[0]
    assert (tag, root["lang"], root["dir"]) == ("html", "en", "ltr")
    assert made.read.words("title") == made.subject
    assert [tag for tag, _ in made.read.tags].count("h1") == 1
    assert made.read.words("h1")


@every_letter
def test_html_holds_nothing_that_mail_programs_drop(situation: cast.Situation) -> None:
    made = rendered(situation)
    tags = {tag for tag, _ in made.read.tags}
    assert tags.isdisjoint({"script", "form", "link", "img", "iframe", "input", "object"})
    assert {given.get("role") for tag, given in made.read.tags if tag == "table"} == {"presentation"}
    styles = re.findall(r'style="([^"]*)"|<style>(.*?)</style>', made.html, re.DOTALL)
    assert not re.search(r"position\s*:|flex|grid|url\(|@import", "".join(map("".join, styles)))


@every_letter
def test_text_and_html_hold_the_same_links_of_ours(situation: cast.Situation) -> None:
    made = rendered(situation)
    in_text = set(re.findall(r"https?://\S+", made.text))
    assert in_text == made.read.links
    assert all(link.startswith(f"{cast.BASE_URL}/") for link in in_text)
    assert all(line.startswith("http") for line in made.text.splitlines() if "http" in line)


@every_letter
def test_every_link_says_what_it_does(situation: cast.Situation) -> None:
    lines = rendered(situation).text.splitlines()
    before = [lines[at - 1] for at, line in enumerate(lines) if line.startswith("http")]
    assert all(len(words) >= 8 and words.endswith((":", ".")) for words in before)


@every_letter
def test_days_of_the_html_stand_in_the_text(situation: cast.Situation) -> None:
    made = rendered(situation)
    dates = set(re.findall(r"[A-Z][a-z]+day \d+ [A-Z][a-z]+", made.read.words("seen")))
    assert dates <= set(
        re.findall(r"[A-Z][a-z]+day \d+ [A-Z][a-z]+", f"{made.subject} {' '.join(made.text.split())}")
    )


@every_letter
def test_letters_show_no_address_and_no_slip(situation: cast.Situation) -> None:
    made = rendered(situation)
    for words in (made.subject, made.text, made.read.words("seen"), made.read.words("preheader")):
        assert "@" not in words or situation.letter == "held_answer"  # which asks about an address
        assert not re.search(r"\bNone\b(?! of)|Undefined|\{\{|\{%|  +\S+ +  ", words)
        assert not re.search(r"!|\b(slot|RSVP|token|meeting|appointment|you haven't)\b", words, re.IGNORECASE)
    assert not re.search(r"^\W*(yes|no)\W*$", made.text, re.IGNORECASE | re.MULTILINE)


@every_letter
def test_every_letter_to_a_person_lets_them_pause_or_leave(situation: cast.Situation) -> None:
    made = rendered(situation)
    reader = situation.context["reader"]
    of_person = situation.letter not in NOT_TO_A_PERSON
    assert (f"{cast.BASE_URL}/me/" in made.text) is of_person
    assert made.text.rpartition("\n-- \n")[2].startswith("You get this mail because"), reader


@every_letter
def test_at_most_one_main_action_and_one_quiet(situation: cast.Situation) -> None:
    classes = [given.get("class") for _, given in rendered(situation).read.tags]
    assert classes.count("button-link") <= 1
    assert classes.count("quiet-link") <= 1
    assert classes.count("time-link") <= 3


def test_only_a_service_that_reads_answers_speaks_of_the_calendar() -> None:
    proposed = next(one for one in EVERY if str(one) == "chat_proposed.student")
    reading = Stationery(FOLDER)
    reading.bind_globals({"reads_replies": lambda: True})
    sentence = "Accepting in your calendar works too."
    words = reading.render(proposed.letter, proposed.context)
    assert sentence in words.text
    assert sentence in words.html
    assert sentence not in rendered(proposed).text


def test_a_decline_gives_no_reason_and_no_third_person() -> None:
    for one in EVERY:
        if one.letter in ("chat_declined", "chat_cancelled", "chat_lapsed"):
            assert "because" not in rendered(one).text.partition("You get this mail")[0]
            assert "Noor" not in rendered(one).html


def in_tables() -> set[str]:
    """Every letter that a table of the code, or a call to post one, names."""
    named = {row.name for rows in lifecycle.LETTERS.values() for row in rows}
    named |= {name for sides in lifecycle.FIRST_LETTER.values() for name in sides.values()}
    named |= {name for names in asks.LETTERS.values() for name in names.values()}
    named |= {name for names in stages.LETTERS.values() for name in names}
    named |= set(posting.WITH_UNSUBSCRIBE) | set(letters.WITH_TIMES)
    for path in sources.python_files("scheduler"):
        for node in ast.walk(sources.parsed(path)):
            if (
                isinstance(node, ast.keyword)
                and node.arg == "letter"
                and isinstance(node.value, ast.Constant)
            ):
                named.add(str(node.value.value))
    return named


def test_every_letter_of_the_tables_has_both_templates_and_a_golden() -> None:
    written = {path.stem for path in FOLDER.glob("[!_]*.txt")}
    assert written == {path.stem for path in FOLDER.glob("[!_]*.html")} - {"base", "macros"}
    assert in_tables() - written == set()
    assert written - {path.stem.partition(".")[0] for path in GOLDEN.glob("*.txt")} == set()
