"""Scanners open every link of every mail, and every link of the pages behind them: nothing changes."""

from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

from tests.support import looking
from tests.support.clock import Clock
from tests.support.forms import Reader
from tests.support.mailroom import Mailroom
from tests.support.story import EVENINGS, Story

OURS = "localhost"
MOST = 600


@pytest.fixture
def story(client: FlaskClient, clock: Clock, mailroom: Mailroom) -> Story:
    """The cast, before their first round."""
    told = Story(clock, mailroom)
    told.begin()
    return told


def addresses(story: Story) -> list[str]:
    """Every address of ours in every mail so far: in the text, the HTML and the calendar's description."""
    found = {}
    for recipient, _ in story.mailroom.mails:
        for mail in story.mailroom.to(recipient):
            for url in [*mail.links, *Reader(mail.html).addresses]:
                if urlsplit(url).hostname == OURS:
                    found[urlsplit(url).path] = None
    return list(found)


def pages_behind(client: FlaskClient, starts: list[str]) -> list[str]:
    """The paths that can be reached from `starts` by links, forms and what pages embed."""
    seen, ahead = set(starts), list(starts)
    reached = []
    while ahead:
        path = ahead.pop()
        reached.append(path)
        assert len(reached) < MOST
        answer = client.get(path)
        assert answer.status_code < 500, path
        beyond = [answer.headers["Location"]] if "Location" in answer.headers else []
        if answer.mimetype == "text/html":
            beyond += Reader(answer.text).addresses
        for address in beyond:
            to = urlsplit(urldefrag(urljoin(path, address)).url)
            target = to.path + (f"?{to.query}" if to.query else "")
            if to.hostname in (None, OURS) and not to.path.startswith("/static") and target not in seen:
                seen.add(target)
                ahead.append(target)
    return reached


def scan(story: Story, client: FlaskClient, starts: list[str]) -> int:
    """Look at everything, by GET and HEAD, twice; how many addresses. No row of any table has changed."""
    before = looking.tables()
    reached = pages_behind(client, starts)
    for ask in (client.head, client.get, client.head):
        for path in reached:
            assert ask(path).status_code < 500, path
    assert looking.tables() == before
    return len(reached)


def a_stranger(story: Story) -> FlaskClient:
    """A scanner's own browser, without cookies."""
    assert story.mailroom.client is not None
    return story.mailroom.client.application.test_client()


def asked(story: Story) -> None:
    """Everybody is asked; Maya has answered, and somebody is signing up."""
    story.opens_round()
    story.offers("maya", *EVENINGS)
    looking.opened(story, urlsplit(story.signup_link()).path).send(
        name="Kim", email="kim@example.org", role="student"
    )
    story.run()


def under_way(story: Story) -> None:
    """One chat is agreed and a new time is put, one is proposed, one was declined just now."""
    asked(story)
    story.offers("noor", *EVENINGS)
    story.wishes("sam")
    story.wishes("lee")
    story.publishes()
    story.last("sam").press("Yes, I'll be there")
    story.later(minutes=3)
    mentor = next(name for name in ("maya", "noor") if "Sam" in story.last(name).text)
    story.last(mentor).open("I can't make this time").press("Send")
    story.last("lee").open("I can't make this time").press("Send", act="decline")
    story.run()


def the_morning_after(story: Story) -> None:
    """All chats are over; one said that the other did not come, and was offered new times."""
    under_way(story)
    story.at("2027-03-12 09:00")
    letter = story.find("sam", "Did you two meet")
    letter.open("No, we did not meet").press("Send", said="absent")
    story.later(minutes=11)


@pytest.mark.parametrize("moment", [under_way, the_morning_after])
def test_opening_all_that_mails_link_to_changes_nothing(story: Story, moment: object) -> None:
    assert callable(moment)
    moment(story)
    starts = addresses(story)
    assert scan(story, a_stranger(story), starts) >= len(starts) > 10


def test_looking_at_the_whole_board_changes_nothing(story: Story) -> None:
    the_morning_after(story)
    assert scan(story, story.board().client, ["/board"]) > 20
