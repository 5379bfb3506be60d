"""The morning after: they met, they did not, they say different things; and how a new time is found."""

import pytest

from tests.support.story import Story

MAYA, SAM = "maya", "sam"
MISSED = "Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, did not take place"
AGAIN = "Shall we find another time?"
QUESTION = "Did you two meet on Tuesday?"


@pytest.fixture
def morning(story: Story) -> Story:
    """Half past eight on the morning after their chat; both have been asked."""
    story.agrees()
    story.at("2027-03-10 08:30")
    assert [story.last(name).subject for name in (SAM, MAYA)] == [QUESTION, QUESTION]
    return story


def test_both_met(morning: Story) -> None:
    morning.says(SAM, "met")
    morning.says(MAYA, "met")
    assert morning.chats() == ["Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, met"]
    morning.at("2027-03-18 09:00")
    assert [morning.last(name).subject for name in (SAM, MAYA)] == [QUESTION, QUESTION]


@pytest.mark.parametrize(("who", "other"), [(SAM, MAYA), (MAYA, SAM)])
def test_times_reach_the_reporter_at_once_and_the_other_after_ten_minutes(
    morning: Story, who: str, other: str
) -> None:
    morning.says(who, "absent")
    assert morning.chats() == [MISSED]
    assert (morning.last(who).subject, morning.last(other).subject) == (AGAIN, QUESTION)
    morning.later(minutes=9)
    assert morning.last(other).subject == QUESTION
    morning.later(minutes=2)
    assert morning.last(other).subject == AGAIN
    assert "Thursday 11 March" in morning.last(other).text
    assert "absent" not in morning.last(other).text


def test_what_the_student_picks_is_agreed_at_once(morning: Story) -> None:
    morning.says(MAYA, "absent")
    morning.later(minutes=11)
    page = morning.last(SAM).open("Tuesday 16 March").press("Choose this time")
    assert "It is agreed: Tuesday 16 March" in page.words
    morning.later(minutes=3)
    assert morning.chats() == [MISSED, "Sam and Maya, Tue 16 Mar, 4:30 – 5:00 pm, agreed"]
    assert [morning.last(name).method for name in (SAM, MAYA)] == ["REQUEST", "REQUEST"]
    assert len(morning.events(SAM)) == len(morning.events(MAYA)) == 2
    for name in (SAM, MAYA):
        assert "in place of the one on Tuesday 9 March." in morning.last(name).text.replace("\r\n", " ")


def test_what_the_mentor_picks_is_proposed_to_the_student(morning: Story) -> None:
    morning.says(MAYA, "could_not")
    morning.last(MAYA).open("Tuesday 16 March").press("Choose this time")
    morning.later(minutes=11)
    assert AGAIN not in morning.subjects(SAM)  # there is a new time already
    assert morning.chats()[1] == "Sam and Maya, Tue 16 Mar, 4:30 – 5:00 pm, waiting for an answer"
    assert morning.last(SAM).subject == "Coffee chat: Tue 16 Mar, 4:30 pm"
    assert len(morning.events(MAYA)) == 1
    morning.last(SAM).press("Yes, I'll be there")
    morning.later(minutes=3)
    assert morning.chats()[1] == "Sam and Maya, Tue 16 Mar, 4:30 – 5:00 pm, agreed"
    assert len(morning.events(MAYA)) == 2


def test_a_report_is_taken_back_before_the_other_hears(morning: Story) -> None:
    morning.says(SAM, "absent")
    morning.last(SAM).press("Take it back")
    morning.later(minutes=20)
    assert morning.last(MAYA).subject == QUESTION
    morning.says(SAM, "met")
    morning.says(MAYA, "met")
    assert morning.chats() == ["Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, met"]


def test_nobody_picks_and_both_are_asked_once_more(morning: Story) -> None:
    morning.says(SAM, "absent")
    morning.at("2027-03-12 09:30")
    assert [morning.last(name).subject[:18] for name in (SAM, MAYA)] == ["Another time with "] * 2
    morning.at("2027-03-16 09:30")
    assert "missed each other" in morning.board().words


def test_with_no_time_left_a_picker_for_this_one_chat_finds_one(story: Story) -> None:
    only = "2027-03-09 16:30-17:00"
    story.invites(MAYA, SAM, only).press("Yes, I'll be there")
    story.at("2027-03-10 08:30")
    story.says(SAM, "absent")
    letter = story.last(SAM)
    assert "No time is left that you both gave." in letter.text
    page = letter.press("Pick times for this chat", t=["20270312-1630-1830"])
    assert "There is still no time that suits you both" in page.words
    story.later(minutes=11)
    page = story.last(MAYA).press("Pick times for this chat", t=["20270312-1200-1300", "20270312-1700-1730"])
    assert "suits you both" in page.words
    page.press("Choose this time")
    story.later(minutes=11)
    story.last(SAM).press("Yes, I'll be there")
    story.later(minutes=3)
    assert story.chats() == [MISSED, "Sam and Maya, Fri 12 Mar, 5:00 – 5:30 pm, agreed"]


@pytest.mark.parametrize(("words", "ends"), [("They met", "met"), ("They did not", "did not take place")])
def test_the_coordinator_settles_a_contradiction(morning: Story, words: str, ends: str) -> None:
    morning.says(SAM, "met")
    morning.says(MAYA, "absent")
    assert morning.chats() == ["Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, agreed"]
    need = morning.board().follow("Sam Lind and Dr Maya Okafor say different things")
    assert "Neither knows what the other said" in need.words
    need.press("Settle it", outcome="met" if words == "They met" else "missed")
    morning.later(minutes=11)
    assert morning.chats() == [f"Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, {ends}"]
    told = AGAIN if ends != "met" else QUESTION
    assert [morning.last(name).subject for name in (SAM, MAYA)] == [told, told]
