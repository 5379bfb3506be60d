"""A chat ends before its time: cancelled by either side or on the board, by a pause, by leaving."""

import pytest

from tests.support.mailroom import Mail
from tests.support.story import Story

MAYA, SAM = "maya", "sam"
START = "2027-03-09T21:30:00+00:00"
AGREED = ["Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, agreed"]
CANCELLED = ["Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, cancelled"]
GONE = "Cancelled: coffee chat on Tue 9 Mar"


def change(letter: Mail) -> str:
    """The words under which a letter offers to move or cancel."""
    return "Move or cancel" if "Move or cancel" in letter.text else "I can't make this time"


@pytest.mark.parametrize(("who", "other"), [(SAM, MAYA), (MAYA, SAM)])
def test_either_side_cancels(story: Story, who: str, other: str) -> None:
    story.agrees()
    story.last(who).open(change(story.last(who))).press("Send", act="cancel")
    story.run()
    assert story.events(who) == []
    assert len(story.events(other)) == 1
    story.later(minutes=10)
    assert [story.last(name).subject for name in (who, other)] == [GONE, GONE]
    assert [story.events(name) for name in (who, other)] == [[], []]
    assert story.chats() == CANCELLED


@pytest.mark.parametrize(("who", "other"), [(SAM, MAYA), (MAYA, SAM)])
def test_either_side_takes_a_cancellation_back_unseen(story: Story, who: str, other: str) -> None:
    story.agrees()
    heard = story.subjects(other)
    story.last(who).open(change(story.last(who))).press("Send", act="cancel")
    story.later(minutes=8)
    story.last(who).press("Take it back")
    story.later(minutes=30)
    assert story.chats() == AGREED
    assert story.subjects(other) == heard
    assert [len(story.events(name)) for name in (who, other)] == [1, 1]


def test_a_student_cancels_before_the_mentor_knew(story: Story) -> None:
    heard = story.subjects(MAYA)
    story.invites().open("I can't make this time").press("Send", act="cancel")
    story.later(minutes=30)
    assert story.chats() == CANCELLED
    assert not any("Sam" in mail.text for mail in story.mailroom.to(MAYA)[len(heard) :])


def test_the_coordinator_cancels_on_the_board_and_takes_it_back(story: Story) -> None:
    story.agrees()
    page = story.board(f"{story.round_page}?tab=chats").follow("Sam Lind and").press("Cancel the chat")
    assert story.chats() == CANCELLED
    page.press("Take it back")
    story.later(minutes=15)
    assert story.chats() == AGREED
    page.client.get(page.url)
    story.board(f"{story.round_page}?tab=chats").follow("Sam Lind and").press("Cancel the chat")
    story.later(minutes=2)
    assert [story.last(name).subject for name in (SAM, MAYA)] == [GONE, GONE]


def test_a_pause_ends_what_is_not_agreed_and_stops_the_letters_that_wait(story: Story) -> None:
    story.invites()
    story.last(SAM).open("Pause or leave").press("Pause", pause="month")
    story.later(minutes=30)
    assert story.chats() == CANCELLED
    assert story.events(SAM) == []
    assert story.last(SAM).subject == "Paused until Thursday 1 April 2027"
    heard = len(story.mailroom.to(SAM))
    story.at("2027-03-22 12:00")
    assert len(story.mailroom.to(SAM)) == heard


@pytest.mark.parametrize(("button", "fields"), [("Pause", {"pause": "month"}), ("Leave", {"sure": "yes"})])
def test_a_cancellation_by_pausing_or_leaving_promises_nothing(
    story: Story, button: str, fields: dict[str, str]
) -> None:
    """No way back that would be refused, and no other chat."""
    story.invites().open("Pause or leave").press(button, **fields)
    story.later(minutes=2)
    letter = story.find(SAM, GONE)
    for text in (letter.text, letter.html):
        assert ("Take it back" in text, "we write to you" in text) == (False, False)


def test_a_pause_while_a_confirmation_waits_leaves_no_half_told_chat(story: Story) -> None:
    story.invites().press("Yes, I'll be there")
    story.find(MAYA, "Thank you").open("Pause or leave").press("Pause", pause="month")
    story.later(minutes=30)
    assert story.chats() == CANCELLED
    assert story.events(SAM) == []
    assert story.events(MAYA) == []
    assert not any("Sam" in mail.text for mail in story.mailroom.to(MAYA))


def test_agreed_chats_stay_in_a_pause_and_are_still_reminded_of(story: Story) -> None:
    story.agrees()
    story.last(MAYA).open("Pause or leave").press("Pause", pause="month")
    story.at("2027-03-09 09:00")
    assert story.chats() == AGREED
    assert story.last(MAYA).subject.startswith("Today, 4:30 pm") or "4:30 pm" in story.last(MAYA).subject
    assert story.events(MAYA) == [(START, "NEEDS-ACTION")]


def test_leaving_cancels_and_those_are_the_last_letters(story: Story) -> None:
    story.agrees()
    story.last(SAM).open("Move or cancel").press("Send", act="move:1804800600")
    story.run()
    page = story.last(SAM).open("Pause or leave")
    page.press("Leave", sure="yes")
    story.later(minutes=30)
    assert story.events(SAM) == []
    assert story.events(MAYA) == []
    assert story.subjects(SAM)[-2:] == ["Cancelled: coffee chat on Thu 11 Mar", "You have left Riverside"]
    assert story.last(MAYA).subject == GONE  # she never heard of Thursday
    heard = len(story.mailroom.to(SAM))
    story.at("2027-03-22 12:00")
    assert len(story.mailroom.to(SAM)) == heard
