"""The student's page: in at any hours but some, in at ticked times, or out; and whom they wish to meet."""

from datetime import date

import pytest

from scheduler import clock, db, links
from scheduler.life import By
from scheduler.programme.round import Round
from scheduler.programme.stages import RoundAct
from scheduler.rounds import absence
from tests.support import looking
from tests.support.mailroom import Page
from tests.support.world import World

CLINIC = "20270309-1630-1830"


@pytest.fixture
def round_id(world: World) -> int:
    """One week: Monday 8 to Friday 12 March 2027."""
    return world.round(first=date(2027, 3, 8), last=date(2027, 3, 12))


def page(world: World, round_id: int, answer: str = "in") -> Page:
    return looking.opened(world, looking.ask_path(world, round_id, "sam", answer))


def given(world: World, round_id: int) -> list[str]:
    with db.reading() as session:
        ask = looking.find_ask(session, world, round_id, "sam")
        zone = ask.round.programme.timezone
        return [f"{looking.wall(a, zone, '%d %H:%M')}-{looking.wall(b, zone, '%H:%M')}" for a, b in ask.slots]


def test_in_is_two_taps_and_means_all_of_the_programme_s_hours(world: World, round_id: int) -> None:
    after = page(world, round_id).send()
    assert "You are in: 8 – 12 March." in after.text
    assert (len(given(world, round_id)), given(world, round_id)[0]) == (20, "08 07:00-08:30")


def test_what_never_works_is_kept_clear_of_and_remembered(world: World, round_id: int) -> None:
    keys = [f"{day}-{part}" for day in (0, 2) for part in ("0700-0830", "1200-1300", "1630-1830")]
    after = page(world, round_id).send(never=[*keys, "9-0000-2400", "nonsense"])
    assert "but never Mondays and Wednesdays, 7:00 – 8:30 am" in looking.words(after)
    monday = [slot for slot in given(world, round_id) if slot.startswith("08")]
    assert monday == ["08 19:00-20:30"]
    again = page(world, round_id).text
    assert [key for key in keys if f'name="never" value="{key}" checked' not in again] == []
    assert again.count('name="never"') == again.count(" checked>") - 6 + 20
    page(world, round_id).send(never=[])
    with db.reading() as session:
        assert world.person(session, "sam").never == {}


def test_never_at_all_is_refused_with_its_ticks(world: World, round_id: int) -> None:
    parts = ("0700-0830", "1200-1300", "1630-1830", "1900-2030")
    refused = page(world, round_id).send(never=[f"{day}-{part}" for day in range(5) for part in parts])
    assert (refused.status, 'href="#never"' in refused.text) == (422, True)
    assert refused.text.count('name="never"') == refused.text.count(" checked>") == 20
    assert given(world, round_id) == []


def test_ticked_times_alone_are_given(world: World, round_id: int) -> None:
    after = page(world, round_id, "pick").send(t=[CLINIC])
    assert given(world, round_id) == ["09 16:30-18:30"]
    assert "Tuesday 9 March, 4:30 – 6:30 pm" in after.text
    assert looking.ticked(page(world, round_id, "pick")) == [CLINIC]
    page(world, round_id, "in").send()
    assert looking.ticked(page(world, round_id, "pick")) == []


def test_nothing_ticked_is_refused_and_other_choices_are_kept(world: World, round_id: int) -> None:
    refused = page(world, round_id, "pick").send(t=[], lens=["stretch"])
    assert (refused.status, 'href="#times"' in refused.text) == (422, True)
    assert 'name="lens" value="stretch" checked' in refused.text
    unread = page(world, round_id, "pick").send(t=[CLINIC, "x"])
    assert (unread.status, looking.ticked(unread)) == (422, [CLINIC])


def test_lenses_and_topics_are_kept_and_nothing_else(world: World, round_id: int) -> None:
    with db.transaction() as session:
        world.person(session, "maya").topics = ["pay", "children"]
        world.person(session, "noor").topics = ["politics", "pay"]
        world.person(session, "lee").asks_about = ["night shifts"]
    first = page(world, round_id)
    assert first.text.count('name="topic"') == 3
    first.send(lens=["outside", "stretch", "nonsense"], topic=["pay", "secrets"])
    with db.reading() as session:
        sam = world.person(session, "sam")
        assert (sam.wants, sam.asks_about, sam.topics) == (["stretch", "outside"], ["pay"], [])
    assert 'name="topic" value="pay" checked' in page(world, round_id).text


def test_out_is_two_taps_and_may_be_changed(world: World, round_id: int) -> None:
    after = page(world, round_id, "out").send()
    assert "Noted: no chat in this round, 8 – 12 March." in after.text
    page(world, round_id, "in").send()
    assert len(given(world, round_id)) == 20


def test_looking_changes_nothing(world: World, round_id: int) -> None:
    for answer in ("in", "pick", "out"):
        assert looking.looks_only(world, looking.ask_path(world, round_id, "sam", answer))
    page(world, round_id).send()
    for query in ("", "?a=pick&zone=Asia/Kolkata", "?done=saved", "?a=nonsense"):
        assert looking.looks_only(world, looking.ask_path(world, round_id, "sam", "in") + query)


def test_a_second_out_is_quiet(world: World, round_id: int) -> None:
    out = page(world, round_id, "out")
    out.send()
    before = looking.tables()
    assert out.send().status == 200
    assert looking.tables() == before


def test_no_answer_at_all_is_asked_for(world: World, round_id: int) -> None:
    assert page(world, round_id).send(answer="").status == 422


def test_a_round_that_is_over_says_so(world: World, round_id: int) -> None:
    with db.transaction() as session:
        session.get_one(Round, round_id).act(RoundAct.CANCEL, clock.now(), by=By.COORDINATOR)
    closed = page(world, round_id)
    assert (closed.status, "takes no more answers" in closed.text, "<form" in closed.text) == (
        200,
        True,
        False,
    )


def test_hostile_names_and_topics_are_text(world: World, round_id: int) -> None:
    with db.transaction() as session:
        world.person(session, "sam").name = "<script>alert(1)</script>"
        world.person(session, "maya").topics = ['"><img src=x>']
    text = page(world, round_id).text
    assert [bad for bad in ("<script>alert", "<img src=x") if bad in text] == []


def test_links_of_others_and_revoked_ones_open_nothing(world: World, round_id: int) -> None:
    path = looking.ask_path(world, round_id, "sam", "in")
    with db.reading() as session:
        ask, eve = looking.find_ask(session, world, round_id, "sam").id, world.person(session, "lee")
        strange = f"/wish/{links.token('wish', k=ask, p=eve.id, n=eve.link_number, a='in')}"
        offer = looking.ask_path(world, round_id, "maya", "pick").replace("/offer/", "/wish/")
    with db.transaction() as session:
        world.person(session, "sam").revoke_links()
    client = world.mailroom.client
    assert client is not None
    for known, code in ((path, 410), (strange, 404), (offer, 404)):
        sent = client.post(known, data={"answer": "out"})
        assert (client.get(known).status_code, sent.status_code) == (code, code)


def test_somebody_on_a_break_is_told_so_with_the_way_back(world: World, round_id: int) -> None:
    with db.transaction() as session:
        absence.pause(session, world.person(session, "sam"), None, clock.now())
    text = page(world, round_id).text
    assert "You are taking a break, so no chat is planned for you." in text
    assert looking.me_path(world, "sam") in text
