"""The look: contrast of every colour pair, templates without inline style, pieces that render whole."""

import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import css_inline
import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
CSS = (ROOT / "scheduler/web/static/app.css").read_text()
MAIL_CSS = (TEMPLATES / "email/_style.css").read_text()
PAGES = sorted((TEMPLATES / "pages").rglob("*.html"))
GROUNDS = ("ground", "paper", "wash")
INKS = ("ink", "quiet", "accent", "settled", "waiting", "wrong")
TEXT, EDGE = 4.5, 3.0


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two #rrggbb colours, 1 to 21 (WCAG 2.2, contrast ratio)."""

    def luminance(colour: str) -> float:
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def tokens(scheme: str) -> dict[str, str]:
    """The colour tokens of the stylesheet; dark stands on light, as in a browser."""
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found if scheme == "light" else found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))


def mail_colour(scheme: str, selector: str, prop: str) -> str:
    """The colour a mail's rule gives to one selector; a dark rule must win over the inlined light one."""
    light, dark = MAIL_CSS.split("@media (prefers-color-scheme: dark)")
    end = r" !important;" if scheme == "dark" else r"[;\s]"
    for chosen, rules in re.findall(r"([^{}]+)\{([^{}]*)\}", light if scheme == "light" else dark):
        found = re.search(rf"(?:^|[;\s]){prop}:[^;]*?(#[0-9a-f]{{6}}){end}", rules)
        if found and selector in [part.strip() for part in chosen.split(",")]:
            return found.group(1)
    raise AssertionError(f"{selector} has no {prop} in the {scheme} mail")


@dataclass
class Choice:
    key: str
    label: str
    range: str
    state: str = "free"
    ticked: bool = False


@dataclass
class Day:
    on: str
    label: str
    parts: tuple[Choice, ...]
    halves: tuple[Choice, ...] = ()


def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(), undefined=StrictUndefined
    )
    made.globals["url_for"] = lambda endpoint, filename: f"/{endpoint}/{filename}"
    made.globals["csrf_token"] = lambda: "token"
    made.globals["drawn"] = lambda template, macro, *values: getattr(
        made.get_template(template).module, macro
    )(*values)
    return made


def picked(*weeks: SimpleNamespace) -> str:
    source = '{% from "pages/picker.html" import picker %}{{ picker(weeks, "All times are Eastern Time.") }}'
    return environment().from_string(source).render(weeks=weeks)


def drawn(call: str) -> str:
    return environment().from_string('{% import "pages/macros.html" as look %}{{ ' + call + " }}").render()


def letter() -> str:
    source = """{% extends "email/base.html" %}{% import "email/macros.html" as mail %}
    {% block preheader %}With Dr Noor.{% endblock %}{% block heading %}Coffee & a chat{% endblock %}
    {% block body %}{{ mail.chat_card("Tuesday 3 November", "Cafeteria", "Noor", hours="4:30 pm") }}
    {{ mail.button(link("accept"), "Yes") }}{{ mail.quiet(link("move"), "No") }}
    {{ mail.facts([("Answer by", "Friday")]) }}{% endblock %}"""
    named = {
        "reader": SimpleNamespace(first_name="Sam"),
        "programme": SimpleNamespace(name="Riverside", texts={}),
        "chat": None,
        "letter": "x",
    }
    html = environment().from_string(source).render(link=lambda act: f"https://rounds.test/{act}", **named)
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False).inline(html)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_ink_reads_on_every_ground(scheme: str) -> None:
    colour = tokens(scheme)
    pairs = [(ink, ground) for ink in INKS for ground in GROUNDS] + [("on-accent", "accent")]
    assert [pair for pair in pairs if contrast(colour[pair[0]], colour[pair[1]]) < TEXT] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_edge_shows_on_every_ground(scheme: str) -> None:
    colour = tokens(scheme)
    pairs = [(edge, ground) for edge in ("edge", "accent", "wrong", "waiting") for ground in GROUNDS]
    assert [pair for pair in pairs if contrast(colour[pair[0]], colour[pair[1]]) < EDGE] == []


def test_colours_stand_in_the_token_blocks_alone() -> None:
    rest = re.sub(r":root \{.*?\}", "", CSS, flags=re.DOTALL).split("@media print")[0]
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl|gradient", rest) == []
    assert set(tokens("light")) == {*GROUNDS, *INKS, "edge", "on-accent"}


def test_dark_changes_every_colour() -> None:
    assert [name for name, colour in tokens("dark").items() if colour == tokens("light")[name]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "on", "least"),
    [
        ("p", (".ground", "background-color"), TEXT),
        ("p", (".card", "background-color"), TEXT),
        ("h1", (".ground", "background-color"), TEXT),
        ("a", (".ground", "background-color"), TEXT),
        (".brand", (".ground", "background-color"), TEXT),
        (".quiet-link", (".ground", "background-color"), TEXT),
        (".soft", (".card", "background-color"), TEXT),
        (".facts .label", (".ground", "background-color"), TEXT),
        (".small", (".ground", "background-color"), TEXT),
        (".button-link", (".button", "background-color"), TEXT),
    ],
)
def test_mail_reads_in_light_and_dark(scheme: str, ink: str, on: tuple[str, str], least: float) -> None:
    assert contrast(mail_colour(scheme, ink, "color"), mail_colour(scheme, *on)) >= least


@pytest.mark.parametrize(("scheme", "prop"), [("light", "border"), ("dark", "border-color")])
def test_mail_card_has_an_edge_that_shows(scheme: str, prop: str) -> None:
    edge = mail_colour(scheme, ".card", prop)
    grounds = [mail_colour(scheme, selector, "background-color") for selector in (".card", ".ground")]
    assert [ground for ground in grounds if contrast(edge, ground) < EDGE] == []


def test_mails_wear_the_colours_of_the_pages() -> None:
    worn = set(re.findall(r"#[0-9a-f]{6}\b", MAIL_CSS))
    for template in (TEMPLATES / "email").glob("*.html"):
        worn |= set(re.findall(r"#[0-9a-f]{6}\b", template.read_text()))
    assert worn <= {*tokens("light").values(), *tokens("dark").values()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(TEMPLATES).as_posix())
def test_page_templates_hold_no_inline_style_or_script(page: Path) -> None:
    found = re.findall(r"\sstyle=|<style|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", page.read_text())
    assert found == []


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.*")), ids=lambda path: path.name)
def test_templates_are_short(template: Path) -> None:
    assert len(template.read_text().splitlines()) <= 80


def test_stylesheet_and_script_stay_small() -> None:
    assert len(CSS.encode()) <= 14 * 1024
    assert (ROOT / "scheduler/web/static/picker.js").stat().st_size <= 1024


def test_pictures_need_nothing_but_themselves() -> None:
    assert (
        re.findall(r"<script|<style|style=|href=|<image", (ROOT / "scheduler/web/static/cup.svg").read_text())
        == []
    )


def test_picker_ticks_disables_and_opens_what_holds_ticks() -> None:
    monday = Day("2026-10-26", "Monday 26 Oct", (Choice("a", "Lunch", "12 – 1 pm", state="too soon"),))
    later = Day("2026-11-02", "Monday 2 Nov", (Choice("b", "Lunch", "12 – 1 pm", ticked=True),))
    last = Day("2026-11-09", "Monday 9 Nov", (Choice("c", "<b>Lunch", "12 – 1 pm"),))
    html = picked(*(SimpleNamespace(title=day.label, days=[day]) for day in (monday, later, last)))
    assert re.findall(r'name="t" value="(\w)"( checked)?( disabled)?', html) == [
        ("a", "", " disabled"),
        ("b", " checked", ""),
        ("c", "", ""),
    ]
    assert re.findall(r'<details class="week"( open)?>', html) == [" open", ""]
    assert re.findall(r'fieldset id="([\w-]+)"', html) == ["times", "day-2026-11-02", "day-2026-11-09"]
    assert "&lt;b&gt;Lunch" in html
    assert html.count('name="repeat"') == 1


def test_one_week_alone_offers_no_repeat() -> None:
    html = picked(
        SimpleNamespace(title="Week", days=[Day("2026-10-26", "Monday", (Choice("a", "Lunch", "12"),))])
    )
    assert 'name="repeat"' not in html


def test_steps_mark_today_and_say_what_is_done() -> None:
    html = drawn('look.steps([("Open", "19 Oct"), ("Ask", ""), ("Plan", "")], 1)')
    assert re.findall(r"<li([^>]*)>", html) == [' class="done"', ' aria-current="step"', ""]
    assert html.count("(done)") == 1


@pytest.mark.parametrize(("value", "total", "width"), [(27, 40, "67.5"), (0, 0, "0"), (41, 40, "100")])
def test_bar_is_as_long_as_its_share_and_never_longer(value: int, total: int, width: str) -> None:
    assert f'class="fill" width="{width}%"' in drawn(f'look.bar({value}, {total}, "Accepted")')


def test_errors_point_to_their_fields() -> None:
    html = drawn('look.error_summary({"name": "Please give a name."})')
    html += drawn('look.field("name", "Name", error="Please give a name.")')
    assert 'href="#name"' in html
    assert (
        'id="name" name="name" type="text" value="" aria-describedby="name-error" aria-invalid="true"' in html
    )
    assert drawn("look.error_summary({})").strip() == ""


def test_letter_is_one_article_with_its_colours_in_place() -> None:
    html = letter()
    assert [tag for tag in re.findall(r"<table[^>]*>", html) if 'role="presentation"' not in tag] == []
    assert html.count("<h1") == 1
    assert "<title>Coffee &amp; a chat</title>" in html
    assert 'aria-label="Coffee &amp; a chat"' in html
    assert html.count("prefers-color-scheme: dark") == 1
    assert re.search(r'class="button"[^>]*bgcolor="#7b4a25"', html)
    assert 'href="https://rounds.test/preferences"' in html
    assert len(html.encode()) < 20_000
