"""The command line: what each command says, what it leaves behind, and with which code it ends."""

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from scheduler import cli, db, settings, wiring
from scheduler.commands.receiving import TRY_AGAIN
from scheduler.mail import replies
from scheduler.planning import problem
from scheduler.programme import class_list
from scheduler.programme.round import Round
from tests.support import instances
from tests.support.clock import Clock
from tests.support.commands import COMMAND, Commands, live_in
from tests.support.mailroom import Mailroom
from tests.support.world import World

NOT_A_MAIL = b"From: eve@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: Hello\r\n\r\nHello.\r\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    """The command line on an empty folder."""
    live_in(tmp_path, monkeypatch)
    monkeypatch.setenv("INBOUND", "true")
    yield Commands()
    db.unbind()


@pytest.fixture
def prepared(run: Commands) -> Commands:
    """The same with a database."""
    run.must("upgrade")
    return run


@pytest.fixture
def people(prepared: Commands, tmp_path: Path) -> str:
    """A programme's number, and two mentors and two students in it."""
    path = tmp_path / "class.csv"
    path.write_text(class_list.template(), encoding="utf-8")
    number = prepared.must(
        "programme", "add", "Riverside", "--timezone", "America/New_York", "--coordinator", "ada@example.org"
    ).strip()
    prepared.must("import", str(path), "--programme", number)
    return number


def test_help_lists_every_command_and_loads_none() -> None:
    script = "import sys; from scheduler import cli; cli.main(['--help'])"
    said = subprocess.run([sys.executable, "-X", "importtime", "-c", script], capture_output=True, text=True)
    assert all(f"  {name} " in said.stdout for name in cli.COMMANDS)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.stderr.splitlines()}
    assert {"click"} <= loaded
    assert not {"flask", "sqlalchemy", "pydantic", "gunicorn", "icalendar"} & loaded


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_explains_itself(run: Commands, name: str) -> None:
    module, _, attribute = cli.COMMANDS[name][0].partition(":")
    assert hasattr(importlib.import_module(f"scheduler.commands.{module}"), attribute)
    assert run.must(name, "--help").startswith("Usage: commands " + name)


def test_the_version_is_the_distributions() -> None:
    said = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=True).stdout
    assert said == "coffee-rounds 0.1.0\n"


def test_wrong_use_ends_with_two(run: Commands) -> None:
    assert run("nonsense").exit_code == 2
    assert run("round", "open", "--programme", "1", "--from", "soon", "--to", "2027-03-12").exit_code == 2
    assert run("import", "/nowhere.csv", "--programme", "1").exit_code == 2


def test_a_setting_that_does_not_fit_is_one_sentence(run: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://localhost/x")
    answer = run("upgrade")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("DATABASE_URL should look like ")
    assert answer.stderr.count("\n") == 1


def test_nothing_is_done_on_a_database_that_is_not_prepared(run: Commands) -> None:
    answer = run("tick")
    assert answer.exit_code == 1
    assert answer.stderr == (
        "The database is not prepared for this version: run  coffee-rounds upgrade  first.\n"
    )


def test_upgrade_twice_is_once(run: Commands) -> None:
    assert run.must("upgrade") == "The database has been upgraded.\n"
    assert run.must("upgrade") == "The database is up to date already.\n"


def test_a_programme_is_added_with_a_way_in_for_its_coordinator(prepared: Commands) -> None:
    wanted = (
        "programme",
        "add",
        "Riverside",
        "--timezone",
        "Europe/Berlin",
        "--coordinator",
        "ada@example.org",
    )
    answer = prepared(*wanted)
    assert (answer.exit_code, answer.stdout) == (0, "1\n")
    assert "http://127.0.0.1:8000/sign-in/" in answer.stderr
    again = prepared(*wanted)
    assert again.exit_code == 1
    assert again.stderr == "ada@example.org coordinates a programme called Riverside already.\n"


def test_a_programme_s_name_is_not_cut_but_refused(prepared: Commands) -> None:
    where = ("--timezone", "Europe/Berlin", "--coordinator", "ada@example.org")
    answer = prepared("programme", "add", "x" * 81, *where)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "The programme’s name can have 80 characters at most; this one is longer.\n"
    assert prepared.must("programme", "add", "x" * 80, *where) == "1\n"


def test_a_class_list_is_looked_at_then_taken_in_then_unchanged(prepared: Commands, people: str) -> None:
    looked = prepared.must("import", "class.csv", "--programme", people, "--dry-run")
    assert looked.endswith("Nothing was changed: 0 new, 0 changed, 4 unchanged, 0 wrong.\n")
    assert prepared("import", "class.csv", "--programme", "9").stderr == "There is no programme 9.\n"


def test_a_list_with_a_wrong_line_changes_nothing_unless_told_to(prepared: Commands, people: str) -> None:
    rows = "name,email,roles\nNew Person,new@example.org,student\nNo Address,nobody,student\n"
    Path("wrong.csv").write_text(rows, encoding="utf-8")
    here = ("import", "wrong.csv", "--programme", people)
    counts = "1 new, 0 changed, 0 unchanged, 1 wrong.\n"
    why = "wrong      Line 3, column email: “nobody” is not a mail address"
    why += ": an email address must have an @-sign.\n"
    looked, taken = prepared(*here, "--dry-run"), prepared(*here)
    assert (looked.exit_code, taken.exit_code) == (1, 1)
    assert looked.stdout == f"new        New Person <new@example.org>\n{why}Nothing was changed: {counts}"
    assert looked.stderr == (
        "This list would not be imported: correct its wrong lines, or leave them out with --skip-bad.\n"
    )
    assert taken.stdout == why
    assert taken.stderr == f"Nothing was imported, because of lines that cannot be taken: {counts}"
    assert prepared.must(*here, "--dry-run", "--skip-bad") == looked.stdout
    assert "1 new" in prepared.must(*here, "--skip-bad")
    assert "1 unchanged" in prepared.must(*here, "--dry-run", "--skip-bad")


def test_a_round_is_opened_asked_planned_and_shown(prepared: Commands, people: str, clock: Clock) -> None:
    dates = ("--from", "2027-03-08", "--to", "2027-03-19", "--answer-by", "2027-03-04")
    spans = ("--blocked", "2027-03-15 to 2027-03-16: year 3", "--blocked", "2027-03-17")
    wrong = prepared("round", "open", "--programme", people, *dates, "--blocked", "spring break")
    assert (wrong.exit_code, wrong.stderr.partition(",")[0]) == (1, "“spring break” is not a span of dates")
    assert prepared.must("round", "open", "--programme", people, *dates, *spans) == "1\n"
    with db.reading() as session:
        blocked = session.get_one(Round, 1).blocked_for
        assert [first.day for first, _ in blocked("year 3")] == [15, 17]
        assert [first.day for first, _ in blocked("")] == [17]
    early = prepared("round", "publish", "1")
    assert (early.exit_code, early.stderr) == (1, "Nobody has been asked yet. Ask people first.\n")
    shown = json.loads(prepared.must("round", "ask", "1", "--json"))
    assert (shown["state"], shown["asked"], shown["chats"]) == ("asking", 5, [])
    assert prepared.must("tick").endswith(" things done.\n")
    assert len(list(Path("data/mail/new").iterdir())) == 5
    assert "0 planned" in prepared.must("round", "plan", "1")
    empty = prepared("round", "publish", "1")
    assert empty.exit_code == 1
    assert empty.stderr.startswith("This plan has no chat in it, so there is nothing to send yet.")
    assert json.loads(prepared.must("round", "show", "1", "--json"))["state"] == "drafted"


def test_a_plan_is_published_and_its_round_closed(prepared: Commands, clock: Clock) -> None:
    wiring.start(settings.load())
    world = World(clock, Mailroom())
    world.begin()
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(1, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    assert "1 planned" in prepared.must("round", "plan", "1")
    assert json.loads(prepared.must("round", "publish", "1", "--json"))["state"] == "running"
    early = prepared("round", "close", "1")
    assert (early.exit_code, early.stdout) == (1, "")
    assert early.stderr.startswith("1 chat is still to come. The round closes by itself after the last")
    world.later(days=9)
    assert prepared.must("round", "close", "1").startswith("Round 1, 8 – 19 Mar: closed\n")


def test_an_accept_piped_in_confirms_the_chat(prepared: Commands, clock: Clock) -> None:
    wiring.start(settings.load())
    world = World(clock, Mailroom())
    world.begin()
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 17:00")
    world.run()
    invitation = world.mailroom.last("sam").raw
    answer = replies.reply(invitation, "ACCEPTED", stamp=clock.now(), style="outlook")
    assert prepared("inbound", "--sender", "sam@example.org", stdin=answer).exit_code == 0
    assert world.state(chat_id) == "confirmed"
    assert prepared("inbound", "--sender", "sam@example.org", stdin=answer).exit_code == 0


def test_mail_that_cannot_be_kept_is_to_be_tried_again(
    run: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = run("inbound", stdin=NOT_A_MAIL)
    assert answer.exit_code == TRY_AGAIN == 75
    assert answer.stderr.startswith("The mail could not be kept; the mail server should bring it again:")
    assert answer.stderr.count("\n") == 1
    assert not {"INSERT", "SELECT", "sqlalche", "sqlite3."} & set(re.findall(r"[A-Za-z3.]+", answer.stderr))
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
    assert run("inbound", stdin=NOT_A_MAIL).exit_code == TRY_AGAIN


def test_no_mail_at_all_is_wrong_use(prepared: Commands) -> None:
    assert prepared("inbound", stdin=b"\n").exit_code == 2


def test_the_planner_alone_writes_the_same_plan_every_time(run: Commands) -> None:
    Path("in.json").write_text(json.dumps(instances.example()), encoding="utf-8")
    for name in ("a.json", "b.json"):
        run.must("plan", "--instance", "in.json", "--out", name, "--seed", "7", "--time-limit", "5")
    assert Path("a.json").read_bytes() == Path("b.json").read_bytes()
    assert problem.read_plan(Path("a.json").read_bytes()).chats
    Path("in.json").write_text("{}", encoding="utf-8")
    answer = run("plan", "--instance", "in.json", "--out", "c.json")
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
