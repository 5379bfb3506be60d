"""The mentor's page: the picker, the same times again, not this round, and what comes of each."""

import re
from datetime import date

import pytest

from scheduler import clock, db, links
from scheduler.life import By
from scheduler.programme.person import Standing
from scheduler.programme.round import Round
from scheduler.programme.stages import RoundAct
from scheduler.rounds import absence
from tests.support import desk, looking
from tests.support.mailroom import Page
from tests.support.world import World

CLINIC = "20270309-1630-1830"
PATTERN = {"zone": "America/New_York", "times": [[1, "16:30", "18:30"], [3, "16:30", "18:30"]]}


@pytest.fixture
def round_id(world: World) -> int:
    """Monday 8 to Friday 19 March 2027; the clocks go forward on Sunday 14 March."""
    return world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))


def page(world: World, round_id: int, answer: str = "pick", name: str = "maya") -> Page:
    return looking.opened(world, looking.ask_path(world, round_id, name, answer))


def given(world: World, round_id: int, name: str = "maya") -> list[str]:
    """The times kept, as wall times of New York."""
    with db.reading() as session:
        ask = looking.find_ask(session, world, round_id, name)
        zone = ask.round.programme.timezone
        from_, to = "%d %H:%M", "%H:%M"
        here = [(looking.wall(a, zone, from_), looking.wall(b, zone, to)) for a, b in ask.slots]
        return [f"{a}-{b}" for a, b in here]


def test_ticks_are_kept_listed_and_found_again(world: World, round_id: int) -> None:
    after = page(world, round_id).send(t=[CLINIC, "20270310-1200-1230"])
    assert given(world, round_id) == ["09 16:30-18:30", "10 12:00-12:30"]
    assert "2 windows saved." in after.text
    assert "Tuesday 9 March, 4:30 – 6:30 pm" in after.text
    assert looking.ticked(page(world, round_id)) == [CLINIC, "20270310-1200-1230"]


@pytest.mark.parametrize(
    ("capacity", "words"),
    [
        ("1", "One 30-minute coffee chat with a student, 8 – 19 March."),
        ("2", "Up to two coffee chats of 30 minutes, each with a student, 8 – 19 March."),
    ],
)
def test_the_page_says_how_many_chats_of_what_length(
    world: World, round_id: int, capacity: str, words: str
) -> None:
    page(world, round_id).send(t=[CLINIC], capacity=capacity)
    assert words in page(world, round_id).text


def test_what_one_mentor_ticked_shows_to_no_other(world: World, round_id: int) -> None:
    page(world, round_id).send(t=[CLINIC])
    assert looking.ticked(page(world, round_id, name="noor")) == []
    assert looking.ticked(page(world, round_id)) == [CLINIC]


def test_a_time_that_has_become_too_soon_cannot_be_ticked_any_more(world: World, round_id: int) -> None:
    assert "too soon" not in page(world, round_id).text
    world.clock.moment = world.clock.at("2027-03-08 12:00")
    assert "too soon" in page(world, round_id).text
    assert CLINIC not in looking.ticked(page(world, round_id))


def test_sending_again_replaces(world: World, round_id: int) -> None:
    page(world, round_id).send(t=[CLINIC])
    page(world, round_id).send(t=["20270310-1200-1300"], repeat="yes")
    assert given(world, round_id) == ["10 12:00-13:00", "17 12:00-13:00"]


def test_looking_changes_nothing(world: World, round_id: int) -> None:
    for answer in ("same", "pick", "out"):
        assert looking.looks_only(world, looking.ask_path(world, round_id, "maya", answer))
    page(world, round_id).send(t=[CLINIC])
    for query in ("", "?a=out", "?done=saved", "?zone=Asia/Kolkata", "?zone=nonsense&a=nonsense&done=none"):
        assert looking.looks_only(world, looking.ask_path(world, round_id, "maya", "pick") + query)


def test_nothing_ticked_is_one_sentence_with_a_way_to_the_first_day(world: World, round_id: int) -> None:
    refused = page(world, round_id).send(note="after 5 please", place="Room 4", capacity="3")
    assert refused.status == 422
    assert '<a href="#times">Tick at least one time, or choose “I can’t meet this round”.</a>' in refused.text
    assert 'id="times"' in refused.text
    assert ("after 5 please" in refused.text, 'value="Room 4"' in refused.text) == (True, True)
    assert '<option value="3" selected>' in refused.text
    assert given(world, round_id) == []


def test_an_error_keeps_the_ticks(world: World, round_id: int) -> None:
    refused = page(world, round_id).send(t=[CLINIC], repeat="yes", answer="pause", until="soon")
    assert (refused.status, looking.ticked(refused)) == (422, [CLINIC])
    assert 'name="repeat" value="yes" checked' in refused.text
    assert looking.chosen(refused, "answer") == ["pause"]
    assert 'href="#until"' in refused.text
    unread = page(world, round_id).send(t=[CLINIC, "20270309"])
    assert (unread.status, looking.ticked(unread)) == (422, [CLINIC])


def test_fewer_than_three_windows_are_kept_with_a_kind_word(world: World, round_id: int) -> None:
    few = page(world, round_id).send(t=[CLINIC])
    assert "One or two more would make a chat likelier." in few.text
    enough = page(world, round_id).send(t=[CLINIC, "20270310-1200-1300", "20270311-1200-1300"])
    assert "likelier" not in enough.text


def test_not_this_round_is_two_taps(world: World, round_id: int) -> None:
    world.run()
    after = page(world, round_id, "out").send()
    assert "Noted: no chat in this round, 8 – 19 March." in after.text
    world.run()
    assert world.letters("maya") == ["offer_wanted", "offer_received"]


def test_a_second_answer_is_quiet(world: World, round_id: int) -> None:
    out = page(world, round_id, "out")
    out.send()
    before = looking.tables()
    assert out.send().status == 200
    assert looking.tables() == before


def test_not_again_until_a_date_pauses_until_then(world: World, round_id: int) -> None:
    after = page(world, round_id).send(answer="pause", until="2027-06-01")
    assert "We will not ask you again until Tuesday 1 June 2027." in after.text
    with db.reading() as session:
        maya = world.person(session, "maya")
        assert (maya.standing, maya.paused_until is not None) == (Standing.PAUSED, True)
    for until in ("2027-02-01", "2040-01-01", ""):
        assert page(world, round_id).send(answer="pause", until=until).status == 422


def test_the_same_times_again_are_two_taps(world: World, round_id: int) -> None:
    with db.transaction() as session:
        world.person(session, "maya").pattern = PATTERN
    first = page(world, round_id, "same")
    assert "Tuesdays and Thursdays, after clinic (4:30 – 6:30 pm)" in first.text
    assert "Fits 4 days this time." in first.text
    assert "4 windows saved." in first.send().text
    assert given(world, round_id) == [f"{day} 16:30-18:30" for day in ("09", "11", "16", "18")]
    assert "Same as last round?" not in page(world, round_id).text


def test_the_same_times_of_an_old_page_are_those_it_showed(world: World, round_id: int) -> None:
    with db.transaction() as session:
        world.person(session, "maya").pattern = PATTERN
    old = page(world, round_id, "same")
    assert (
        old.client.post(old.url, data={"answer": "ticked", "t": [CLINIC], "capacity": "1"}).status_code == 303
    )
    refused = old.send()
    assert refused.status == 422
    assert "Other times were sent since that page was opened. They stand below." in looking.words(refused)
    assert looking.ticked(refused) == [CLINIC]
    assert given(world, round_id) == ["09 16:30-18:30"]


def test_the_same_times_sent_twice_are_sent_once(world: World, round_id: int) -> None:
    with db.transaction() as session:
        world.person(session, "maya").pattern = PATTERN | {
            "times": [*PATTERN["times"], [5, "16:30", "18:30"]]
        }
    old = page(world, round_id, "same")
    assert "4 windows saved." in old.send().text
    assert "4 windows saved." in old.send().text


def test_times_that_fit_no_day_are_said_so(world: World, round_id: int) -> None:
    with db.transaction() as session:
        world.person(session, "maya").pattern = PATTERN | {"times": [[5, "16:30", "18:30"]]}
    first = page(world, round_id, "same")
    words = "Last round’s times don’t fit these dates: Saturdays, after clinic (4:30 – 6:30 pm)."
    assert words in looking.words(first)
    client = world.mailroom.client
    assert client is not None
    assert client.post(first.url, data={"answer": "same"}).status_code == 422


def test_room_and_number_are_remembered_and_cleaned(world: World, round_id: int) -> None:
    page(world, round_id).send(t=[CLINIC], place="  Room\t4 ", capacity="3", note="x" * 400)
    page(world, round_id).send(t=[CLINIC], capacity="99")
    with db.reading() as session:
        ask = looking.find_ask(session, world, round_id, "maya")
        assert (ask.person.place, ask.capacity, len(ask.note)) == ("Room 4", 3, 280)


def test_another_zone_is_shown_for_this_view_alone(world: World, round_id: int) -> None:
    path = looking.ask_path(world, round_id, "maya", "pick")
    there = looking.opened(world, f"{path}?zone=Asia/Kolkata")
    assert "All times are India Standard Time (Kolkata)." in looking.words(there)
    assert "All times are Eastern Time (New York). Clocks go forward on Sunday 14 March" in looking.words(
        looking.opened(world, path)
    )


def test_time_with_a_student_known_of_cannot_be_ticked(world: World, round_id: int) -> None:
    page(world, round_id).send(t=[CLINIC])
    world.gives(round_id, "sam", ("2027-03-09 16:30", "2027-03-09 18:30"))
    desk.accept(world.chat(round_id, "maya", "sam", "2027-03-09 16:30"))
    world.later(minutes=5)
    text = page(world, round_id).text
    assert re.search(r'value="20270309-1630-1700" disabled', text)


def test_a_round_that_is_over_says_so(world: World, round_id: int) -> None:
    with db.transaction() as session:
        session.get_one(Round, round_id).act(RoundAct.CANCEL, clock.now(), by=By.COORDINATOR)
    closed = page(world, round_id)
    assert (closed.status, "takes no more times" in closed.text, "<form" in closed.text) == (200, True, False)
    client = world.mailroom.client
    assert client is not None
    assert client.post(closed.url, data={"t": CLINIC}).status_code == 409


def test_a_hostile_name_and_note_are_text(world: World, round_id: int) -> None:
    with db.transaction() as session:
        world.person(session, "maya").name = "<img src=x onerror=alert(1)>"
    page(world, round_id).send(t=[CLINIC], note="</textarea><script>", place='"><script>')
    text = page(world, round_id).text
    assert [bad for bad in ("<img src=x", "<script>", '"><script') if bad in text] == []


def test_links_of_others_revoked_ones_and_those_who_left_open_nothing(world: World, round_id: int) -> None:
    path = looking.ask_path(world, round_id, "maya", "pick")
    with db.reading() as session:
        ask, eve = looking.find_ask(session, world, round_id, "maya").id, world.person(session, "noor")
        strange = f"/offer/{links.token('offer', k=ask, p=eve.id, n=eve.link_number, a='pick')}"
        student = looking.find_ask(session, world, round_id, "sam")
        wrong = links.token("offer", k=student.id, p=student.person_id, n=1, a="pick")
    with db.transaction() as session:
        absence.leave(session, world.person(session, "maya"), clock.now())
    assert looking.opened(world, path).status == 403
    with db.transaction() as session:
        world.person(session, "maya").revoke_links()
    codes = [looking.opened(world, known).status for known in (path, strange, f"/offer/{wrong}")]
    assert codes == [410, 404, 404]
