"""The coordinator reads in plain words why mail waits, since when, by whom, and when it goes on."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from scheduler import clock, db
from scheduler.mail import holds
from scheduler.mail.envelope import Outgoing
from scheduler.mail.transport import Blame, Trouble
from scheduler.programme.programme import Programme
from scheduler.rounds import mail_log, mail_standing
from scheduler.rounds.mail_standing import Figures
from tests.support.world import World

FREE = {"is_paused": False, "is_all_held": False}


@pytest.fixture
def waiting(world: World) -> World:
    """Four letters wait, at nine in the morning of Monday 1 March."""
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    return world


def figures() -> Figures:
    with db.reading() as session:
        return mail_standing.figures(session, session.get_one(Programme, 1), clock.now())


def said() -> list[tuple[str, str]]:
    return figures().notices


def row() -> tuple[str, str]:
    """State and fate of the first letter, as the log has them."""
    with db.reading() as session:
        programme = session.get_one(Programme, 1)
        listing = mail_log.letters(session, programme, clock.now(), state="", q="", page=1)
        return listing.rows[-1].state, listing.rows[-1].fate


def hold(scope: str, why: str) -> None:
    with db.transaction() as session:
        holds.set_up(session, scope, why, clock.now(), by="Ada")


def test_mail_that_should_have_left_is_noticed_after_a_quarter_of_an_hour(waiting: World) -> None:
    waiting.clock.advance(minutes=15)
    assert figures() == Figures(sent=0, waiting=4, given_up=0, notices=[], **FREE)
    waiting.clock.advance(seconds=1)
    words = "Mail has not gone out since Mon 1 Mar, 9:00 am. Whoever runs the service should look at it."
    assert said() == [("wrong", words)]
    waiting.run()
    assert figures() == Figures(sent=4, waiting=0, given_up=0, notices=[], **FREE)


def test_mail_that_goes_out_slowly_alarms_nobody(waiting: World) -> None:
    waiting.clock.advance(hours=1)
    with db.transaction() as session:
        first = session.scalars(select(Outgoing).limit(1)).one()
        first.settled_at = clock.now() - timedelta(minutes=1)
        session.execute(update(Outgoing).where(Outgoing.id == first.id).values(state="sent"))
    assert said() == []


def test_trouble_with_the_mail_server_is_told_with_its_cause_and_next_try(waiting: World) -> None:
    waiting.mailroom.trouble = Trouble(Blame.OURS, "the mail server refuses our password (535 5.7.8 no)")
    for _ in range(5):
        waiting.run()
        waiting.clock.advance(minutes=5)
    waiting.run()
    kind, words = said()[0]
    assert kind == "wrong"
    assert words == (
        "Mail has not gone out since Mon 1 Mar, 9:00 am: the mail server refuses our password "
        "(535 5.7.8 no). It is tried again on Mon 1 Mar, 9:30 am."
    )
    state, fate = row()
    assert state == "held"
    assert fate.startswith("It waits: the mail server refuses our password (535 5.7.8 no). It is tried again")
    waiting.clock.advance(minutes=5)
    assert said()[0][1].endswith("It is being tried again now.")
    waiting.mailroom.trouble = None
    waiting.run()
    assert said() == []


def test_who_paused_all_mail_when_and_why(waiting: World) -> None:
    hold(holds.programme(1), "the hospital moves")
    assert said() == [
        (
            "waiting",
            "Ada paused all mail of this programme on Mon 1 Mar, 9:00 am: the hospital moves. "
            "Letters are still written and wait here; sign-in mails go out as ever.",
        )
    ]
    assert figures().is_paused
    assert row() == ("held", "It waits: all mail of this programme is paused.")
    waiting.clock.advance(hours=1)
    assert len(said()) == 1  # paused mail is not late


def test_another_programme_s_pause_is_nobody_else_s_business(waiting: World) -> None:
    hold(holds.programme(2), "theirs")
    assert (said(), row()[0]) == ([], "waiting")


def test_the_operator_s_hold_is_told_to_everybody(waiting: World) -> None:
    hold(holds.ALL, "restored from a backup; looked at first")
    assert said() == [
        (
            "wrong",
            "Whoever runs the service has stopped all mail since Mon 1 Mar, 9:00 am Eastern Standard Time "
            "(New York): restored from a backup; looked at first. Letters are still written and wait, "
            "sign-in mails too; nobody can let them go from here.",
        )
    ]
    assert row() == ("held", "It waits: whoever runs the service has stopped all mail.")
    assert (figures().is_paused, figures().is_all_held) == (False, True)
    waiting.clock.advance(hours=1)
    assert len(said()) == 1  # held mail is not late


def test_a_hold_without_a_reason_is_told_without_one(waiting: World) -> None:
    hold(holds.ALL, "")
    assert "9:00 am Eastern Standard Time (New York). Letters are still written" in said()[0][1]


def test_a_programme_s_pause_stands_apart_from_the_operator_s_hold(waiting: World) -> None:
    hold(holds.ALL, "a backup is being looked at")
    hold(holds.programme(1), "the hospital moves")
    assert [kind for kind, _ in said()] == ["wrong", "waiting"]
    assert said()[1][1] == (
        "Ada paused all mail of this programme on Mon 1 Mar, 9:00 am: the hospital moves. "
        "It stays paused when all mail goes again."
    )


def test_a_domain_that_rests_is_told_where_it_matters(waiting: World) -> None:
    waiting.mailroom.trouble = Trouble(Blame.DOMAIN, "421 4.7.28 unusual rate")
    waiting.run()
    assert said() == [
        (
            "plain",
            "example.org takes fewer letters for now (“421 4.7.28 unusual rate”), and 4 wait. "
            "It is tried again on Mon 1 Mar, 9:01 am.",
        )
    ]
    fate = "It waits: example.org takes fewer letters for now. It is tried again on Mon 1 Mar, 9:01 am."
    assert row() == ("held", f"{fate} So far 1 try, the last of which ended so: 421 4.7.28 unusual rate.")
    with db.transaction() as session:
        session.execute(update(Outgoing).values(programme_id=2))
    assert said() == []


@pytest.mark.parametrize(
    ("changed", "fate"),
    [
        ({"uncertain": 1, "state": "sent"}, "so it may have arrived twice."),
        (
            {"uncertain": 2, "state": "given up"},
            "2 tries broke off at the very end, so it may have arrived all",
        ),
        ({"state": "sending"}, "It is being sent at this moment."),
        ({}, "It leaves as soon as its turn comes."),
    ],
)
def test_each_fate_is_told_in_plain_words(waiting: World, changed: dict[str, object], fate: str) -> None:
    with db.transaction() as session:
        session.execute(update(Outgoing).values(settled_at=clock.now(), **changed))
    assert fate in row()[1]
