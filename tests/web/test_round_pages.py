"""A round through the board alone: opened, asked, planned, changed, published, taken back, closed."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from scheduler import db
from scheduler.chats.chat import Chat
from scheduler.programme.round import Round
from tests.support import desk, queries
from tests.support.desk import Desk
from tests.support.forms import Reader
from tests.support.world import World

DATES = {"first_on": "2027-03-08", "last_on": "2027-03-19", "answer_on": "", "minutes": "30", "blocked": ""}
TIMES = ("2027-03-09 16:30", "2027-03-09 18:30")
ROUND = "/board/1/rounds/1"


@pytest.fixture
def ada(world: World, app: Flask) -> Desk:
    return desk.sign_in(app)


@pytest.fixture
def planned(world: World, ada: Desk) -> Desk:
    """A round with a draft: Maya meets Sam, Noor meets Lee or the other way round."""
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "noor", "sam", "lee"):
        world.gives(1, name, TIMES)
    ada.press(f"{ROUND}/plan")
    return ada


def stage() -> str:
    with db.reading() as session:
        return str(session.get_one(Round, 1).state)


def test_a_round_is_opened_with_its_blocked_dates(ada: Desk) -> None:
    page = ada.press(
        "/board/1/rounds/new",
        **{**DATES, "minutes": "45", "blocked": "2027-03-15 to 2027-03-16: year 3\n 2027-03-17\n"},
    )
    assert "Chats of 45 minutes" in page
    assert "Ask everyone" in page
    with db.reading() as session:
        round_ = session.get_one(Round, 1)
        assert (round_.first_on, round_.last_on) == (date(2027, 3, 8), date(2027, 3, 19))
        assert round_.blocked == [
            {"from": "2027-03-15", "to": "2027-03-16", "stage": "year 3"},
            {"from": "2027-03-17", "to": "2027-03-17", "stage": ""},
        ]


def test_dates_blocked_for_a_year_that_nobody_is_in_are_named_until_people_are_asked(
    world: World, ada: Desk
) -> None:
    with db.transaction() as session:
        world.person(session, "sam").stage = "Year 3"
        world.person(session, "lee").stage = "Year 4"
        world.person(session, "lee").leave()
    years = "2027-03-15: YEAR 3\n2027-03-16: yaer 3\n2027-03-17: Yaer 3\n2027-03-18: year 4\n2027-03-19"
    page = ada.press("/board/1/rounds/new", **{**DATES, "blocked": years})
    sentence = (
        "Nobody in this programme is in “yaer 3” or “year 4”, so the dates without chats "
        "for those years apply to nobody yet."
    )
    assert sentence in page
    assert "Nobody in this programme is in" not in ada.press(f"{ROUND}/ask")


def test_dates_blocked_for_a_year_that_somebody_is_in_need_no_word(world: World, ada: Desk) -> None:
    with db.transaction() as session:
        world.person(session, "sam").stage = "Year  3"
    page = ada.press("/board/1/rounds/new", **{**DATES, "blocked": "2027-03-15: year 3\n2027-03-17"})
    assert "Ask everyone" in page
    assert "Nobody in this programme is in" not in page


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("first_on", ""),
        ("last_on", "soon"),
        ("first_on", "2027-03-20"),
        ("answer_on", "2027-13-01"),
        ("minutes", "20x"),
        ("minutes", "75"),
        ("answer_on", "2027-03-20"),
        ("blocked", "2027-03-08 to 2027-03-19"),
        ("blocked", "spring break"),
        ("blocked", "2027-03-16 to 2027-03-15"),
        ("quiet_from", "25:00"),
        ("quiet_to", "morning"),
    ],
)
def test_a_form_that_makes_no_round_is_shown_again(ada: Desk, field: str, text: str) -> None:
    answer = ada.send("/board/1/rounds/new", **{**DATES, field: text})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    with db.reading() as session:
        assert session.scalar(select(Round)) is None


def test_quiet_hours_are_the_round_s_own_where_they_are_not_the_programme_s(ada: Desk) -> None:
    form = Reader(ada.client.get("/board/1/rounds/new").text).forms[-1].fields
    assert {("quiet_from", "21:00"), ("quiet_to", "07:30")} <= set(form)
    page = ada.press("/board/1/rounds/new", **DATES, quiet_from="21:00", quiet_to="07:30")
    assert "Quiet hours: 9:00 pm – 7:30 am." in page
    april = {"first_on": "2027-04-05", "last_on": "2027-04-16"}
    page = ada.press("/board/1/rounds/new", **{**DATES, **april}, quiet_from="18:00", quiet_to="10:15")
    assert "Quiet hours: 6:00 pm – 10:15 am." in page
    with db.transaction() as session:
        session.get_one(Round, 1).programme.quiet_to = "06:00"
    assert "Quiet hours: 9:00 pm – 6:00 am." in ada.see(ROUND)
    assert "Quiet hours: 6:00 pm – 10:15 am." in ada.see("/board/1/rounds/2")


def test_everyone_is_asked_once(world: World, ada: Desk) -> None:
    ada.press("/board/1/rounds/new", **DATES)
    assert "4 people are asked." in ada.press(f"{ROUND}/ask")
    assert "0 people are asked." in ada.press(f"{ROUND}/ask")
    world.run()
    assert len(world.mailroom.mails) == 4


def test_a_plan_shows_pairs_with_reasons_and_times(planned: Desk) -> None:
    page = planned.see(f"{ROUND}?tab=plan")
    assert "Pairs (2)" in page
    assert "Sam Lind" in page
    assert "both free Tue 9 Mar" in page
    assert "Every student who is in has a chat." in page


def test_who_is_still_waited_for_is_said_until_the_plan_is_published(world: World, ada: Desk) -> None:
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    assert "4 people have not answered yet." in ada.see(ROUND)
    for name in ("maya", "sam", "lee"):
        world.gives(1, name, TIMES)
    page = ada.press(f"{ROUND}/plan")
    assert "1 person has not answered yet." in page
    assert "once it is published, nobody is asked any more" in page
    assert "not answered yet" not in ada.press(f"{ROUND}/publish")


def test_a_plan_without_a_chat_can_only_be_made_again(world: World, ada: Desk) -> None:
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    ada.press(f"{ROUND}/plan")
    page = ada.see(ROUND)
    assert "Plan again" in page
    assert "Publish the plan" not in page
    answer = ada.send(f"{ROUND}/publish")
    assert answer.status_code == 409
    assert "This plan has no chat in it, so there is nothing to send yet." in answer.text
    assert stage() == "drafted"


def test_a_pinned_pair_stays_when_planned_again(planned: Desk) -> None:
    with db.reading() as session:
        before = {(chat.student_id, chat.mentor_id) for chat in session.scalars(select(Chat))}
    assert "are pinned." in planned.press("/board/1/chats/1/pin", pinned="yes")
    planned.press("/board/1/chats/2/remove")
    planned.press(f"{ROUND}/plan")
    with db.reading() as session:
        after = {(chat.student_id, chat.mentor_id): chat for chat in session.scalars(select(Chat))}
        assert [pair for pair, chat in after.items() if chat.is_pinned] == [(3, after_pair(before))]
    assert "no longer pinned" in planned.press("/board/1/chats/1/pin", pinned="no")


def after_pair(before: set[tuple[int, int]]) -> int:
    """Whom Sam was planned with."""
    return next(mentor for student, mentor in before if student == 3)


def test_a_removed_pair_leaves_the_student_on_the_list(planned: Desk) -> None:
    page = planned.press("/board/1/chats/1/remove")
    assert "Pairs (1)" in page
    assert "Without a chat (1)" in page
    assert "was taken out of the plan" in page


def test_publishing_can_be_taken_back_for_a_minute(world: World, planned: Desk) -> None:
    assert "Take it back" in planned.press(f"{ROUND}/publish")
    assert stage() == "running"
    assert "Taken back. Nobody was written to." in planned.press(f"{ROUND}/take-back")
    assert stage() == "drafted"
    planned.press(f"{ROUND}/publish")
    world.later(minutes=2)
    assert "Take it back" not in planned.see(ROUND)
    assert planned.send(f"{ROUND}/take-back").status_code == 409
    assert "waiting for an answer" in planned.see(f"{ROUND}?tab=chats")


def test_the_plan_of_a_published_round_is_not_changed(planned: Desk) -> None:
    planned.press(f"{ROUND}/publish")
    assert planned.send("/board/1/chats/1/pin", pinned="yes").status_code == 409
    assert planned.send("/board/1/chats/1/remove").status_code == 409


def test_cancelling_a_round_cancels_its_chats(world: World, planned: Desk) -> None:
    planned.press(f"{ROUND}/publish")
    world.later(minutes=2)
    page = planned.press(f"{ROUND}/cancel")
    assert stage() == "cancelled"
    assert page.count("cancelled") == 2
    assert "Cancel the round" not in page


def test_closing_twice_is_closing_once(world: World, planned: Desk, app: Flask) -> None:
    planned.press(f"{ROUND}/publish")
    refused = planned.send(f"{ROUND}/close")
    assert refused.status_code == 409
    assert "2 chats are still to come." in refused.text
    world.later(days=9)
    ada = desk.sign_in(app)
    ada.press(f"{ROUND}/close")
    assert stage() == "closed"
    before = queries.all_rows()["outgoing"]
    ada.press(f"{ROUND}/close")
    assert queries.all_rows()["outgoing"] == before


def test_a_step_out_of_turn_is_refused_in_a_sentence(ada: Desk) -> None:
    ada.press("/board/1/rounds/new", **DATES)
    answer = ada.send(f"{ROUND}/publish")
    assert answer.status_code == 409
    assert "Nobody has been asked yet. Ask people first." in answer.text


def test_the_people_tab_says_who_is_waited_for(world: World, planned: Desk) -> None:
    page = planned.see(f"{ROUND}?tab=people")
    assert "Nobody owes an answer." in page
    assert "Everyone asked (4)" in page
    assert planned.see(f"{ROUND}?tab=nonsense") == planned.see(f"{ROUND}?tab=plan")
