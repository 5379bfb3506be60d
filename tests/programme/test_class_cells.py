"""The cells of a class list, one at a time."""

import pytest

from scheduler.programme import class_cells, lenses

ZONES = "did you mean Europe/Berlin or Europe/Dublin or Europe/Belfast?"
LENSES = (
    "near-peer, career model, concordant, research or non-clinical path, stretch, different path, outside"
)
ROLES = "write mentor, student or mentor;student."
NO_ADDRESS = "is not a mail address: an email address must have an @-sign."


def read(column, cell):
    return class_cells.readers()[column](cell)


def test_every_column_has_a_reader():
    assert tuple(class_cells.readers()) == class_cells.COLUMNS


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        ("name", ' "\u200b" ', "The name is missing."),
        ("email", "", "The mail address is missing."),
        ("email", "eve", f"“eve” {NO_ADDRESS}"),
        ("roles", " ; ", f"The role is missing; {ROLES}"),
        ("roles", "mentor;chair", f"“chair” is not a role; {ROLES}"),
        ("timezone", "Europe/Berln", f"“Europe/Berln” is not a time zone; {ZONES}"),
        ("capacity", "21", "“21” is not a whole number from 1 to 20."),
        ("capacity", "-1", "“-1” is not a whole number from 1 to 20."),
        ("capacity", "1.5", "“1.5” is not a whole number from 1 to 20."),
        ("capacity", "\u0663", "“\u0663” is not a whole number from 1 to 20."),
        ("capacity", "9" * 5000, f"“{'9' * 60}…” is not a whole number from 1 to 20."),
        ("wants", "outside; inside", f"“inside” is not a lens; there are {LENSES}."),
        ("not_with", "eve@example.org; Eve", f"“Eve” {NO_ADDRESS}"),
        ("topics", "a;" * 51, "The cell holds 51 entries; there may be 50."),
    ],
)
def test_a_wrong_cell_is_refused_in_one_sentence(column, cell, sentence):
    with pytest.raises(class_cells.BadCell) as refusal:
        read(column, cell)
    assert str(refusal.value) == sentence


def test_a_capacity_of_none_is_refused_kindly():
    with pytest.raises(class_cells.BadCell, match="so write 1 to 20; who gives none now can be paused"):
        read("capacity", "0")


def test_a_capacity_is_a_whole_number_and_usually_one():
    assert [read("capacity", cell) for cell in ("", " 1 ", "20", "007")] == [1, 1, 20, 7]


@pytest.mark.parametrize("lens", lenses.LENSES)
def test_every_lens_is_read_in_any_capitals_and_once(lens):
    assert read("offers", f" {lens.upper()} ;{lens}\n{lens.title().replace(' ', '  ')}") == (lens,)


def test_roles_lenses_and_addresses_may_stand_between_commas():
    assert read("roles", "Mentor,STUDENT") == {"mentor", "student"}
    assert read("wants", "stretch, outside") == ("stretch", "outside")
    assert read("not_with", "Eve@example.org,lee@example.org") == ("eve@example.org", "lee@example.org")


def test_a_comma_is_part_of_a_topic():
    assert read("topics", "pay, and leave; moving ;; pay,  and leave") == ("pay, and leave", "moving")


def test_an_empty_zone_is_empty():
    assert read("timezone", "  ") == ""
