"""Numbers of rows as addresses name them: one that no row can have never reaches the database."""

from flask import abort, request

LARGEST = 2**31 - 1
"""The most that a number of ours can be on every database."""


def kept(text: str) -> int:
    """The number. Raises ValueError for anything else, and for one larger than a row can have."""
    number = int(text)
    if abs(number) > LARGEST:
        raise ValueError(f"{len(text)} digits are the number of no row")
    return number


def refuse_huge() -> None:
    """Before any page: an address with a number larger than a row can have leads nowhere (404)."""
    if any(isinstance(value, int) and value > LARGEST for value in (request.view_args or {}).values()):
        abort(404)
