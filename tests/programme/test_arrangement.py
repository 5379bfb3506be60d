"""A programme's settings: kept as written, refused with a sentence for each field."""

from datetime import UTC, datetime

import pytest

from scheduler.programme import arrangement
from scheduler.programme.arrangement import Misfit
from scheduler.programme.programme import Programme

WEEK = ["0", "1", "2", "3", "4"]


def programme() -> Programme:
    made = Programme(
        name="Riverside",
        timezone="America/New_York",
        created_at=datetime(2027, 3, 1, tzinfo=UTC),
        places=["Café"],
    )
    made.offset_minutes = {"nudge": 600}
    return made


def sent(**changed: str) -> dict[str, str]:
    """The form as it stands, with some fields changed."""
    shown = arrangement.written(programme())
    ticked = {name: "yes" for name in ("approves_first", "publishes_itself") if shown.pop(name)}
    shown.pop("weekdays")
    return shown | ticked | changed


def values(about: Programme) -> dict[str, object]:
    return {name: getattr(about, name) for name in arrangement.Arrangement.__dataclass_fields__}


def test_saving_the_form_untouched_changes_nothing_but_names_the_usual_reminder() -> None:
    kept = programme()
    before = values(kept)
    arrangement.keep(kept, arrangement.read(sent(), WEEK))
    assert values(kept) == before | {"offset_minutes": {"nudge": 600, "remind": 1440}}


def test_every_field_is_kept() -> None:
    kept = programme()
    form = sent(
        name="  Lake  side ",
        timezone="Europe/Berlin",
        minutes="45",
        notice_hours="48",
        answer_days="5",
        reminder_days="6, 2",
        quiet_from="20:00",
        quiet_to="08:15",
        parts="Evening: 19:00 - 20:30\nEarly 7:00–8:30\n\n",
        places="Room 1\n\n Room  2 ",
        remind="12",
        remind_again="45",
        approves_first="yes",
        publishes_itself="yes",
    )
    arrangement.keep(kept, arrangement.read(form, ["6", "1", "9"]))
    assert values(kept) == {
        "name": "Lake side",
        "timezone": "Europe/Berlin",
        "minutes": 45,
        "notice_hours": 48,
        "answer_days": 5,
        "reminder_days": [2, 6],
        "quiet_from": "20:00",
        "quiet_to": "08:15",
        "parts": [
            {"name": "Early", "starts": "07:00", "ends": "08:30"},
            {"name": "Evening", "starts": "19:00", "ends": "20:30"},
        ],
        "weekdays": [1, 6],
        "places": ["Room 1", "Room 2"],
        "offset_minutes": {"nudge": 600, "remind": 720, "remind_again": 45},
        "approves_first": True,
        "publishes_itself": True,
    }


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", " \n"),
        ("name", "x" * 81),
        ("timezone", "Mars/Olympus"),
        ("minutes", "40"),
        ("minutes", "٣٠"),
        ("minutes", "135"),
        ("notice_hours", "0"),
        ("answer_days", "15"),
        ("answer_days", "-1"),
        ("reminder_days", "3, soon"),
        ("reminder_days", "1 2 3 4"),
        ("quiet_from", "25:00"),
        ("quiet_to", ""),
        ("parts", "Lunch"),
        ("parts", "Lunch 13:00–12:00"),
        ("parts", "Lunch 12:00–13:00\nLate lunch 12:30–14:00"),
        ("parts", ""),
        ("parts", "Lunch 12:00–12:29"),
        ("places", "x" * 201),
        ("remind", "97"),
        ("remind_again", "4"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_field(field: str, text: str) -> None:
    with pytest.raises(Misfit) as refused:
        arrangement.read(sent(**{field: text}), WEEK)
    assert list(refused.value.faults) == [field]


def test_a_part_of_the_day_that_ends_before_it_begins_is_called_so() -> None:
    with pytest.raises(Misfit) as refused:
        arrangement.read(sent(parts="Lunch 13:00–12:00"), WEEK)
    assert refused.value.faults == {"parts": "“Lunch 13:00–12:00” must end after it begins."}


def test_a_part_of_the_day_is_as_long_as_a_chat_at_least() -> None:
    parts = "Early 7:00–7:45\nLunch 12:00–12:30\nEvening 19:00–20:00"
    with pytest.raises(Misfit) as refused:
        arrangement.read(sent(minutes="60", parts=parts), WEEK)
    assert refused.value.faults == {
        "parts": "A chat of 60 minutes does not fit into “Early” (45 minutes) or “Lunch” (30 minutes). "
        "Make the part longer, or the chats shorter."
    }
    assert arrangement.read(sent(minutes="30", parts=parts), WEEK).minutes == 30


def test_a_name_is_not_cut_but_refused() -> None:
    with pytest.raises(Misfit, match="80 characters at most"):
        arrangement.read(sent(name="Riverside " * 9), WEEK)
    assert arrangement.read(sent(name="x" * 80), WEEK).name == "x" * 80


def test_a_week_needs_a_day() -> None:
    with pytest.raises(Misfit) as refused:
        arrangement.read(sent(), ["8", "x"])
    assert list(refused.value.faults) == ["weekdays"]


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(Misfit) as refused:
        arrangement.read(sent(name="", minutes="7", parts="x"), [])
    assert set(refused.value.faults) == {"name", "minutes", "parts", "weekdays"}
