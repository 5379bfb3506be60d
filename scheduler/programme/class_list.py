"""The class list: a CSV file of people, read into rows and into sentences about what is wrong with it."""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scheduler.programme import class_cells, names
from scheduler.refusal import Refusal

MOST_ROWS = 20_000
MOST_LINES = 1_000_000
MOST_BYTES = 10 * 1024 * 1024
LONGEST_CELL = 5_000

EXCEL, OLD_EXCEL = "an Excel spreadsheet (.xlsx)", "an old Excel spreadsheet (.xls)"
NUMBERS, OPEN_DOCUMENT = "a Numbers spreadsheet (.numbers)", "an OpenDocument spreadsheet (.ods)"
PACKED = {b"xl/": EXCEL, b".iwa": NUMBERS, b"Index.zip": NUMBERS, b"opendocument": OPEN_DOCUMENT}
HOW_TO_SAVE = {
    EXCEL: "in Excel choose File > Save As > CSV UTF-8",
    OLD_EXCEL: "in Excel choose File > Save As > CSV UTF-8",
    NUMBERS: "in Numbers choose File > Export To > CSV",
    OPEN_DOCUMENT: "in LibreOffice choose File > Save As > Text CSV",
}
"""How a spreadsheet becomes a class list, by its kind."""

_LONGEST_HEADER = 10_000
_LINE_END = re.compile(r"\r\n|\r|\n")
_QUOTED_CELL = r'"[^"]*+(?:""[^"]*+)*+"'


class BadClassList(Refusal):
    """The file as a whole cannot be read; the text is one sentence for people."""


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the list. None stands for a column the file does not have; an empty cell gives the
    empty value ("" or ()), and an empty capacity the usual 1."""

    number: int  # the line of the file the row starts on, the header's line being 1 where nothing is above it
    name: str
    email: str
    roles: frozenset[str]
    timezone: str | None = None
    stage: str | None = None
    institution: str | None = None
    specialty: str | None = None
    capacity: int | None = None
    offers: tuple[str, ...] | None = None
    wants: tuple[str, ...] | None = None
    topics: tuple[str, ...] | None = None
    not_with: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one row: its line, the column if it is about one, and why, as a sentence."""

    row: int
    column: str | None
    why: str

    @property
    def sentence(self) -> str:
        place = f"Line {self.row}" if self.column is None else f"Line {self.row}, column {self.column}"
        return f"{place}: {self.why}"


@dataclass(frozen=True, slots=True)
class ClassList:
    """A class list as read: the columns it has, the rows with nothing wrong, and all that is wrong with
    the others, by line; no row stands in both."""

    columns: frozenset[str]
    rows: tuple[Row, ...]
    wrong: tuple[Wrong, ...]


def read(raw: bytes) -> ClassList:
    """Read a CSV file (RFC 4180; comma, semicolon or tab; UTF-8 or cp1252). Any bytes give a ClassList or
    raise BadClassList; nothing is kept between two calls."""
    text = _decoded(_checked(raw))
    records = _records(text, _delimiter(text))
    line, header = next(records, (0, []))
    if not line:
        raise BadClassList("The file is empty.")
    columns = _columns(line, header)
    people = list(itertools.islice(records, MOST_ROWS + 1))
    if len(people) > MOST_ROWS:
        raise BadClassList(f"The file has more than {MOST_ROWS:,} people; split it into smaller ones.")
    if not people:
        raise BadClassList("The file names its columns, but no people stand below them.")
    readers = class_cells.readers()
    rows: list[Row] = []
    wrong: list[Wrong] = []
    lines_of: dict[str, list[int]] = {}
    for number, cells in people:
        values, faults = _read_row(number, cells, columns, readers)
        if "email" in values:
            lines_of.setdefault(values["email"], []).append(number)
        if not faults:
            rows.append(Row(number=number, **values))
        wrong += faults
    twice = _twice(lines_of)
    doubled = {one.row for one in twice}
    return ClassList(
        columns=frozenset(columns),
        rows=tuple(row for row in rows if row.number not in doubled),
        wrong=tuple(sorted(wrong + twice, key=lambda one: one.row)),
    )


def template() -> str:
    """A small class list to start from, which `read` takes as it is; lines end in CR LF (RFC 4180)."""
    lines = (
        ",".join(class_cells.COLUMNS),
        "Maya Lindqvist,maya@example.org,mentor,America/New_York,resident,University Hospital,paediatrics,2,"
        "near-peer; career model,,pay; having children,sam@example.org",
        "Noor Haddad,noor@example.org,mentor;student,,fellow,,cardiology,1,stretch,outside,,",
        "Sam Okoye,sam@example.org,student,,year 2,,,,,near-peer; different path,,maya@example.org",
        '"Lee, Jordan",lee@example.org,student,Europe/Berlin,year 3,,,,,career model,,',
    )
    return "".join(line + "\r\n" for line in lines)


# The file as a whole


def _checked(raw: bytes) -> bytes:
    if len(raw) > MOST_BYTES:
        raise BadClassList(f"The file is larger than {MOST_BYTES // 1024**2} MB; split it into smaller ones.")
    if not raw.strip():
        raise BadClassList("The file is empty.")
    kind = _foreign_kind(raw)
    if kind:
        how = HOW_TO_SAVE.get(kind, "save the list as CSV (UTF-8)")
        raise BadClassList(f"This is {kind}, not a CSV file; {how}, and import that file.")
    if b"\0" in raw:
        raise BadClassList("The file holds zero bytes, so it is no text file; save the list as CSV (UTF-8).")
    return raw


def _foreign_kind(raw: bytes) -> str | None:
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        # A zip file tells the names of what it holds in the clear.
        return next((kind for name, kind in PACKED.items() if name in raw), "a packed spreadsheet or archive")
    if raw.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return OLD_EXCEL
    if raw.lstrip().startswith(b"%PDF-"):
        return "a PDF document"
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "a UTF-16 text"
    return None


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + len(_LINE_END.findall(raw[: error.start].decode("latin-1")))
    if not raw.startswith(b"\xef\xbb\xbf"):
        try:
            return raw.decode("cp1252")
        except UnicodeDecodeError:
            pass
    raise BadClassList(
        f"Line {line} has letters that cannot be read; save the list as CSV (UTF-8) and try again."
    )


def _delimiter(text: str) -> str:
    """The one of the three that makes most known columns of the header line, a comma if none does."""
    first = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    if len(first) > _LONGEST_HEADER:
        raise BadClassList("The first line is too long to name columns; is this the right file?")

    def known(delimiter: str) -> int:
        cells = next(csv.reader([first], delimiter=delimiter, skipinitialspace=True), [])
        return sum(_column(cell) in class_cells.COLUMNS for cell in cells)

    return max(",;\t", key=known)


def _columns(line: int, header: list[str]) -> list[str]:
    """The columns in the file's order; empty cells at the header's end, as spreadsheets leave, are none."""
    columns = [_column(cell) for cell in header]
    while columns and not columns[-1]:
        columns.pop()
    if not set(columns) & set(class_cells.COLUMNS):
        raise BadClassList(
            f"There is no header: line {line} must name columns, at least {','.join(class_cells.REQUIRED)}."
        )
    for at, column in enumerate(columns, start=1):
        if not column:
            raise BadClassList(f"Column {at} has no name in line {line}.")
        if column not in class_cells.COLUMNS:
            raise BadClassList(
                f"The column {names.quoted(column)} is not known; known are {', '.join(class_cells.COLUMNS)}."
            )
        if column in columns[: at - 1]:
            raise BadClassList(f"The column {column} stands in line {line} twice.")
    missing = [column for column in class_cells.REQUIRED if column not in columns]
    if missing:
        raise BadClassList(f"The header in line {line} lacks {' and '.join(missing)}.")
    return columns


def _column(cell: str) -> str:
    return names.clean_text(cell, 61).lower()


# Lines and cells


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with the line it starts on."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise BadClassList(_broken(text, start, delimiter)) from None
        if cells is None:
            return
        if start > MOST_LINES:
            raise BadClassList(f"The file has more than {MOST_LINES:,} lines; is this the right file?")
        if max(map(len, cells), default=0) > LONGEST_CELL:
            raise BadClassList(_too_long(start))
        if any(map(str.strip, cells)):
            yield start, cells


def _broken(text: str, start: int, delimiter: str) -> str:
    """Why the row starting on this line cannot be read: csv says so, but not where the quote opened."""
    rest = "".join(itertools.islice(io.StringIO(text, newline=""), start - 1, None))
    # All cells of the row that are well made and end in a delimiter; possessive, so that it stays linear.
    good = re.match(rf'(?: *+(?:{_QUOTED_CELL}|(?!")[^{delimiter}\r\n]*+){delimiter})*+ *+', rest)
    at = good.end() if good else 0
    if not rest.startswith('"', at):
        return _too_long(start)
    line = start + len(_LINE_END.findall(rest[:at]))
    cell = re.compile(_QUOTED_CELL).match(rest, at)
    if cell is None:
        return f"The quote that opens in line {line} is never closed."
    if rest[cell.end() : cell.end() + 1] in ("", delimiter, "\r", "\n"):
        return _too_long(start)
    return (
        f"The quote that opens in line {line} does not close at the end of its cell; "
        "close it there, and write a quote inside a cell twice."
    )


def _too_long(line: int) -> str:
    return (
        f"A cell in the row at line {line} has more than {LONGEST_CELL:,} characters; "
        "was a quote opened there and never closed?"
    )


def _read_row(
    number: int, cells: list[str], columns: list[str], readers: dict[str, class_cells.Reader]
) -> tuple[dict[str, Any], list[Wrong]]:
    """The values that could be read, by column, and what is wrong with the others."""
    cells = [*cells[: len(columns)], *_written(cells[len(columns) :])]
    if len(cells) != len(columns):
        why = f"The row has {len(cells)} cells, but the header names {len(columns)} columns."
        more = " A cell that holds the sign between cells must stand in quotes."
        return {}, [Wrong(number, None, why + more if len(cells) > len(columns) else why)]
    values: dict[str, Any] = {}
    faults: list[Wrong] = []
    for column, cell in zip(columns, cells, strict=True):
        try:
            values[column] = readers[column](cell)
        except class_cells.BadCell as error:
            faults.append(Wrong(number, column, str(error)))
    if values.get("email") in values.get("not_with", ()):
        faults.append(Wrong(number, "not_with", "The person's own address stands here."))
    return values, faults


def _written(extra: list[str]) -> list[str]:
    """Cells beyond the last column, unless all are blank, as spreadsheets leave them."""
    return extra if any(map(str.strip, extra)) else []


def _twice(lines_of: dict[str, list[int]]) -> list[Wrong]:
    """A fault for every row whose address another row has too, naming up to five of these lines."""
    found = []
    for address, lines in lines_of.items():
        if len(lines) > 1:
            others = ", ".join(map(str, lines[:5])) + (" and more" if len(lines) > 5 else "")
            why = f"{address} stands in the file {len(lines)} times (lines {others}); keep one of them."
            found += [Wrong(line, "email", why) for line in lines]
    return found
