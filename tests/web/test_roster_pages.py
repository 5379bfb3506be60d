"""People on the board: searched and sorted, paused, approved, taken out, joined by link, imported."""

import io
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from scheduler import clock, db, links
from scheduler.programme import class_list, roster
from scheduler.programme.person import Person, Standing
from scheduler.programme.programme import Programme
from tests.support import desk, queries
from tests.support.desk import Desk
from tests.support.world import World

PEOPLE = "/board/1/people"
LIST = "name,email,roles\nKim Lo,kim@example.org,student\nSam Lind,sam@example.org,mentor;student\n"
BAD = LIST + "Nobody,nowhere,student\n"


@pytest.fixture
def ada(world: World, app: Flask) -> Desk:
    return desk.sign_in(app)


def names(page: str) -> list[str]:
    known = ("Dr Maya Okafor", "Dr Noor Okafor", "Sam Lind", "Lee Lind")
    return sorted((name for name in known if name in page), key=page.index)


def crowd(count: int) -> None:
    with db.transaction() as session:
        programme, now = session.get_one(Programme, 1), clock.now()
        for number in range(count):
            session.add(
                Person(
                    programme=programme,
                    name=f"Person {number:03}",
                    email=f"p{number}@example.org",
                    created_at=now + timedelta(minutes=number),
                    is_student=True,
                )
            )


def standing(name: str, world: World) -> Standing:
    with db.reading() as session:
        return world.person(session, name).standing


def test_people_are_found_by_name_address_and_role(ada: Desk) -> None:
    assert names(ada.see(PEOPLE)) == ["Dr Maya Okafor", "Dr Noor Okafor", "Lee Lind", "Sam Lind"]
    assert names(ada.see(f"{PEOPLE}?q=OKAFOR")) == ["Dr Maya Okafor", "Dr Noor Okafor"]
    assert names(ada.see(f"{PEOPLE}?q=sam@")) == ["Sam Lind"]
    assert names(ada.see(f"{PEOPLE}?role=student&sort=-name")) == ["Sam Lind", "Lee Lind"]
    assert "Nobody fits." in ada.see(f"{PEOPLE}?q=%25")
    assert ada.see(f"{PEOPLE}?sort=email;drop&role=x&page=-3") == ada.see(PEOPLE)


def test_fifty_people_stand_on_a_page_in_as_many_queries_as_four(ada: Desk) -> None:
    def asked() -> int:
        with queries.counted() as sent:
            ada.see(PEOPLE)
        return len(sent)

    with_four = asked()
    crowd(60)
    assert asked() == with_four
    assert "64 people." in ada.see(PEOPLE)
    assert "Page 1 of 2 Next page" in ada.see(f"{PEOPLE}?q=&page=1")
    assert "Person 059" in ada.see(f"{PEOPLE}?page=2&sort=joined")
    assert "Person 059" in ada.see(f"{PEOPLE}?sort=-joined")


def test_a_person_is_paused_until_a_date_and_taken_up_again(world: World, ada: Desk) -> None:
    page = ada.press(f"{PEOPLE}/3/pause", until="2027-04-01")
    assert "paused until Thu 1 Apr" in page
    world.run()
    assert world.letters("sam") == ["paused"]
    assert "takes part" in ada.press(f"{PEOPLE}/3/resume")
    ada.press(f"{PEOPLE}/3/pause", until="")
    with db.reading() as session:
        assert world.person(session, "sam").paused_until is None


def test_a_person_is_taken_out(world: World, ada: Desk) -> None:
    page = ada.press(f"{PEOPLE}/3/leave")
    assert "has left" in page
    assert "Take out of the programme" not in page
    assert standing("sam", world) is Standing.LEFT


def test_a_waiting_person_is_approved(world: World, ada: Desk) -> None:
    with db.transaction() as session:
        world.person(session, "lee").standing = Standing.WAITING
    assert "Approve" in ada.see(f"{PEOPLE}/4")
    assert "Approve " not in ada.press(f"{PEOPLE}/4/approve").replace("Approved", "")
    assert standing("lee", world) is Standing.ACTIVE


def test_links_are_sent_again(world: World, ada: Desk) -> None:
    ada.press(f"{PEOPLE}/1/links")
    ada.press(f"{PEOPLE}/1/links")
    world.run()
    assert world.letters("maya") == ["links_anew"]


def test_earlier_links_are_stopped_and_new_ones_sent(world: World, ada: Desk) -> None:
    with db.reading() as session:
        former = links.url("me", p=3, n=world.person(session, "sam").link_number)
    assert "New ones are on the way." in ada.press(f"{PEOPLE}/3/stop-links")
    world.run()
    assert world.letters("sam") == ["links_anew"]
    assert ada.client.get(urlsplit(former).path).status_code == 410


def test_an_address_is_changed_or_refused_beside_its_field(world: World, ada: Desk) -> None:
    refused = ada.send(f"{PEOPLE}/3/address", email="lee@example.org")
    assert refused.status_code == 422
    assert "lee@example.org is the address of Lee Lind." in desk.words(refused.text)
    assert 'href="#email"' in refused.text
    assert 'value="lee@example.org"' in refused.text
    page = ada.press(f"{PEOPLE}/3/address", email="Sam.Okoye@Example.org")
    assert "sam.okoye@example.org (mail arrives)" in page
    world.run()
    assert [mail.subject for mail in world.mailroom.to("sam.okoye@example.org")] == [
        "Your links for the coffee chats"
    ]


def test_mail_arrives_again_when_the_coordinator_says_so(world: World, ada: Desk) -> None:
    assert "Mail arrives again" not in ada.see(f"{PEOPLE}/3")
    with db.transaction() as session:
        roster.mark_undeliverable(session, world.person(session, "sam"), "No such mailbox.", clock.now())
    assert "Mail arrives again" in ada.see(f"{PEOPLE}/3")
    page = ada.press(f"{PEOPLE}/3/arrives")
    assert "sam@example.org (mail arrives)" in page
    assert "Mail arrives again" not in page


def test_a_signup_link_is_turned_off_on_and_renewed(ada: Desk, app: Flask) -> None:
    def url(role: str) -> str:
        ada.see("/board/1/signup-links")
        return ada.text.partition(f'id="url-{role}"')[2].partition('value="')[2].partition('"')[0]

    former = url("mentor")
    assert former.startswith("http://localhost/join/")
    assert len({url(role) for role in ("any", "mentor", "student")}) == 3
    page = ada.press("/board/1/signup-links/mentor", turn="off")
    assert "Turned off. Whoever opens it is told so." in page
    ada.press("/board/1/signup-links/mentor", turn="on")
    assert url("mentor") == former
    ada.press("/board/1/signup-links/mentor", turn="renew")
    assert url("mentor") != former
    assert ada.send("/board/1/signup-links/mentor", turn="burn").status_code == 404
    assert ada.send("/board/1/signup-links/admin", turn="on").status_code == 404


@pytest.mark.parametrize("way", ["file", "text"])
def test_an_import_shows_what_would_change_before_it_does(ada: Desk, way: str) -> None:
    before = queries.all_rows()["person"]
    sent: dict[str, object] = {"text": LIST}
    if way == "file":
        sent = {"file": (io.BytesIO(LIST.encode("cp1252")), "list.csv")}
    answer = ada.send("/board/1/import/preview", **sent)
    assert "1 new, 1 changed, 0 unchanged, 0 wrong" in desk.words(answer.text)
    assert "mentor: no → yes" in desk.words(answer.text)
    assert queries.all_rows()["person"] == before
    kept = answer.text.partition('name="kept" value="')[2].partition('"')[0]
    page = ada.press("/board/1/import", kept=kept)
    assert "Imported: 1 new, 1 changed, 0 unchanged, 0 wrong." in page
    assert "Kim Lo" in page
    again = ada.press("/board/1/import", kept=kept)
    assert "Imported: 0 new, 0 changed, 2 unchanged, 0 wrong." in again


def test_nothing_is_imported_while_a_row_is_wrong_unless_left_out(ada: Desk) -> None:
    answer = ada.send("/board/1/import", text=BAD)
    assert answer.status_code == 422
    assert "Line 4" in answer.text
    with db.reading() as session:
        assert session.scalar(select(func.count(Person.id))) == 4
    assert "1 new, 1 changed, 0 unchanged, 1 wrong" in ada.press("/board/1/import", text=BAD, skip_bad="yes")


@pytest.mark.parametrize("text", ["", "Kim,kim@example.org,student\n", "PK\x03\x04xl/"])
def test_a_file_that_is_no_class_list_is_refused_in_a_sentence(ada: Desk, text: str) -> None:
    for path in ("/board/1/import/preview", "/board/1/import"):
        answer = ada.send(path, text=text)
        assert answer.status_code == 422
        assert 'href="#file"' in answer.text


def test_the_example_is_a_class_list_of_ours(ada: Desk) -> None:
    answer = ada.client.get("/board/1/import/class-list.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert class_list.read(answer.data).wrong == ()


def test_no_links_go_to_somebody_who_has_left(ada: Desk, world: World) -> None:
    ada.press(f"{PEOPLE}/3/leave")
    world.run()
    had = world.letters("sam")
    assert "Send their links again" not in ada.see(f"{PEOPLE}/3")
    answer = ada.send(f"{PEOPLE}/3/links")
    assert answer.status_code == 409
    assert "Sam Lind has left the programme, so there is nothing to send." in answer.text
    world.run()
    assert world.letters("sam") == had
