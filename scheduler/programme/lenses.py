"""The lenses: the ways in which a mentor can serve a student."""

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
