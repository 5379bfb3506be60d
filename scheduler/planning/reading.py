"""Decoded JSON read field by field, so that whatever is wrong in it is named with its place."""

import json
import re
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

# A round of 10,000 students is some tens of megabytes unpacked; what grows beyond this is none.
MOST_BYTES = 512 * 1024 * 1024
MOST = 2**53
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)

T = TypeVar("T")


class WrongField(ValueError):
    """Something is missing or wrong; one sentence names what, and where."""


class Fields:
    """One JSON object being read, and where it stands."""

    def __init__(self, raw: object, where: str) -> None:
        if not isinstance(raw, dict):
            raise WrongField(f"{_capital(where)} must be a JSON object.")
        self.raw = raw
        self.where = where

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.raw.get(name) is not None

    def expect(self, name: str, value: str) -> None:
        """Raise WrongField unless the field holds just this text."""
        if self.text(name) != value:
            raise WrongField(f'{_capital(self._place(name))} must be "{value}".')

    def text(self, name: str, missing: str | None = None) -> str:
        """The text of a field; `missing` stands in when it is absent."""
        if missing is not None and not self.has(name):
            return missing
        return text(self._get(name), self._place(name))

    def number(self, name: str, *, missing: int | None = None, least: int = 0, most: int = MOST) -> int:
        """The whole number of a field, between `least` and `most`; `missing` stands in when it is absent."""
        if missing is not None and not self.has(name):
            return missing
        return number(self._get(name), self._place(name), least=least, most=most)

    def moment(self, name: str) -> datetime:
        """The UTC moment of a field, written YYYY-MM-DDTHH:MM:SSZ."""
        written = self.text(name)
        try:
            if not MOMENT.fullmatch(written):
                raise ValueError
            return datetime.fromisoformat(written).astimezone(UTC)
        except ValueError as error:
            raise WrongField(f"{self._place(name)} must be a UTC time like 2026-04-13T00:00:00Z.") from error

    def inside(self, name: str) -> "Fields":
        """The object in a field."""
        return Fields(self._get(name), self._place(name))

    def objects(self, name: str) -> list["Fields"]:
        """The objects of a list."""
        return [Fields(one, place) for one, place in _listed(self._get(name), self._place(name))]

    def rows(self, name: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
        """The entries of a list, each read by `read(raw, where)`."""
        return tuple(read(one, place) for one, place in _listed(self._get(name), self._place(name)))

    def each(self, read: Callable[[object, str], T]) -> dict[str, T]:
        """All fields of this object, each read by `read(raw, where)`."""
        return {name: read(raw, self._place(name)) for name, raw in self.raw.items()}

    def _get(self, name: str) -> object:
        if name not in self.raw:
            raise WrongField(f'{_capital(self.where)} lacks the field "{name}".')
        return self.raw[name]

    def _place(self, name: str) -> str:
        return f'"{name}" of {self.where}'


def text(raw: object, where: str) -> str:
    """A text."""
    if not isinstance(raw, str):
        raise WrongField(f"{_capital(where)} must be text.")
    return raw


def number(raw: object, where: str, *, least: int = -MOST, most: int = MOST) -> int:
    """A whole number between `least` and `most`; true and 1.0 are none."""
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise WrongField(f"{_capital(where)} must be a whole number.")
    if not least <= raw <= most:
        # A number of thousands of digits cannot even be shown.
        shown = raw if -MOST <= raw <= MOST else "far off"
        raise WrongField(f"{_capital(where)} must be between {least} and {most}, but is {shown}.")
    return raw


def numbers(raw: object, where: str) -> tuple[int, ...]:
    """A list of whole numbers."""
    return tuple(number(one, place) for one, place in _listed(raw, where))


def pair(raw: object, where: str) -> tuple[int, int]:
    """Two whole numbers."""
    read = numbers(raw, where)
    if len(read) != 2:
        raise WrongField(f"{_capital(where)} must be two whole numbers.")
    return read[0], read[1]


def pairs(raw: object, where: str) -> tuple[tuple[int, int], ...]:
    """A list of pairs."""
    return tuple(pair(one, place) for one, place in _listed(raw, where))


def triple(raw: object, where: str) -> tuple[int, int, int]:
    """Three whole numbers."""
    read = numbers(raw, where)
    if len(read) != 3:
        raise WrongField(f"{_capital(where)} must be three whole numbers.")
    return read[0], read[1], read[2]


def decoded(content: str | bytes) -> object:
    """The JSON in a file's content, as text, UTF-8 or gzip-compressed UTF-8. Raises WrongField."""
    try:
        plain = content if isinstance(content, str) else _unpacked(content).decode("utf-8-sig")
        return json.loads(plain)
    except WrongField:
        raise
    except UnicodeDecodeError as error:
        raise WrongField("The file is not UTF-8 text.") from error
    except zlib.error as error:
        raise WrongField("The file is a damaged gzip file.") from error
    except json.JSONDecodeError as error:
        raise WrongField(f"The file is not JSON: see line {error.lineno}, column {error.colno}.") from error
    except RecursionError as error:
        raise WrongField("The file is nested too deeply to be read.") from error
    except ValueError as error:
        raise WrongField("The file holds a number with too many digits.") from error


def check_spans(spans: Iterable[tuple[int, int]], where: str) -> None:
    """Raise WrongField unless every span has its two ends in order, and starts after the one before."""
    before: int | None = None
    for at, (start, end) in enumerate(spans):
        if start > end:
            raise WrongField(f"Entry {at} of {where} ends before it starts.")
        if before is not None and start < before:
            raise WrongField(f"Entry {at} of {where} overlaps the one before it or is out of order.")
        before = end


def check_pairs(pairs: Iterable[tuple[int, int]], name: str, students: int, mentors: int) -> None:
    """Raise WrongField unless every pair names one of so many students and one of so many mentors."""
    for at, (i, j) in enumerate(pairs):
        if not 0 <= i < students:
            raise WrongField(f"Entry {at} of the {name} names student {i}, who does not exist.")
        if not 0 <= j < mentors:
            raise WrongField(f"Entry {at} of the {name} names mentor {j}, who does not exist.")


def _unpacked(packed: bytes) -> bytes:
    if not packed.startswith(b"\x1f\x8b"):
        return packed
    stream = zlib.decompressobj(wbits=31)
    plain = stream.decompress(packed, MOST_BYTES)
    if stream.unconsumed_tail:
        raise WrongField(f"The file is larger than {MOST_BYTES // 2**20} MiB when unpacked.")
    if not stream.eof:
        raise WrongField("The gzip file ends too early.")
    return plain


def _listed(raw: object, where: str) -> list[tuple[object, str]]:
    if not isinstance(raw, list | tuple):
        raise WrongField(f"{_capital(where)} must be a list.")
    return [(one, f"entry {at} of {where}") for at, one in enumerate(raw)]


def _capital(where: str) -> str:
    return where[:1].upper() + where[1:]
