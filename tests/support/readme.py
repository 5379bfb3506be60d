"""What the README tells a newcomer to do, read from it."""

import re

from tests.support.sources import ROOT


def section(heading: str) -> str:
    """The text below a heading, up to the next of its kind."""
    _, _, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    assert rest, f"README.md has no section {heading}"
    return rest.partition("\n## ")[0]


def steps() -> list[str]:
    """The steps of its walk, each on one line, as it is written there."""
    found = re.findall(r"^\d+\. (.+?)(?=^\d+\. |\n\n)", section("Walk a round in five minutes"), re.S | re.M)
    return [" ".join(step.split()) for step in found]


def named(step: str) -> list[str]:
    """What a step names in italics: buttons, links, headings and subjects, in order."""
    return re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", step)
