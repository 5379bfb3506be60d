"""Class lists: files as coordinators write them, read into rows or sentences."""

import codecs
import time

import pytest
from hypothesis import given, settings, strategies

from scheduler.programme import class_cells, class_list
from scheduler.programme.class_list import BadClassList, Row

SMALL = "name,email,roles\nMaya,maya@example.org,mentor\nSam,sam@example.org,student\n"
MAYA = Row(number=2, name="Maya", email="maya@example.org", roles=frozenset({"mentor"}))
SAM = Row(number=3, name="Sam", email="sam@example.org", roles=frozenset({"student"}))


def sentences(text):
    return [wrong.sentence for wrong in class_list.read(text.encode()).wrong]


def test_a_small_list_is_read_with_absent_columns_unknown():
    found = class_list.read(SMALL.encode())
    assert found.columns == {"name", "email", "roles"}
    assert found.rows == (MAYA, SAM)
    assert found.wrong == ()
    assert SAM.capacity is None
    assert SAM.not_with is None


@pytest.mark.parametrize("between", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_every_usual_form_of_the_file_is_read_alike(between, line_end, encoding):
    text = SMALL.replace("Maya", "Zo\u00eb").replace(",", between).replace("\n", line_end)
    found = class_list.read(text.encode(encoding))
    assert [row.name for row in found.rows] == ["Zo\u00eb", "Sam"]
    assert [row.number for row in found.rows] == [2, 3]


def test_every_column_is_read():
    text = (
        "not_with; TOPICS ;Wants;offers;capacity;specialty;institution;stage;timezone;ROLES;Email;Name\n"
        '"Eve@Example.org; lee@example.org";"pay, and leave; Moving\n;pay, and leave";Outside;'
        '"stretch;NEAR-peer";3;Cardiology;"St ""Luke""";PGY 2;europe/berlin;"Student; MENTOR";'
        'Noor@Example.org;" Noor\tHaddad "\n'
    )
    assert class_list.read(text.encode()).rows == (
        Row(
            number=2,
            name="Noor Haddad",
            email="noor@example.org",
            roles=frozenset({"mentor", "student"}),
            timezone="Europe/Berlin",
            stage="PGY 2",
            institution='St "Luke"',
            specialty="Cardiology",
            capacity=3,
            offers=("stretch", "near-peer"),
            wants=("outside",),
            topics=("pay, and leave", "Moving"),
            not_with=("eve@example.org", "lee@example.org"),
        ),
    )


def test_an_empty_cell_is_known_to_be_empty():
    header = ",".join(class_cells.COLUMNS)
    row = class_list.read(f"{header}\nSam,sam@example.org,student,,,,,,,,,\n".encode()).rows[0]
    assert (row.timezone, row.stage, row.institution, row.specialty) == ("", "", "", "")
    assert (row.offers, row.wants, row.topics, row.not_with) == ((), (), (), ())
    assert row.capacity == 1


def test_rows_are_counted_as_lines_of_the_file():
    text = '\nname,email,roles\n\n,,\n"Maya\nLindqvist",maya@example.org,mentor\n \nSam,sam,student\n'
    found = class_list.read(text.encode())
    assert [(row.number, row.name) for row in found.rows] == [(5, "Maya Lindqvist")]
    assert [wrong.row for wrong in found.wrong] == [8]


def test_blank_cells_a_spreadsheet_leaves_on_the_right_are_nothing():
    found = class_list.read(
        b"name,email,roles,,\nSam,sam@example.org,student,,,,\nLee,lee@example.org,student\n"
    )
    assert [row.name for row in found.rows] == ["Sam", "Lee"]


def test_everything_wrong_with_a_row_is_said_and_the_others_stand():
    found = class_list.read((SMALL + '"",eve,chair\n,x@example.org,\n').encode())
    assert found.rows == (MAYA, SAM)
    assert [wrong.sentence for wrong in found.wrong] == [
        "Line 4, column name: The name is missing.",
        "Line 4, column email: “eve” is not a mail address: an email address must have an @-sign.",
        "Line 4, column roles: “chair” is not a role; write mentor, student or mentor;student.",
        "Line 5, column name: The name is missing.",
        "Line 5, column roles: The role is missing; write mentor, student or mentor;student.",
    ]


def test_too_few_and_too_many_cells_are_said():
    assert sentences("name,email,roles\nSam,sam@example.org\nLee, Jordan,lee@example.org,student\n") == [
        "Line 2: The row has 2 cells, but the header names 3 columns.",
        "Line 3: The row has 4 cells, but the header names 3 columns. "
        "A cell that holds the sign between cells must stand in quotes.",
    ]


def test_an_address_twice_makes_both_rows_wrong():
    found = class_list.read((SMALL + "Samuel,SAM@Example.org,mentor\n").encode())
    why = "sam@example.org stands in the file 2 times (lines 3, 4); keep one of them."
    assert found.rows == (MAYA,)
    assert [wrong.sentence for wrong in found.wrong] == [f"Line {n}, column email: {why}" for n in (3, 4)]


AGAIN = "not a CSV file; save the list as CSV (UTF-8), and import that file."
TOO_LONG = "has more than 5,000 characters; was a quote opened there and never closed?"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf\r\n , \n", "The file is empty."),
        (b"name,email,roles\n\n", "The file names its columns, but no people stand below them."),
        (b"Sam,s@example.org\n", "There is no header: line 1 must name columns, at least name,email,roles."),
        (b"\xee\x80\x80", "There is no header: line 1 must name columns, at least name,email,roles."),
        (b"name,stage\n", "The header in line 1 lacks email and roles."),
        (b"name,email,roles,NAME\n", "The column name stands in line 1 twice."),
        (b"name,,email,roles\n", "Column 2 has no name in line 1."),
        (b"%PDF-1.7\n%", f"This is a PDF document, {AGAIN}"),
        (codecs.BOM_UTF16_LE + SMALL.encode("utf-16-le"), f"This is a UTF-16 text, {AGAIN}"),
        (
            b"\n" * 1_000_001 + SMALL.encode(),
            "The file has more than 1,000,000 lines; is this the right file?",
        ),
        (b"x" * 10_001, "The first line is too long to name columns; is this the right file?"),
        (b"x" * (10 * 1024**2 + 1), "The file is larger than 10 MB; split it into smaller ones."),
    ],
    ids=range(13),
)
def test_a_file_that_is_no_class_list_is_refused_in_one_sentence(raw, sentence):
    with pytest.raises(BadClassList) as refusal:
        class_list.read(raw)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (b'Lee,lee@example.org,"stu\ndent\nEve,', "The quote that opens in line 4 is never closed."),
        (b'"L\nee","lee@example.org,student\nEve', "The quote that opens in line 5 is never closed."),
        (b'Lee,"' + b"x\n" * 100_000, "The quote that opens in line 4 is never closed."),
        (
            b'Lee,lee@example.org,"student\nEve,"eve@example.org",student\n',
            "The quote that opens in line 4 does not close at the end of its cell; close it there, "
            "and write a quote inside a cell twice.",
        ),
        (b"L" * 5001 + b",lee@example.org,student", f"A cell in the row at line 4 {TOO_LONG}"),
        (b'"' + b"L" * 200_000 + b'",x', f"A cell in the row at line 4 {TOO_LONG}"),
        (b"L\0", "The file holds zero bytes, so it is no text file; save the list as CSV (UTF-8)."),
        (b"\x81", "Line 4 has letters that cannot be read; save the list as CSV (UTF-8) and try again."),
    ],
    ids=range(8),
)
def test_a_broken_line_is_named(more, sentence):
    with pytest.raises(BadClassList) as refusal:
        class_list.read(SMALL.encode() + more)
    assert str(refusal.value) == sentence


def test_an_unknown_column_is_named_with_the_known_ones():
    known = ", ".join(class_cells.COLUMNS)
    with pytest.raises(BadClassList, match=f"The column “shoe size” is not known; known are {known}."):
        class_list.read(b"name,email,roles,Shoe  Size\n")


def test_twenty_thousand_people_are_read_soon_and_no_more():
    rows = [f"Zo\u00eb {n},p{n}@example.org,student,Europe/Berlin,outside,pay" for n in range(20_001)]
    whole = "\n".join(["name,email,roles,timezone,wants,topics", *rows]).encode()
    tenth = "\n".join(["name,email,roles,timezone,wants,topics", *rows[:2_000]]).encode()
    began = time.process_time()
    class_list.read(tenth)
    took = time.process_time() - began
    began = time.process_time()
    found = class_list.read(whole[: whole.rindex(b"\n")])
    assert time.process_time() - began < 30 * took  # ten times as many; a row must not look at all the others
    assert len(found.rows) == 20_000
    with pytest.raises(BadClassList, match="more than 20,000 people"):
        class_list.read(whole)


def test_a_column_of_wrong_zones_does_not_hold_the_reading_up():
    rows = [f"N,p{n}@example.org,student,University {n}" for n in range(5_000)]
    began = time.process_time()
    assert len(class_list.read("\n".join(["name,email,roles,timezone", *rows]).encode()).wrong) == 5_000
    assert time.process_time() - began < 3


def test_the_template_is_a_good_list_with_every_column():
    found = class_list.read(class_list.template().encode())
    assert found.columns == set(class_cells.COLUMNS)
    assert len(found.rows) == 4
    assert found.wrong == ()


PIECES = strategies.sampled_from(
    [
        b"name",
        b"email",
        b"roles",
        b"not_with",
        b"capacity",
        b",",
        b";",
        b"\t",
        b"\n",
        b"\r",
        b'"',
        b'""',
        b"\0",
    ]
    + [b" ", b"a@x.org", b"A@X.org", b"student", b"\xef\xbb\xbf", b"\xff", b"\x81", "\u2028\u0301".encode()]
)


@settings(max_examples=300)
@given(
    strategies.sampled_from([b"", b"name,email,roles\n", b"name;email;roles;not_with;timezone\n"]),
    strategies.binary(max_size=200) | strategies.lists(PIECES, max_size=40).map(b"".join),
)
def test_any_bytes_are_a_class_list_or_a_bad_one(header, rest):
    try:
        found = class_list.read(header + rest)
    except BadClassList:
        return
    assert {row.number for row in found.rows}.isdisjoint(wrong.row for wrong in found.wrong)
    assert len({row.email for row in found.rows}) == len(found.rows)
    assert all(len(wrong.sentence.splitlines()) == 1 for wrong in found.wrong)
