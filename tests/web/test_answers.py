"""The chat's page: each answer through its form, the second one quiet, looking changes nothing."""

from datetime import date

import pytest

from scheduler import db, links
from scheduler.chats.chat import Chat
from scheduler.life import By
from scheduler.programme.person import Person
from tests.support import looking
from tests.support.clock import Clock
from tests.support.world import World

SAM, MAYA = By.STUDENT, By.MENTOR
ALL_DAY = [("2027-03-09 12:00", "2027-03-09 18:30"), ("2027-03-10 16:30", "2027-03-10 18:30")]
ACTS = ["accept", "decline", "move", "cancel", "met", "not_met", "times", "again", "new_time", "chat"]


def moment(wall: str) -> int:
    return int(Clock().at(wall).timestamp())


@pytest.fixture
def round_id(world: World) -> int:
    made = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    world.gives(made, "maya", *ALL_DAY)
    world.gives(made, "sam", *ALL_DAY)
    return made


@pytest.fixture
def chat_id(world: World, round_id: int) -> int:
    """Proposed to Sam for Tuesday 9 March at half past four; the letter has left."""
    made = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    return made


@pytest.fixture
def agreed(world: World, chat_id: int) -> int:
    """Sam has said yes, and both have been told."""
    looking.opened(world, looking.chat_path(chat_id, SAM, "accept")).send()
    world.later(minutes=15)
    return chat_id


def starts_at(chat_id: int) -> int:
    with db.reading() as session:
        return int(session.get_one(Chat, chat_id).starts_at.timestamp())


def test_accepting_is_one_button(world: World, chat_id: int) -> None:
    page = looking.opened(world, looking.chat_path(chat_id, SAM, "accept"))
    assert "Would this time suit you, Sam Lind?" in page.text
    after = page.send()
    assert world.state(chat_id) == "confirmed"
    assert "It is agreed: Tuesday 9 March, 4:30 – 5:00 pm" in after.text


def test_a_second_answer_is_quiet_success(world: World, chat_id: int) -> None:
    page = looking.opened(world, looking.chat_path(chat_id, SAM, "accept"))
    page.send()
    before = looking.tables()
    assert page.send().status == 200
    assert looking.tables() == before


@pytest.mark.parametrize("act", ["decline", "cancel"])
def test_a_second_no_is_quiet_success(world: World, chat_id: int, act: str) -> None:
    page = looking.opened(world, looking.chat_path(chat_id, SAM, "decline"))
    page.send(act=act)
    before = looking.tables()
    assert page.send(act=act).status == 200
    assert (world.state(chat_id), looking.tables() == before) == (
        "declined" if act == "decline" else "cancelled",
        True,
    )


def test_looking_changes_nothing_before_the_chat(world: World, chat_id: int) -> None:
    tapped = moment("2027-03-10 16:30")
    for act in ACTS:
        assert looking.looks_only(world, looking.chat_path(chat_id, SAM, act, t=tapped)), act
        assert looking.looks_only(world, looking.chat_path(chat_id, MAYA, act, t=tapped)), act


def test_looking_changes_nothing_after_the_chat(world: World, agreed: int) -> None:
    world.at("2027-03-10 09:00")
    for act in ACTS:
        assert looking.looks_only(world, looking.chat_path(agreed, SAM, act)), act


def test_a_no_offers_other_times_first(world: World, chat_id: int) -> None:
    page = looking.opened(world, looking.chat_path(chat_id, SAM, "decline"))
    first = f"move:{moment('2027-03-09 12:00')}"
    assert looking.chosen(page, "act") == [first]
    page.send()
    assert (world.state(chat_id), starts_at(chat_id)) == ("confirmed", moment("2027-03-09 12:00"))


def test_the_time_tapped_in_the_mail_is_chosen(world: World, chat_id: int) -> None:
    tapped = moment("2027-03-10 17:15")
    page = looking.opened(world, looking.chat_path(chat_id, SAM, "move", t=tapped))
    assert looking.chosen(page, "act") == [f"move:{tapped}"]
    after = page.send()
    assert "Moved to Wednesday 10 March, 5:15 – 5:45 pm" in after.text
    assert page.send().status == 200


def test_cancelling_an_agreed_chat_is_not_chosen_beforehand(world: World, agreed: int) -> None:
    page = looking.opened(world, looking.chat_path(agreed, SAM, "cancel"))
    assert looking.chosen(page, "act") == []
    refused = page.send()
    assert (refused.status, world.state(agreed)) == (422, "confirmed")
    assert "Please choose one of these." in refused.text
    assert page.send(act="cancel").status == 200
    assert world.state(agreed) == "cancelled"


def test_a_time_taken_meanwhile_is_told_with_those_that_are_left(world: World, chat_id: int) -> None:
    page = looking.opened(world, looking.chat_path(chat_id, SAM, "move"))
    refused = page.send(act=f"move:{moment('2027-03-11 12:00')}")
    assert refused.status == 422
    assert "Someone took that time a moment ago. Others are left." in refused.text


def test_the_mentor_s_new_time_is_put_to_the_student(world: World, agreed: int) -> None:
    new = moment("2027-03-10 16:30")
    page = looking.opened(world, looking.chat_path(agreed, MAYA, "move", t=new))
    after = page.send()
    assert "Sam Lind is asked whether Wednesday 10 March, 4:30 – 5:00 pm" in after.text
    assert page.send().status == 200
    assert starts_at(agreed) == moment("2027-03-09 16:30")
    asked = looking.opened(world, looking.chat_path(agreed, SAM, "new_time"))
    assert "Would a new time suit you, Sam Lind?" in asked.text
    assert "It is agreed: Wednesday 10 March" in asked.send().text
    assert (starts_at(agreed), asked.send().status) == (new, 200)


def test_no_to_a_new_time_leaves_the_chat_as_it_is(world: World, agreed: int) -> None:
    new = moment("2027-03-10 16:30")
    looking.opened(world, looking.chat_path(agreed, MAYA, "move", t=new)).send()
    asked = looking.opened(world, looking.chat_path(agreed, SAM, "new_time"))
    assert "The chat stays where it is." in asked.send(act="keep").text
    assert (starts_at(agreed), asked.send(act="keep").status) == (moment("2027-03-09 16:30"), 200)


def test_a_yes_to_a_time_that_was_replaced_takes_no_other(world: World, agreed: int) -> None:
    looking.opened(world, looking.chat_path(agreed, MAYA, "move", t=moment("2027-03-10 16:30"))).send()
    stale = looking.opened(world, looking.chat_path(agreed, SAM, "new_time"))
    looking.opened(world, looking.chat_path(agreed, MAYA, "move", t=moment("2027-03-10 17:30"))).send()
    refused = stale.send()
    assert (refused.status, refused.follow("See how it stands now").status) == (409, 200)
    assert starts_at(agreed) == moment("2027-03-09 16:30")


def test_taking_back_leaves_all_as_it_was(world: World, chat_id: int) -> None:
    after = looking.opened(world, looking.chat_path(chat_id, SAM, "decline")).send(act="decline")
    assert "Take it back" in after.text
    again = after.send()
    assert (world.state(chat_id), "Taken back." in again.text) == ("proposed", True)


def test_a_yes_taken_back_can_be_given_again_at_once(world: World, chat_id: int) -> None:
    after = looking.opened(world, looking.chat_path(chat_id, SAM, "accept")).send()
    taken_back = after.press("Take it back")
    assert "Taken back." in taken_back.text
    taken_back.press("Yes, I’ll be there")
    assert world.state(chat_id) == "confirmed"


def test_an_undo_link_changes_nothing_until_its_button_is_pressed(world: World, chat_id: int) -> None:
    looking.opened(world, looking.chat_path(chat_id, SAM, "decline")).send(act="decline")
    world.run()
    page = world.mailroom.last("sam").open("Take it back")
    assert looking.looks_only(world, page.url)
    assert "Taken back." in page.send().text
    assert page.send().status == 200
    assert world.state(chat_id) == "proposed"


def test_nobody_takes_back_what_the_other_did(world: World, chat_id: int) -> None:
    after = looking.opened(world, looking.chat_path(chat_id, SAM, "decline")).send(act="decline")
    event = max(row[0] for row in looking.tables()["chat_event"])
    with db.reading() as session:
        people = [world.person(session, name) for name in ("maya", "lee")]
        tokens = [links.token("undo", e=event, p=person.id, n=person.link_number) for person in people]
    client = world.mailroom.client
    assert client is not None
    assert [client.post(f"/undo/{token}").status_code for token in tokens] == [403, 404]
    assert (after.status, world.state(chat_id)) == (200, "declined")


def test_the_mentor_cannot_say_yes_for_the_student(world: World, chat_id: int) -> None:
    page = looking.opened(world, looking.chat_path(chat_id, MAYA, "accept"))
    assert "Yes, I’ll be there" not in page.text
    assert page.client.post(page.url, data={"act": "accept"}).status_code == 409
    assert world.state(chat_id) == "proposed"


def test_a_link_of_somebody_else_or_a_revoked_one_is_unknown(world: World, chat_id: int) -> None:
    path = looking.chat_path(chat_id, SAM, "accept")
    with db.transaction() as session:
        eve = world.person(session, "lee")
        strange = f"/chat/{links.token('chat', c=chat_id, p=eve.id, n=eve.link_number, a='accept')}"
        world.person(session, "sam").revoke_links()
    client = world.mailroom.client
    assert client is not None
    for known, code in ((strange, 404), (path, 410), ("/chat/nonsense", 404)):
        sent = client.post(known, data={"act": "accept"})
        assert (client.get(known).status_code, sent.status_code) == (code, code)
    assert world.state(chat_id) == "proposed"


def test_a_hostile_name_is_text(world: World, chat_id: int) -> None:
    with db.transaction() as session:
        for person in session.query(Person):
            person.name = "<script>alert(1)</script>"
            person.topics = person.asks_about = ["<b>pay</b>"]
    looking.opened(world, looking.chat_path(chat_id, SAM, "accept")).send()
    for side in (SAM, MAYA):
        text = looking.opened(world, looking.chat_path(chat_id, side)).text
        assert ("<script>alert" in text, "<b>pay" in text) == (False, False)
        assert "&lt;script&gt;alert(1)" in text


def test_common_topics_show_only_once_both_have_said_yes(world: World, chat_id: int) -> None:
    with db.transaction() as session:
        world.person(session, "maya").topics = ["pay", "children"]
        world.person(session, "sam").asks_about = ["Pay", "politics"]
    path = looking.chat_path(chat_id, SAM, "accept")
    page = looking.opened(world, path)
    assert "pay" not in looking.words(page)
    assert "You both ticked: pay." in page.send().text
