"""The board at a glance: the next step when there is nothing yet; else needs, progress, mail and load."""

from datetime import date

from flask import Flask
from sqlalchemy import delete

from scheduler import db
from scheduler.programme.person import Person, Standing
from tests.support import desk
from tests.support.world import World

FIRST, LAST = date(2027, 3, 8), date(2027, 3, 19)


def test_the_only_programme_is_opened_at_once(world: World, app: Flask) -> None:
    ada = desk.sign_in(app)
    assert ada.client.get("/board").headers["Location"] == "/board/1"


def test_several_programmes_are_a_list_and_none_says_so(world: World, app: Flask) -> None:
    desk.add_coordinator("eve@example.org")
    desk.add_coordinator("both@example.org", 1, 2)
    both = desk.sign_in(app, "both@example.org").see("/board")
    assert "Riverside" in both
    assert "Lakeside" in both
    assert "All programmes" in desk.sign_in(app, "both@example.org").see("/board/2")
    assert "All programmes" not in desk.sign_in(app).see("/board/1")


def test_an_empty_programme_says_how_to_begin(world: World, app: Flask) -> None:
    with db.transaction() as session:
        session.execute(delete(Person))
    page = desk.sign_in(app).see("/board/1")
    assert "No round yet. Import people or share the signup link, then open a round." in page


def test_people_without_a_round_lead_to_opening_one(world: World, app: Flask) -> None:
    page = desk.sign_in(app).see("/board/1")
    assert "No round is under way. 2 mentors and 2 students take part. Open a round" in page
    assert "Nobody needs you." in page


def test_the_page_shows_needs_before_progress_and_mail(world: World, app: Flask) -> None:
    round_id = world.round(first=FIRST, last=LAST)
    world.gives(round_id, "maya", ("2027-03-09 16:30", "2027-03-09 18:30"))
    world.run()
    with db.transaction() as session:
        world.person(session, "lee").standing = Standing.WAITING
    page = desk.sign_in(app).see("/board/1")
    order = [
        "Round of 8 – 19 Mar",
        "Answers by Thursday 4 March, 11:59 pm.",
        "See the answers",
        "Needs you (1)",
        "Lee Lind would like to join and waits for your approval. Mon 1 Mar, 9:00 am",
        "Progress",
        "Mentors answered: 1 of 2",
        "Mail Sent 4 Waiting 0 Given up 0",
        "Dr Maya Okafor Chats: 0 of 1",
    ]
    assert [words for words in order if words not in page] == []
    places = [page.index(words) for words in order]
    assert places == sorted(places)


def test_each_stage_has_its_one_main_action(world: World, app: Flask) -> None:
    ada = desk.sign_in(app)
    round_id = world.round(first=FIRST, last=LAST, ask=False)
    assert "Ask people" in ada.see("/board/1")
    ada.press(f"/board/1/rounds/{round_id}/ask")
    assert "See the answers" in ada.see("/board/1")
    for name in ("maya", "sam"):
        world.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    ada.press(f"/board/1/rounds/{round_id}/plan")
    assert "Review the plan" in ada.see("/board/1")
    ada.press(f"/board/1/rounds/{round_id}/publish")
    assert "See the round" in ada.see("/board/1")
    ada.press(f"/board/1/rounds/{round_id}/cancel")
    home = ada.see("/board/1")
    assert "Open a round" in home
    assert "Earlier rounds 8 – 19 Mar cancelled" in home


def test_the_round_under_way_is_shown_before_one_opened_later(world: World, app: Flask) -> None:
    asked = world.round(first=FIRST, last=LAST)
    opened = world.round(first=date(2027, 4, 5), last=date(2027, 4, 16), ask=False)
    ada = desk.sign_in(app)
    page = ada.see("/board/1")
    assert "Round of 8 – 19 Mar" in page
    assert "Other rounds 5 – 16 Apr open, nobody asked yet" in page
    ada.press(f"/board/1/rounds/{asked}/cancel")
    assert "Round of 5 – 16 Apr" in ada.see("/board/1")
    ada.press(f"/board/1/rounds/{opened}/cancel")
    assert "Earlier rounds 5 – 16 Apr cancelled 8 – 19 Mar cancelled" in ada.see("/board/1")


def test_mail_that_does_not_leave_stands_on_top(world: World, app: Flask) -> None:
    world.round(first=FIRST, last=LAST)
    world.clock.advance(minutes=16)
    page = desk.sign_in(app).see("/board/1")
    assert "Mail has not gone out since Mon 1 Mar, 9:00 am." in page


def test_names_are_written_as_text(world: World, app: Flask) -> None:
    with db.transaction() as session:
        lee = world.person(session, "lee")
        lee.name, lee.standing = '<script>alert("x")</script>', Standing.WAITING
    ada = desk.sign_in(app)
    ada.see("/board/1")
    assert "&lt;script&gt;" in ada.text
    assert "<script>alert" not in ada.text


def test_pages_carry_the_strict_headers(world: World, app: Flask) -> None:
    answer = desk.sign_in(app).client.get("/board/1")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
