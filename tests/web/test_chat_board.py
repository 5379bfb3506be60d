"""A chat on the board: what happened in words, and what the coordinator may do to it."""

from datetime import date

import pytest
from flask import Flask

from scheduler.chats.lifecycle import Report
from tests.support import desk
from tests.support.clock import Clock
from tests.support.desk import Desk
from tests.support.world import World

CHAT = "/board/1/chats/1"


@pytest.fixture
def ada(world: World, app: Flask) -> Desk:
    """Ada's desk, with one chat proposed to Sam."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    return desk.sign_in(app)


def seconds(wall: str) -> int:
    """A wall time as the page's radios name it."""
    return int(Clock().at(wall).timestamp())


def met_or_not(world: World, student: Report, mentor: Report) -> None:
    desk.accept(1)
    world.at("2027-03-09 17:30")
    desk.report(1, student, mentor)


def test_the_page_tells_the_chat_its_history_and_its_letters(ada: Desk) -> None:
    page = ada.see(CHAT)
    for words in (
        "Sam Lind and Dr Maya Okafor",
        "Tue 9 Mar, 4:30 – 5:00 pm",
        "Eastern Standard Time (New York)",
        "Main cafeteria",
        "waiting for an answer",
        "Proposed to Sam Lind for Tue 9 Mar, 4:30 pm Mon 1 Mar, 9:00 am by itself",
        "Coffee chat: Tue 9 Mar, 4:30 pm Sam Lind Mon 1 Mar, 9:00 am sent",
    ):
        assert words in page


def test_the_coordinator_cancels_and_takes_it_back(world: World, ada: Desk) -> None:
    page = ada.press(f"{CHAT}/cancel")
    assert world.state(1) == "cancelled"
    assert "“The coordinator cancelled” is taken back" in page
    event = ada.text.partition('name="event" value="')[2].partition('"')[0]
    page = ada.press(f"{CHAT}/undo", event=event)
    assert world.state(1) == "proposed"
    assert "The coordinator took back what the coordinator did" in page


def test_an_undo_of_another_step_than_was_seen_is_refused(world: World, ada: Desk) -> None:
    ada.press(f"{CHAT}/cancel")
    assert ada.send(f"{CHAT}/undo", event="1").status_code == 409
    assert world.state(1) == "cancelled"


def test_a_chat_that_has_begun_is_not_cancelled(world: World, ada: Desk, app: Flask) -> None:
    desk.accept(1)
    world.at("2027-03-09 16:45")
    ada = desk.sign_in(app)
    assert "Cancel the chat" not in ada.see(CHAT)
    assert ada.send(f"{CHAT}/cancel").status_code == 409


@pytest.mark.parametrize(("outcome", "state"), [("met", "held"), ("missed", "missed")])
def test_two_who_disagree_are_settled_by_the_coordinator(
    world: World, ada: Desk, app: Flask, outcome: str, state: str
) -> None:
    met_or_not(world, Report.MET, Report.ABSENT)
    ada = desk.sign_in(app)
    page = ada.see(CHAT)
    assert "Sam Lind says they met Dr Maya Okafor says the other did not come" in page
    assert ada.send(f"{CHAT}/settle").status_code == 409
    ada.press(f"{CHAT}/settle", outcome=outcome)
    assert world.state(1) == state


def test_what_they_said_is_not_shown_while_they_agree(world: World, ada: Desk, app: Flask) -> None:
    met_or_not(world, Report.MET, Report.MET)
    ada = desk.sign_in(app)
    page = ada.see(CHAT)
    assert "says they met" not in page
    assert "Counted as met" in page


def test_the_coordinator_moves_it_to_a_time_both_gave_and_takes_it_back(world: World, ada: Desk) -> None:
    desk.accept(1)
    world.later(minutes=5)
    assert "Tuesday 9 March 5:00 – 5:30 pm" in ada.see(CHAT)
    page = ada.press(f"{CHAT}/move", act=f"move:{seconds('2027-03-09 17:30')}")
    assert "Tue 9 Mar, 5:30 – 6:00 pm" in page
    assert "The coordinator moved it from Tue 9 Mar, 4:30 pm to Tue 9 Mar, 5:30 pm" in page
    world.later(minutes=5)
    assert [world.events(name)[0][0] for name in ("sam", "maya")] == ["2027-03-09T22:30:00+00:00"] * 2
    event = ada.text.partition('name="event" value="')[2].partition('"')[0]
    assert "Tue 9 Mar, 4:30 – 5:00 pm" in ada.press(f"{CHAT}/undo", event=event)
    world.later(minutes=5)
    world.calendars_are_true()


def test_a_move_of_a_proposed_chat_still_waits_for_the_student(world: World, ada: Desk) -> None:
    ada.press(f"{CHAT}/move", act=f"move:{seconds('2027-03-09 18:00')}")
    world.later(minutes=5)
    assert world.state(1) == "proposed"
    assert world.events("sam") == [("2027-03-09T23:00:00+00:00", "NEEDS-ACTION")]


@pytest.mark.parametrize(
    "sent", ["", "move:", "move:soon", "move:1", "move:99999999999", "2027-03-09 19:00", "2027-03-11 16:30"]
)
def test_a_time_that_both_did_not_give_is_refused(world: World, ada: Desk, sent: str) -> None:
    act = f"move:{seconds(sent)}" if sent.startswith("2027") else sent
    answer = ada.send(f"{CHAT}/move", act=act)
    assert answer.status_code == 409
    assert "lease choose" in desk.words(answer.text)
    assert "4:30 – 5:00 pm" in ada.see(CHAT)


def test_where_no_time_is_left_the_page_says_so(world: World, ada: Desk) -> None:
    world.gives(1, "maya", ("2027-03-09 16:30", "2027-03-09 17:00"))
    page = ada.see(CHAT)
    assert "No other time is left that both gave." in page
    assert "Move the chat" not in page
