"""From the signup link to a chat that both have agreed to, and the second round with the same times."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.support.clock import Clock
from tests.support.mailroom import Mailroom, look
from tests.support.story import EVENINGS, Story, halves

MAYA, SAM = "maya", "sam"
TICKS = [key for span in EVENINGS for key in halves(span)]


@pytest.fixture
def alone(client: FlaskClient, clock: Clock, mailroom: Mailroom) -> Iterator[Story]:
    """Ada and Noor in a new programme, and Eve in hers."""
    told = Story(clock, mailroom)
    told.begin(names=("Noor",))
    yield told
    told.later(minutes=61)
    told.calendars_are_true()


def signs_up(story: Story, name: str, role: str, **second: object) -> None:
    """Somebody follows the link Ada gave them, and confirms the address by the mail that comes."""
    assert story.mailroom.client is not None
    page = look(story.mailroom.client, story.signup_link())
    page = page.send(name=f"{name.title()} Lind", email=f"{name}@example.org", role=role)
    page.send(**second)
    story.run()
    assert story.last(name).subject == "Please confirm your address"
    story.last(name).press("Confirm my address")
    story.run()


def test_from_a_signup_link_to_an_agreed_chat(alone: Story) -> None:
    alone.opens_round()
    signs_up(alone, MAYA, "mentor", t=TICKS)
    signs_up(alone, SAM, "student", when="any")
    assert "Thank you: your times, 8 – 19 Mar" in alone.subjects(MAYA)
    alone.publishes()
    alone.last(SAM).press("Yes, I'll be there")
    alone.later(minutes=3)
    assert [row.rpartition(", ")[2] for row in alone.chats()] == ["agreed"]
    assert len(alone.events(MAYA)) == len(alone.events(SAM)) == 1
    assert "Sam Lind" in alone.last(MAYA).text


def test_a_known_address_is_no_second_person(alone: Story) -> None:
    alone.opens_round()
    signs_up(alone, SAM, "student", when="any")
    alone.later(minutes=11)
    assert alone.mailroom.client is not None
    look(alone.mailroom.client, alone.signup_link()).send(name="Sam", email="SAM@example.org", role="student")
    alone.run()
    assert alone.last(SAM).subject == "Your links for the coffee chats"
    assert alone.board().follow("People").words.count("sam@example.org") <= 1


def test_a_second_round_takes_the_same_times_as_the_last_in_two_taps(story: Story) -> None:
    story.agrees()
    story.later(days=10, hours=1)  # the chat is over
    story.board(story.round_page).press("Close the round")
    story.opens_round("2027-03-29", "2027-04-09")
    letter = story.find(MAYA, "When could you meet a student?")
    assert "Same times as last round" in letter.text
    page = letter.press("Same times as last round")
    assert page.status == 200
    story.run()
    times = [line.strip() for line in story.last(MAYA).text.splitlines() if "4:30 – 6:30 pm" in line]
    assert times == [
        f"{day}, 4:30 – 6:30 pm"
        for day in ("Tuesday 30 March", "Thursday 1 April", "Tuesday 6 April", "Thursday 8 April")
    ]
    story.wishes("lee")
    story.publishes()
    story.last("lee").press("Yes, I'll be there")
    story.later(minutes=3)
    assert story.chats() == ["Lee and Maya, Tue 30 Mar, 4:30 – 5:00 pm, agreed"]
