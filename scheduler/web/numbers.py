"""Numbers of rows as addresses name them: one that no row can have never reaches the database."""

from werkzeug.routing import IntegerConverter

LARGEST = 2**31 - 1
"""The most that a number of ours can be on every database."""


def kept(text: str) -> int:
    """The number. Raises ValueError for anything else, and for one larger than a row can have."""
    number = int(text)
    if abs(number) > LARGEST:
        raise ValueError(f"{len(text)} digits are the number of no row")
    return number


class KeptNumber(IntegerConverter):
    """`<int:…>` in a route: an address with a larger number leads nowhere."""

    num_convert = staticmethod(kept)
