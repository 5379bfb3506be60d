"""The signup link, from the first page to the confirmed address, through the front door."""

import re
from datetime import date
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from scheduler import db, links
from scheduler.availability.ask import Ask
from scheduler.mail.envelope import Outgoing
from scheduler.programme import signing_up
from scheduler.programme.person import Person, Standing
from scheduler.programme.programme import Programme
from scheduler.programme.signup import Signup
from tests.support.mailroom import Page

EVE = {"name": "Eve Moss", "email": "eve@example.net", "role": "mentor", "timezone": "America/New_York"}
TUESDAY = "20270309-1630-1830"


def door(role="any"):
    """The path of a signup link of the programme."""
    with db.reading() as session:
        return urlsplit(signing_up.link(session.scalars(select(Programme)).one(), role)).path


def opened(world, path):
    answer = world.mailroom.client.get(path)
    return Page(world.mailroom.client, path, answer.status_code, answer.text)


def join(world, by="any", **changed):
    """The first page of the signup link `by`, filled in and sent; the page one ends on."""
    return opened(world, door(by)).send(**(EVE | changed))


def sent(page):
    """The next page after sending `page`, less what is the reader's own."""
    next_page = page.send(when="later")
    return re.sub(r"/join/\w+", "", next_page.text).replace("maya@example.org", "eve@example.net")


def everything():
    """How many rows each table has, so that looking is seen to change nothing."""
    with db.reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in db.Base.metadata.sorted_tables
        }


def find(email="eve@example.net"):
    with db.reading() as session:
        person = session.scalar(select(Person).where(Person.email == email))
        session.expunge_all()
        return person


def letters(email="eve@example.net"):
    with db.reading() as session:
        rows = select(Outgoing.letter).where(Outgoing.recipient == email).order_by(Outgoing.id)
        return list(session.scalars(rows))


def asked(email="eve@example.net"):
    """The asks of somebody: role, state and how many spans of time were given."""
    with db.reading() as session:
        asks = session.scalars(select(Ask).join(Ask.person).where(Person.email == email))
        return [(ask.role, str(ask.state), len(ask.offered)) for ask in asks.unique()]


def begin_round(world):
    world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))


def confirm(world, email="eve@example.net"):
    world.run()
    return world.mailroom.last(email).press("Confirm my address")


def test_a_mentor_joins_the_round_with_the_times_ticked(world):
    begin_round(world)
    page = join(world)
    assert "When could you meet, Eve Moss?" in page.text
    page = page.send(t=[TUESDAY], repeat="yes", lens=["stretch", "no such lens"], note="Thursdays are bad")
    assert "We have written to eve@example.net" in page.text
    assert find() is None
    assert "Thank you, your address is confirmed" in confirm(world).text
    assert (find().is_mentor, find().offers) == (True, ["stretch"])
    assert asked() == [("mentor", "answered", 2)]
    assert letters() == ["confirm_address", "welcome", "offer_received"]


def test_only_ticks_that_are_offered_are_kept_and_each_once(world):
    begin_round(world)
    join(world).send(t=[TUESDAY, TUESDAY, "19990101-0000-0030", "x" * 9000])
    with db.reading() as session:
        assert session.scalars(select(Signup)).one().answers["keys"] == [TUESDAY]


def test_more_ticks_than_can_be_kept_are_refused_in_a_sentence(world):
    world.round(first=date(2027, 3, 8), last=date(2027, 5, 7))
    every = re.findall(r'name="t" value="([-0-9]+)"', (page := join(world)).text)
    assert "These are too many times to keep." in page.send(t=every).text
    with db.reading() as session:
        assert not session.scalars(select(Signup.answers)).one()


def test_past_a_limit_one_is_sent_to_the_mail_and_nothing_is_kept(world):
    join(world)
    world.mailroom.client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    assert "Check your mail" in join(world, name="Somebody else").text
    with db.reading() as session:
        assert session.scalars(select(Signup.name)).all() == ["Eve Moss"]


def test_a_mentor_who_ticked_nothing_is_asked_by_the_usual_letter(world):
    begin_round(world)
    join(world)
    confirm(world)
    assert asked() == [("mentor", "asked", 0)]
    assert letters() == ["confirm_address", "welcome", "offer_wanted"]


def test_a_student_may_keep_to_the_programmes_hours(world):
    begin_round(world)
    join(world, role="student").send(when="any", lens=["near-peer"])
    confirm(world)
    assert (find().is_student, find().is_mentor, find().wants) == (True, False, ["near-peer"])
    [(role, state, spans)] = asked()
    assert (role, state) == ("student", "answered")
    assert spans > 10


def test_a_student_may_tick_times_and_must_when_they_say_so(world):
    begin_round(world)
    page = join(world, role="student").send(when="ticked")
    assert page.status == 422
    assert 'href="#times"' in page.text
    page.send(when="ticked", t=[TUESDAY])
    confirm(world)
    assert asked() == [("student", "answered", 1)]


def test_without_a_round_one_joins_and_waits(world):
    assert "No round is being planned" in join(world).text
    confirm(world)
    assert asked() == []
    assert find().standing is Standing.ACTIVE


def test_looking_changes_nothing(world):
    begin_round(world)
    join(world)
    world.run()
    before = everything()
    mail = world.mailroom.last("eve@example.net")
    for path in [door(), *(urlsplit(link).path for link in mail.links)]:
        for method in ("get", "head", "get"):
            assert getattr(world.mailroom.client, method)(path).status_code == 200
    assert everything() == before
    assert find() is None


def test_confirming_twice_is_once(world):
    begin_round(world)
    join(world)
    confirm(world)
    before = everything()
    page = world.mailroom.client.post(urlsplit(links.url("confirm", s=1)).path, follow_redirects=True)
    assert "Thank you, your address is confirmed" in page.text
    assert everything() == before


def test_a_known_address_sees_the_same_pages_and_its_mail_says_what_is_so(world):
    begin_round(world)
    world.run()
    new, known = join(world), join(world, email="maya@example.org")
    assert new.text == known.text
    assert sent(new) == sent(known)
    world.run()
    mail = world.mailroom.last("maya")
    assert mail.subject == "Your links for the coffee chats"
    assert "You take part already, as a mentor" in mail.text
    assert [link for link in mail.links if "/offer/" in link] != []


def test_where_the_coordinator_approves_first_the_page_says_so(world):
    with db.transaction() as session:
        session.scalars(select(Programme)).one().approves_first = True
    begin_round(world)
    join(world).send(t=[TUESDAY])
    assert "looks at new people first" in confirm(world).text
    assert asked() == []


def test_errors_stand_above_the_form_and_values_are_kept(world):
    page = opened(world, door()).send(name="Eve & Moss", email="eve@", timezone="Europe/Berlin")
    assert page.status == 422
    assert 'href="#email"' in page.text
    assert 'href="#role"' in page.text
    assert 'value="Eve &amp; Moss"' in page.text
    assert '<option value="Europe/Berlin" selected>' in page.text
    assert everything()["signup"] == 0


def test_the_role_of_the_link_wins(world):
    assert 'name="role"' not in opened(world, door("student")).text
    join(world, by="student", role="mentor")
    with db.reading() as session:
        assert list(session.scalars(select(Signup.role))) == ["student"]


@pytest.mark.parametrize("change", ["turn_off", "renew"])
def test_a_link_turned_off_or_renewed_is_kindly_refused(world, change):
    old = door("mentor")
    with db.transaction() as session:
        programme = session.scalars(select(Programme)).one()
        programme.renew_signup("mentor") if change == "renew" else programme.turn_signup("mentor", on=False)
    page = opened(world, old)
    assert page.status == 410
    assert "This signup link has been turned off" in page.text
    assert world.mailroom.client.post(old, data=EVE).status_code == 410
    assert opened(world, door("any")).status == 200


def test_what_a_machine_fills_in_comes_to_nothing(world):
    page = opened(world, door()).send(**EVE, website="https://spam.example")
    assert "Check your mail" in page.text
    assert everything()["signup"] == 0


def test_never_again_is_asked_first_and_then_kept(world):
    join(world)
    world.run()
    page = world.mailroom.last("eve@example.net").press("Never write to this address again")
    assert "We will not write to you again" in page.text
    world.later(days=2)
    join(world)
    world.run()
    assert len(world.mailroom.to("eve@example.net")) == 1


def test_a_link_of_another_purpose_opens_nothing(world):
    join(world)
    token = links.token("signup", s=1)
    assert [opened(world, f"/{path}/{token}").status for path in ("confirm", "never", "join")] == [404] * 3
    assert opened(world, f"/join/{links.token('confirm', s=1)}/times").status == 404
