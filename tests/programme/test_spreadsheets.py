"""A spreadsheet handed in as a class list: named as what it is, with the way to a CSV file."""

import io
import zipfile

import pytest

from scheduler.programme import class_list
from scheduler.programme.class_list import BadClassList


def packed(*names: str) -> bytes:
    """A zip file that holds these, as programs of today pack their documents."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.spreadsheet")
    return file.getvalue()


def with_mimetype() -> bytes:
    """An OpenDocument file, whose first part is its kind, not deflated."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    return file.getvalue()


EXCEL = packed("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/worksheets/sheet1.xml")
OLD_EXCEL = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 512
NUMBERS = packed("Index/Document.iwa", "Metadata/Properties.plist")
IN_EXCEL = "in Excel choose File > Save As > CSV UTF-8"
IN_NUMBERS = "in Numbers choose File > Export To > CSV"
IN_LIBREOFFICE = "in LibreOffice choose File > Save As > Text CSV"


@pytest.mark.parametrize(
    ("raw", "kind", "how"),
    [
        (EXCEL, "an Excel spreadsheet (.xlsx)", IN_EXCEL),
        (OLD_EXCEL, "an old Excel spreadsheet (.xls)", IN_EXCEL),
        (NUMBERS, "a Numbers spreadsheet (.numbers)", IN_NUMBERS),
        (with_mimetype(), "an OpenDocument spreadsheet (.ods)", IN_LIBREOFFICE),
        (packed("people.csv"), "a packed spreadsheet or archive", "save the list as CSV (UTF-8)"),
        (b"PK\x03\x04" + b"\0" * 60, "a packed spreadsheet or archive", "save the list as CSV (UTF-8)"),
    ],
    ids=("xlsx", "xls", "numbers", "ods", "zip", "broken"),
)
def test_a_spreadsheet_is_refused_with_the_way_to_save_it(raw: bytes, kind: str, how: str) -> None:
    with pytest.raises(BadClassList) as refusal:
        class_list.read(raw)
    assert str(refusal.value) == f"This is {kind}, not a CSV file; {how}, and import that file."
