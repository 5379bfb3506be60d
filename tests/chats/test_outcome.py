"""Whether they met, when the two say different things and one of them is gone by then."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from scheduler import clock, db
from scheduler.chats import outcome
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Report
from scheduler.life import By, Via
from scheduler.programme.programme import Programme
from scheduler.rounds import absence, board
from tests.support import desk, looking
from tests.support.desk import Desk
from tests.support.world import World

AFTER = "2027-03-09 17:30"
FIRST_WORDS = [
    ((By.STUDENT, Report.MET), (By.MENTOR, Report.ABSENT)),  # still open when the second contradicts
    ((By.STUDENT, Report.ABSENT), (By.MENTOR, Report.MET)),  # counted as missed by then
]


@pytest.fixture
def chat_id(world: World) -> int:
    """Maya and Sam agreed to meet, and the hour has passed."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(
            round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"), ("2027-03-11 16:30", "2027-03-11 18:30")
        )
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    desk.accept(chat_id)
    world.at(AFTER)
    return chat_id


def says(chat_id: int, side: By, said: Report) -> None:
    with db.transaction() as session:
        outcome.report(session, session.get_one(Chat, chat_id), side, said, clock.now(), via=Via.LINK)


def leaves(world: World, name: str) -> None:
    with db.transaction() as session:
        absence.leave(session, world.person(session, name), clock.now())


def needs() -> list[str]:
    with db.reading() as session:
        found = board.needs_you(session, session.scalars(select(Programme)).one(), clock.now())
        return [need.sentence for need in found]


@pytest.mark.parametrize("gone", ["maya", "sam"])
@pytest.mark.parametrize("words", FIRST_WORDS)
@pytest.mark.parametrize(("outcome_", "state"), [("met", "held"), ("missed", "missed")])
def test_a_contradiction_is_settled_although_one_of_the_two_has_left(
    world: World,
    chat_id: int,
    app: Flask,
    words: list[tuple[By, Report]],
    gone: str,
    outcome_: str,
    state: str,
) -> None:
    for side, said in words:
        says(chat_id, side, said)
    leaves(world, gone)
    world.later(minutes=15)
    had = len(world.letters(gone))
    assert needs() == ["Sam Lind and Dr Maya Okafor say different things of whether they met."]
    ada: Desk = desk.sign_in(app)
    assert "They say different things" in ada.see(f"/board/1/chats/{chat_id}")
    ada.press(f"/board/1/chats/{chat_id}/settle", outcome=outcome_)
    world.later(minutes=15)
    assert (world.state(chat_id), needs(), len(world.letters(gone))) == (state, [], had)


def test_nobody_is_offered_a_new_time_with_somebody_who_has_left(world: World, chat_id: int) -> None:
    leaves(world, "maya")
    says(chat_id, By.STUDENT, Report.ABSENT)
    assert world.state(chat_id) == "missed"
    world.later(days=4)
    offered = {"chat_missed", "chat_no_time_left", "chat_prompt"} & {*world.letters("sam")}
    assert offered == set()
    page = looking.opened(world, looking.chat_path(chat_id, By.STUDENT))
    assert "Tick more times" not in page.text
