"""A round as its reader may see it: plain values and words, for letters and pages alike."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class RoundCard:
    """A round's dates and figures; `reason` is for a student left out, `items` for the coordinator."""

    id: int
    title: str
    minutes: int
    state: str
    asked: int = 0
    answered: int = 0
    planned: int = 0
    proposed: int = 0
    accepted: int = 0
    met: int = 0
    missed: int = 0
    unknown: int = 0
    left_out: int = 0
    reason: str = ""
    goes_first: bool = True
    """Whether this student left out goes first in the next round."""
    items: list[tuple[str, str]] = field(default_factory=list)
    """What needs the coordinator: a sentence and the address of the page that helps."""
