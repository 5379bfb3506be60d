"""The lenses: the ways in which a mentor can serve a student."""

from collections.abc import Collection

LENSES = (
    "near-peer",
    "career model",
    "concordant",
    "research or non-clinical path",
    "stretch",
    "different path",
    "outside",
)


def find_lens(text: str) -> str | None:
    """The lens a person wrote, whatever its capitals and blanks; None when there is no such lens."""
    wanted = " ".join(text.split()).lower()
    return wanted if wanted in LENSES else None


def offered(ticked: Collection[str]) -> list[str]:
    """Those of `ticked` that are lenses, in the order in which they are offered."""
    return [lens for lens in LENSES if lens in ticked]
