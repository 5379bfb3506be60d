"""Findings: each thing an operator is told about, how grave it is, and a plain sentence."""

from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple


class Mark(StrEnum):
    """How grave it is; the worst comes first."""

    WRONG = "wrong"
    NOTE = "note"  # worth knowing, and may be as it is meant to be
    WELL = "well"


class Finding(NamedTuple):
    """One thing looked at: what, how it is, and a sentence about it that holds no secret."""

    about: str
    mark: Mark
    sentence: str

    @property
    def is_well(self) -> bool:
        """Whether nothing need be done about it."""
        return self.mark is not Mark.WRONG


def lasted(time: timedelta) -> str:
    """A length of time in words, as "12 minutes"; the larger, the coarser."""
    seconds = max(int(time.total_seconds()), 0)
    for size, word, least in ((86400, "days", 2), (3600, "hours", 2), (60, "minutes", 2)):
        if seconds >= size * least:
            return f"{seconds // size} {word}"
    return "1 minute" if seconds >= 60 else f"{seconds} seconds" if seconds != 1 else "1 second"
