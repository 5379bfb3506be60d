"""Dates in forms lie within two years of today; what does not is told in a sentence and changes nothing."""

from datetime import date

import pytest
from sqlalchemy import func, select

from scheduler import db
from scheduler.programme.person import Standing
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from tests.support import looking
from tests.support.world import World

SENTENCE = "Please choose a day to come, within two years."


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin"])
@pytest.mark.parametrize("until", ["0001-01-01", "2027-02-01", "2027-03-01", "2029-03-03", "9999-12-31"])
def test_a_pause_ends_on_a_day_to_come_within_two_years(world: World, until: str, zone: str) -> None:
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    with db.transaction() as session:
        session.scalars(select(Programme)).one().timezone = zone
    board = world.board("/board/1/people/1").press("Pause", until=until)
    me = looking.opened(world, looking.me_path(world, "maya")).press("Pause", pause="date", date=until)
    offer = looking.opened(world, looking.ask_path(world, 1, "maya", "out")).send(answer="pause", until=until)
    assert [page.status for page in (board, me, offer)] == [422, 422, 422]
    assert all(SENTENCE in page.words for page in (board, me, offer))
    with db.reading() as session:
        assert world.person(session, "maya").standing is Standing.ACTIVE


def test_a_pause_on_the_board_without_a_date_has_no_end_and_a_word_is_no_date(world: World) -> None:
    assert world.board("/board/1/people/1").press("Pause", until="soon").status == 422
    assert world.board("/board/1/people/1").press("Pause", until="2029-03-01").status == 200
    assert world.board("/board/1/people/2").press("Pause", until="").status == 200
    with db.reading() as session:
        assert world.person(session, "maya").paused_until is not None
        assert world.person(session, "noor").standing is Standing.PAUSED
        assert world.person(session, "noor").paused_until is None


@pytest.mark.parametrize("year", ["0001", "9999", "2030", "2024"])
def test_a_rounds_dates_lie_within_two_years_of_today(world: World, year: str) -> None:
    form = world.board().follow("Open a round")
    after = form.press(
        "Open the round", first_on=f"{year}-12-01", last_on=f"{year}-12-31", answer_on=f"{year}-12-20"
    )
    assert after.status == 422
    assert "Please give a date within two years of today." in after.words
    with db.reading() as session:
        assert session.scalar(select(func.count(Round.id))) == 0


def test_a_search_is_cleaned_of_control_characters(world: World) -> None:
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    world.run()
    world.board()
    for path in ("/board/1/people?q=%00ma%07ya", "/board/1/mail?q=%00ma%1bya"):
        page = world.board(path)
        assert page.status == 200
        assert "Dr Maya Okafor" in page.text
        assert "Sam Lind" not in page.text
