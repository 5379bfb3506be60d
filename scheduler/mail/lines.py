"""The lines of a letter's plain text: tidied, and none longer than every mail program shows."""

import re
import textwrap

WIDTH = 78
"""The most characters of a line (RFC 5322, 2.1.1)."""
SIGNATURE = "-- "
"""The line above a signature; without its blank, mail programs do not know it (RFC 3676, 4.3)."""
_NO_BREAK = "\u00a0"
_LABEL = re.compile(r" *(?:\S+ {2,})?")
_TOGETHER = re.compile(r" (?=– )|(?<=–) |(?<=\d) (?=[ap]m\b|[A-Z])|(?<=day) (?=\d)| (?=[^()]*\))")
"""The blanks within a span, a time of day, a date, and brackets."""


def tidied(text: str) -> str:
    """The text within WIDTH, without blanks at the ends of lines and with one empty line at most in a row.

    A line that holds a link stays whole, for where it breaks the link would end. What goes on after a label
    ("When   Tuesday 3 November …") goes on below its words.
    """
    lines = "\n".join(map(_broken, text.split("\n")))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


def _broken(line: str) -> str:
    if line == SIGNATURE:
        return line
    line = line.rstrip()
    if len(line) <= WIDTH or "://" in line:
        return line
    label = _LABEL.match(line)
    pieces = textwrap.wrap(
        _TOGETHER.sub(_NO_BREAK, line),
        WIDTH,
        subsequent_indent=" " * (label.end() if label else 0),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(pieces).replace(_NO_BREAK, " ")
