"""Dates without chats, as a coordinator writes them when a round is opened."""

import re
from datetime import date

from scheduler.programme import names

MOST_SPANS = 60
_SPAN = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:\s*(?:-|–|to)\s*(\d{4}-\d{2}-\d{2}))?(?:\s*[:,]\s*(.{1,60}))?$")


class BadSpan(ValueError):
    """What was written is no span of dates; the text is a sentence for people."""


def read(text: str) -> list[dict[str, str]]:
    """Spans of dates, one a line: "2027-03-15 to 2027-03-19: year 3"; without the year, for everyone.

    As `Round.blocked` keeps them. Raises BadSpan.
    """
    spans = [_read(line) for line in filter(None, map(str.strip, text.splitlines()))]
    if len(spans) > MOST_SPANS:
        raise BadSpan(f"More than {MOST_SPANS} spans are too many for one round.")
    return spans


def _read(line: str) -> dict[str, str]:
    match = _SPAN.match(line[:120])
    try:
        if match is None:
            raise ValueError
        first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2] or match[1])
    except ValueError:
        example = "“2027-03-15 to 2027-03-19”"
        raise BadSpan(f"{names.quoted(line)} is not a span of dates, like {example}.") from None
    if last < first:
        raise BadSpan(f"{names.quoted(line)} ends before it begins.")
    return {"from": first.isoformat(), "to": last.isoformat(), "stage": names.clean_text(match[3] or "", 60)}
