"""`coffee-rounds round …`: what it says of a plan, to people and to programs."""

import json
import os
import subprocess
from datetime import date

from scheduler import db
from scheduler.programme.round import Round
from tests.support.clock import Clock
from tests.support.commands import COMMAND, Commands
from tests.support.mailroom import Mailroom
from tests.support.world import World


def test_a_plan_is_told_with_its_reasons_and_with_whom_it_left_out(run: Commands, clock: Clock) -> None:
    world = World(clock, Mailroom())
    world.begin()
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    before = json.loads(run.must("round", "show", "1", "--json"))
    assert (before["chats"], before["students_left_out"], before["left_out"]) == ([], [], 0)
    for name in ("maya", "sam"):
        world.gives(1, name, ("2027-03-09 16:30", "2027-03-09 17:00"))
    world.gives(1, "lee", ("2027-03-11 16:30", "2027-03-11 17:30"))
    assert run.must("round", "plan", "1") == (
        "Round 1, 8 – 19 Mar: drafted\n"
        "4 asked, 3 answered, 1 planned, 0 proposed, 0 accepted, 0 met, 1 left out\n"
        "      1  Tuesday 9 March, 4:30 – 5:00 pm Eastern Standard Time (New York): "
        "Dr Maya Okafor and Sam Lind, planned, Main cafeteria\n"
        "         both free Tue 9 Mar; not met before\n"
        "      –  Lee Lind shares no time with a mentor."
        " More times from the mentors would help.\n"
    )
    shown = json.loads(run.must("round", "show", "1", "--json"))
    assert shown.keys() == before.keys()
    assert [chat["reasons"] for chat in shown["chats"]] == [["both free Tue 9 Mar", "not met before"]]
    assert shown["students_left_out"] == [
        {
            "student": "Lee Lind",
            "reason": "no_common_time",
            "words": "shares no time with a mentor",
            "change": "More times from the mentors would help.",
        }
    ]


def test_opening_warns_of_dates_blocked_for_a_year_that_nobody_is_in(run: Commands, clock: Clock) -> None:
    world = World(clock, Mailroom())
    world.begin()
    with db.transaction() as session:
        world.person(session, "sam").stage = "Year 3"
    opening = ("round", "open", "--programme", "1", "--blocked", "2027-03-15: year 3")
    known = run(*opening, "--from", "2027-03-08", "--to", "2027-03-19")
    assert (known.exit_code, known.stdout, known.stderr) == (0, "1\n", "")
    slip = run(*opening, "--from", "2027-04-05", "--to", "2027-04-16", "--blocked", "2027-04-06: yaer 3")
    assert (slip.exit_code, slip.stdout) == (0, "2\n")
    assert slip.stderr == (
        "Nobody in this programme is in “yaer 3”, "
        "so the dates without chats for that year apply to nobody yet.\n"
    )


def test_a_round_is_opened_with_quiet_hours_of_its_own(run: Commands, clock: Clock) -> None:
    World(clock, Mailroom()).begin()
    opening = ("round", "open", "--programme", "1", "--from", "2027-03-08", "--to", "2027-03-19")
    for option, text in (("--quiet-from", "25:00"), ("--quiet-to", "dawn"), ("--quiet-to", "")):
        wrong = run(*opening, option, text)
        assert wrong.exit_code == 2
        assert f"'{option}': “{text}” is not a time such as 21:00." in wrong.stderr
    assert run.must(*opening, "--quiet-from", "18:00") == "1\n"
    assert run.must(*opening[:-1], "2027-03-18", "--quiet-from", "21:00", "--quiet-to", "07:30") == "2\n"
    with db.reading() as session:
        own, usual = (session.get_one(Round, number) for number in (1, 2))
        assert (own.quiet_from, own.quiet_to) == ("18:00", "07:30")
        assert (usual.quiet_from, usual.quiet_to) == (None, None)


def test_a_plan_tells_which_chats_have_no_place(run: Commands, clock: Clock) -> None:
    world = World(clock, Mailroom())
    world.begin()
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    with db.transaction() as session:
        session.get_one(Round, 1).programme.places = []
    for name in ("maya", "sam"):
        world.gives(1, name, ("2027-03-09 16:30", "2027-03-09 17:00"))
    lines = run.must("round", "plan", "1").splitlines()
    assert lines[2].endswith("Dr Maya Okafor and Sam Lind, planned")
    assert lines[4] == "  1 without a place: add places to the programme, or ask mentors for their own."
    shown = json.loads(run.must("round", "show", "1", "--json"))
    assert (shown["without_place"], [chat["place"] for chat in shown["chats"]]) == (1, [""])


def test_a_reader_who_has_read_enough_is_told_nothing(run: Commands, clock: Clock) -> None:
    world = World(clock, Mailroom())
    world.begin()
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as gone:
        words = [COMMAND, "round", "show", "1"]
        answer = subprocess.run(words, stdout=gone, stderr=subprocess.PIPE, text=True, check=False)
    assert answer.stderr == ""
