"""`coffee-rounds inbound --dry-run`: what a mail would be taken for; nothing is kept, nothing changed."""

import json
from datetime import date

import pytest
from sqlalchemy import func, select

from scheduler import db
from scheduler.mail import replies
from scheduler.mail.envelope import Incoming, Outgoing
from scheduler.mail.invite import Mailbox
from tests.support import received
from tests.support.clock import Clock
from tests.support.commands import Commands
from tests.support.mailroom import Mailroom
from tests.support.world import World

NAMES = ["kind", "method", "partstat", "uid", "attendee", "sequence", "dtstamp", "start", "end", "comment"]
NAMES += ["recipients", "severity", "text", "weight", "effect", "reason"]
"""What programs may rely on, in this order."""


@pytest.fixture
def world(run: Commands, clock: Clock) -> World:
    """Sam is invited to a chat with Maya on Tuesday 9 March at five."""
    made = World(clock, Mailroom())
    made.begin()
    round_id = made.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        made.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    made.chat(round_id, "maya", "sam", "2027-03-09 17:00")
    made.run()
    return made


def taken_for(run: Commands, raw: bytes) -> dict[str, object]:
    """The object that is printed, whose keys never vary."""
    told = json.loads(run.must("inbound", "--dry-run", "--json", stdin=raw))
    assert list(told) == NAMES
    return dict(told)


def is_there(*tables: type[db.Base]) -> list[int]:
    with db.reading() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_an_accept_would_be_applied_and_is_not(run: Commands, world: World, clock: Clock) -> None:
    invitation = world.mailroom.last("sam").raw
    answer = replies.reply(invitation, "ACCEPTED", stamp=clock.now(), style="google")
    before = is_there(Incoming, Outgoing)
    told = taken_for(run, answer)
    assert (told["kind"], told["method"], told["partstat"]) == ("reply", "REPLY", "ACCEPTED")
    assert (told["weight"], told["effect"]) == ("plain", "accepted")
    assert (told["attendee"], told["sequence"]) == ("sam@example.org", 0)
    assert told["dtstamp"] == clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [told[name] for name in ("start", "end", "recipients", "severity", "text")] == [None] * 5
    assert is_there(Incoming, Outgoing) == before
    assert world.state(1) == "proposed"
    assert taken_for(run, answer) == told  # a second time is as the first


def test_an_answer_from_somebody_else_would_be_held(run: Commands, world: World, clock: Clock) -> None:
    eve = Mailbox("Eve", "eve@example.org")
    invitation = world.mailroom.last("sam").raw
    told = taken_for(run, replies.reply(invitation, "DECLINED", stamp=clock.now(), sender=eve))
    assert (told["weight"], told["effect"]) == ("held", "nothing changes")
    assert told["reason"] == "the answer came from another address than the one invited"


@pytest.mark.parametrize(
    ("verdict", "settings", "weight"),
    [
        ("dmarc=pass header.from=example.org", {}, "verified"),
        ("dmarc=fail header.from=example.org", {}, "held"),
        ("", {}, "plain"),
        ("", {"REPLIES_WITHOUT_VERDICT": "hold"}, "held"),
        ("dmarc=pass header.from=example.org", {"AUTHSERV_ID": ""}, "plain"),
    ],
)
def test_what_our_mail_server_found_out_weighs(
    run: Commands,
    world: World,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    verdict: str,
    settings: dict[str, str],
    weight: str,
) -> None:
    for name, value in ({"AUTHSERV_ID": "mx.school.edu"} | settings).items():
        monkeypatch.setenv(name, value)
    answer = replies.reply(world.mailroom.last("sam").raw, "ACCEPTED", stamp=clock.now())
    header = f"Authentication-Results: mx.school.edu; {verdict}\n" if verdict else ""
    told = taken_for(run, header.encode() + answer)
    assert (told["weight"], told["effect"] == "accepted") == (weight, weight != "held")


def test_an_answer_about_nothing_of_ours_would_be_kept(run: Commands) -> None:
    told = taken_for(run, received.mail(received.part()))
    assert (told["kind"], told["uid"], told["weight"]) == ("reply", received.READ.uid, "kept")
    assert told["reason"] == "no chat of ours has this UID"


def test_what_bytes_are_is_told_without_a_database_too(
    run: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
    told = taken_for(run, received.mail(received.part()))
    assert (told["kind"], told["weight"], told["effect"]) == ("reply", None, None)
    assert taken_for(run, b"")["kind"] == "garbage"


def test_for_people_it_is_told_line_by_line(run: Commands) -> None:
    said = run.must("inbound", "--dry-run", stdin=b"From: maya@example.com\n\nThursday is better.\n")
    assert said == (
        "kind: note\ntext: Thursday is better.\nweight: kept\neffect: nothing changes\n"
        "reason: A person wrote it; a person should read it.\n"
    )


def test_json_alone_is_wrong_use(run: Commands) -> None:
    answer = run("inbound", "--json", stdin=b"x")
    assert (answer.exit_code, "--dry-run" in answer.stderr) == (2, True)
    assert is_there(Incoming) == [0]
