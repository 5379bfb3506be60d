"""The README's tables are the code's own: the chat's life, the import ladder, the settings."""

import os
import re
import tomllib
from itertools import groupby

from scheduler.chats.lifecycle import LEADS_TO, LIVE, OUTCOMES, State
from scheduler.commands import arranging
from scheduler.life import By, Lead
from scheduler.programme import class_cells
from scheduler.programme.lenses import LENSES
from scheduler.settings import Settings
from tests.support import readme
from tests.support.sources import ROOT

README = ROOT / "README.md"


def _cell(state: State, act: str) -> str:
    rows = LEADS_TO.get((state, act), ())
    if rows:
        return "; ".join(_words(row) for row in rows)
    return "(already)" if OUTCOMES.get(act) == state and state in LIVE else ""


def _words(row: Lead) -> str:
    everybody = row.by == frozenset(By)
    return str(row.to) if everybody else f"{row.to} ({', '.join(sorted(row.by))})"


def life_table() -> str:
    """One row a live state, one column an act; who may, where not everybody may."""
    acts = [act for act, _ in groupby(sorted((key[1] for key in LEADS_TO), key=_order))]
    lines = [f"| from \\ act | {' | '.join(acts)} |", "| --- " * (len(acts) + 1) + "|"]
    for state in (State.NEW, State.PLANNED, State.PROPOSED, State.CONFIRMED):
        cells = [_cell(state, act) for act in acts]
        lines.append(f"| {'(new)' if state is State.NEW else state} | {' | '.join(cells)} |")
    ends = [state for state in State if state not in LIVE and state is not State.NEW]
    lines.append(f"| {', '.join(ends)} | {'end | ' + ' | '.join([''] * (len(acts) - 1))} |")
    return "\n".join(" ".join(line.split()) for line in lines)


def _order(act: str) -> int:
    return list(key[1] for key in LEADS_TO).index(act)


def ladder() -> str:
    """The layers as import-linter checks them, the uppermost first; modules to come are left out."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    rows = []
    for layer in layers:
        names = [name.strip(" ()") for name in layer.split("|")]
        here = [name for name in names if (ROOT / "scheduler" / name).exists() or _module(name)]
        rows += [" | ".join(here)] if here else []
    return "\n".join(["```", *rows, "```"])


def _module(name: str) -> bool:
    return (ROOT / "scheduler" / f"{name}.py").exists()


def settings_table() -> str:
    """Every setting, its default and what it is for."""
    lines = ["| setting | default | what |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in ("", None, ()) else f"`{field.default}`"
        lines.append(f"| `{name.upper()}` | {default} | {' '.join((field.description or '').split())} |")
    return "\n".join(lines)


def lens_list() -> str:
    """Every lens, as a class list names it."""
    return "; ".join(f"`{lens}`" for lens in LENSES)


TABLES = {"life": life_table, "ladder": ladder, "lenses": lens_list, "settings": settings_table}


def test_the_readme_tells_what_the_code_does() -> None:
    text = README.read_text()
    fresh = text
    for name, make in TABLES.items():
        between = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        assert between.search(fresh), f"README.md lacks the marks of the table {name}"
        before, rest = fresh.split(f"<!-- {name} -->\n")
        after = rest.split(f"<!-- /{name} -->")[1]
        fresh = f"{before}<!-- {name} -->\n{make()}\n<!-- /{name} -->{after}"
    if os.environ.get("UPDATE_TABLES"):
        README.write_text(fresh)
    assert text == fresh, "README.md's tables are stale: UPDATE_TABLES=1 pytest tests/shape/test_readme.py"


def test_the_readme_names_every_column_of_a_class_list_and_every_word_of_round() -> None:
    text = readme.section("Run it for real")
    assert [column for column in class_cells.COLUMNS if not re.search(rf"[`,]{column}[`,]", text)] == []
    assert [verb for verb in arranging.round_.commands if f"coffee-rounds round {verb} " not in text] == []


def test_the_demo_tells_the_walk_in_the_readmes_words() -> None:
    panel = (ROOT / "templates" / "pages" / "demo_walk.html").read_text(encoding="utf-8")
    told = [
        re.sub(r"</?em>", "*", re.sub(r"</?b>", "**", step)).replace("’", "'")
        for step in re.findall(r"<li>(.+?)</li>", panel, re.S)
    ]
    assert told == readme.steps()


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= 250
