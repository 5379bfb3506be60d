"""What people type after a command: numbers of rounds, dates, files and folders, read or refused."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import click

from scheduler.commands.speaking import Refused
from scheduler.programme import arrangement, names

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Number(click.ParamType[int]):
    """A whole number from `least` to `most`."""

    name = "number"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        written = str(value)
        if not re.fullmatch(r"-?[0-9]{1,18}", written) or not self.least <= int(written) <= self.most:
            within = f"from {self.least:,} to {self.most:,}"
            self.fail(f"{names.quoted(written)} is not a whole number {within}.", param, ctx)
        return int(written)


class Day(click.ParamType[date]):
    """A date, nobody's moment."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{names.quoted(str(value))} is not a date such as 2027-03-01.", param, ctx)


class TimeOfDay(click.ParamType[str]):
    """A time of day, as a programme's settings take it."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The time as we keep it, like "21:00"."""
        try:
            return arrangement.time_of_day(str(value))
        except arrangement.BadTime:
            self.fail(f"{names.quoted(str(value))} is not a time such as 21:00.", param, ctx)


class Folder(click.Path):
    """A folder that may still have to be made; the working folder is meant by a dot, not by nothing."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path."""
        if not str(value):
            self.fail("The folder's name is empty.", param, ctx)
        return Path(str(super().convert(value, param, ctx)))


KEPT = Number(1, 999_999_999)
"""The number of a programme or a round, as it was printed when that was made."""
DAY, TIME, FOLDER = Day(), TimeOfDay(), Folder(file_okay=False)


def content(path: Path, most: int) -> bytes:
    """What a file holds, of so many bytes at most. Raises Refused, before more of it is read."""
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise Refused(f"{path} is larger than {most // 2**20} MB.")
    return raw
