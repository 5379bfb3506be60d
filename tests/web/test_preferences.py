"""A person's own page, and one-click silence."""

from datetime import UTC, date, datetime

import pytest

from scheduler import db
from scheduler.life import By
from scheduler.programme.person import Person, Standing
from tests.support import looking
from tests.support.mailroom import Page
from tests.support.world import World


def page(world: World, name: str = "maya") -> Page:
    return looking.opened(world, looking.me_path(world, name))


def post(world: World, name: str = "maya", purpose: str = "me", **form: str) -> Page:
    """Send one of the page's forms."""
    path, client = looking.me_path(world, name, purpose), world.mailroom.client
    assert client is not None
    answer = client.post(path, data=form, follow_redirects=purpose == "me")
    return Page(client, path, answer.status_code, answer.text)


def standing(world: World, name: str = "maya") -> tuple[Standing, datetime | None]:
    with db.reading() as session:
        person = world.person(session, name)
        return person.standing, person.paused_until


def test_name_zone_place_and_capacity_are_kept_and_cleaned(world: World) -> None:
    saved = page(world).send(
        name=" Dr  Amara\tOkafor ", timezone="Europe/Berlin", place="Room 4", capacity="3"
    )
    assert "Saved." in saved.text
    with db.reading() as session:
        maya = world.person(session, "maya")
        assert (maya.name, maya.timezone, maya.place, maya.capacity) == (
            "Dr Amara Okafor",
            "Europe/Berlin",
            "Room 4",
            3,
        )


def test_wrong_fields_are_named_and_kept(world: World) -> None:
    refused = page(world).send(name=" \t", place="Room 4")
    assert (refused.status, 'href="#name"' in refused.text, 'value="Room 4"' in refused.text) == (
        422,
        True,
        True,
    )
    assert 'href="#timezone"' in page(world).send(timezone="Mars/Olympus").text
    with db.reading() as session:
        assert (world.person(session, "maya").name, world.person(session, "maya").place) == (
            "Dr Maya Okafor",
            "",
        )


def test_a_student_has_no_room_or_capacity_to_give(world: World) -> None:
    assert 'name="capacity"' not in page(world, "sam").text
    page(world, "sam").send(place="My flat", capacity="5")
    with db.reading() as session:
        sam = world.person(session, "sam")
        assert (sam.place, sam.capacity) == ("", 1)


@pytest.mark.parametrize(
    ("form", "until"),
    [
        ({"pause": "month"}, datetime(2027, 4, 1, 4, tzinfo=UTC)),
        ({"pause": "date", "date": "2027-12-24"}, datetime(2027, 12, 24, 5, tzinfo=UTC)),
        ({"pause": "open"}, None),
    ],
)
def test_a_pause_lasts_as_long_as_chosen(world: World, form: dict[str, str], until: datetime | None) -> None:
    after = post(world, act="pause", **form)
    assert "Your pause has begun." in after.text
    assert standing(world) == (Standing.PAUSED, until)
    before = looking.tables()
    assert post(world, act="pause", **form).status == 200
    assert looking.tables() == before


@pytest.mark.parametrize("wrote", ["", "2027-02-28", "2027-03-01", "2040-01-01", "soon", "9999-12-31"])
def test_a_pause_until_no_day_to_come_is_refused(world: World, wrote: str) -> None:
    refused = post(world, act="pause", pause="date", date=wrote)
    assert (refused.status, 'href="#date"' in refused.text) == (422, True)
    assert standing(world)[0] is Standing.ACTIVE


def test_coming_back_is_one_button(world: World) -> None:
    post(world, act="pause", pause="open")
    assert "Welcome back." in page(world).send().text
    assert standing(world) == (Standing.ACTIVE, None)


def test_leaving_needs_a_tick_that_is_not_there_beforehand(world: World) -> None:
    assert 'name="sure" value="yes" checked' not in page(world).text
    refused = post(world, act="leave")
    assert (refused.status, standing(world)[0]) == (422, Standing.ACTIVE)
    assert "You have left Riverside." in post(world, act="leave", sure="yes").text
    assert standing(world)[0] is Standing.LEFT
    assert post(world, act="leave", sure="yes").status == 200
    assert "<form" not in page(world).text


def test_one_click_pauses_without_redirect_or_cookie_and_twice_is_once(world: World) -> None:
    client = world.mailroom.client
    assert client is not None
    path = looking.me_path(world, "sam", "unsubscribe")
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (200, [])
    assert standing(world, "sam") == (Standing.PAUSED, None)
    before = looking.tables()
    assert client.post(path).status_code == 200
    assert looking.tables() == before


def test_one_click_leaves_an_agreed_chat_alone(world: World) -> None:
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    for name in ("maya", "sam"):
        world.gives(round_id, name, ("2027-03-09 16:30", "2027-03-09 18:30"))
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    looking.opened(world, looking.chat_path(chat_id, By.STUDENT, "accept")).send()
    assert post(world, "sam", "unsubscribe").status == 200
    assert world.state(chat_id) == "confirmed"


def test_one_click_does_not_let_in_who_waits_for_approval(world: World) -> None:
    with db.transaction() as session:
        world.person(session, "sam").standing = Standing.WAITING
    assert post(world, "sam", "unsubscribe").status == 200
    assert post(world, "sam", act="pause", pause="open").status == 409
    post(world, "sam", act="resume")
    assert standing(world, "sam")[0] is Standing.WAITING


def test_looking_changes_nothing(world: World) -> None:
    for purpose in ("me", "unsubscribe"):
        assert looking.looks_only(world, looking.me_path(world, "sam", purpose))
    assert looking.looks_only(world, looking.me_path(world, "sam") + "?done=leave")
    assert standing(world, "sam")[0] is Standing.ACTIVE


def test_hostile_names_are_text_and_revoked_links_open_nothing(world: World) -> None:
    with db.transaction() as session:
        for person in session.query(Person):
            person.name = "<script>alert(1)</script>"
    paths = [looking.me_path(world, "sam", purpose) for purpose in ("me", "unsubscribe")]
    assert [path for path in paths if "<script>alert" in looking.opened(world, path).text] == []
    with db.transaction() as session:
        world.person(session, "sam").revoke_links()
    client = world.mailroom.client
    assert client is not None
    assert [client.get(path).status_code for path in paths] == [410, 410]
    assert [client.post(path).status_code for path in paths] == [410, 410]
