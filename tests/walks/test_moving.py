"""A chat finds another time: the student's pick is settled, the mentor's is put to the student."""

import pytest

from tests.support.story import Story

MAYA, SAM = "maya", "sam"
BEFORE, AFTER = "2027-03-09T21:30:00+00:00", "2027-03-11T21:30:00+00:00"
STANDS = ["Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, agreed"]
MOVED = ["Sam and Maya, Thu 11 Mar, 4:30 – 5:00 pm, agreed"]
LATER = "move:1804800600"
"""Thursday 11 March 2027, half past four in New York."""


def test_a_student_s_pick_is_settled(story: Story) -> None:
    story.agrees()
    page = story.last(SAM).open("Move or cancel").press("Send", act=LATER)
    assert "Moved to Thursday 11 March" in page.words
    story.run()
    assert story.events(SAM) == [(AFTER, "ACCEPTED")]
    assert story.events(MAYA) == [(BEFORE, "NEEDS-ACTION")]
    story.later(minutes=10)
    assert story.events(MAYA) == [(AFTER, "NEEDS-ACTION")]
    assert story.last(MAYA).subject == "New time: Thu 11 Mar, 4:30 pm"
    assert story.chats() == MOVED


def test_a_student_answers_the_invitation_with_another_time(story: Story) -> None:
    story.invites().open("I can't make this time").press("Send", act=LATER)
    story.later(minutes=11)
    assert story.chats() == MOVED
    assert story.events(SAM) == [(AFTER, "ACCEPTED")]
    assert story.last(MAYA).subject == "Coffee chat: Thu 11 Mar, 4:30 pm"
    assert "9 March" not in story.last(MAYA).text


def test_a_student_moves_there_and_back_within_the_minutes_of_undo(story: Story) -> None:
    story.agrees()
    story.last(SAM).open("Move or cancel").press("Send", act=LATER)
    story.later(minutes=5)
    before = story.subjects(MAYA)
    story.last(SAM).press("Take it back")
    story.later(minutes=15)
    assert story.chats() == STANDS
    assert story.subjects(MAYA) == before


def test_two_moves_in_a_row_are_one_to_the_other_side(story: Story) -> None:
    story.agrees()
    story.last(SAM).open("Move or cancel").press("Send", act=LATER)
    story.later(minutes=2)
    story.last(SAM).open("Move or cancel").press("Send", act="move:1804802400")
    story.later(minutes=11)
    letter = story.last(MAYA)
    assert letter.subject == "New time: Thu 11 Mar, 5:00 pm"
    assert "Was Tuesday 9 March, 4:30 – 5:00 pm" in " ".join(letter.text.split())


def test_the_second_of_two_moves_taken_back_leaves_the_first_to_the_other_side(story: Story) -> None:
    story.agrees()
    story.last(SAM).open("Move or cancel").press("Send", act=LATER)
    story.later(minutes=2)
    story.last(SAM).open("Move or cancel").press("Send", act="move:1804802400")
    story.later(minutes=2)
    story.last(SAM).press("Take it back")
    story.later(minutes=11)
    letter = story.last(MAYA)
    assert letter.subject == "New time: Thu 11 Mar, 4:30 pm"
    assert "Was Tuesday 9 March, 4:30 – 5:00 pm" in " ".join(letter.text.split())
    assert story.chats() == MOVED


def test_moved_and_moved_back_is_nothing_to_the_other_side(story: Story) -> None:
    story.agrees()
    heard = story.subjects(MAYA)
    story.last(SAM).open("Move or cancel").press("Send", act=LATER)
    story.later(minutes=2)
    story.last(SAM).open("Move or cancel").press("Send", act="move:1804627800")
    story.later(minutes=11)
    assert (story.chats(), story.subjects(MAYA)) == (STANDS, heard)


@pytest.fixture
def asked(story: Story) -> Story:
    """Maya has asked for Thursday; the chat stands meanwhile."""
    story.agrees()
    page = story.last(MAYA).open("I can't make this time").press("Send", act=LATER)
    assert "Sam Lind is asked whether Thursday 11 March" in page.words
    story.run()
    assert story.last(SAM).subject == "A new time for your coffee chat?"
    assert story.events(SAM) == [(BEFORE, "ACCEPTED")]
    assert story.chats() == STANDS
    return story


def test_a_mentor_s_pick_moves_the_chat_when_the_student_says_yes(asked: Story) -> None:
    asked.last(SAM).open("Say whether").press("Yes, the new time")
    asked.later(minutes=11)
    assert asked.chats() == MOVED
    assert asked.events(SAM) == [(AFTER, "ACCEPTED")]
    assert asked.events(MAYA) == [(AFTER, "ACCEPTED")]


def test_a_cancelling_taken_back_is_a_no_to_the_mentor_s_wish(asked: Story) -> None:
    """The chat is as before, and what was asked for it is answered: the mentor cannot make that time."""
    asked.last(SAM).open("Say whether").follow("Neither suits me").press("Send", act="cancel")
    asked.later(minutes=5)
    asked.last(SAM).press("Take it back")
    asked.later(minutes=15)
    assert asked.last(MAYA).subject == "Your coffee chat stays on Tue 9 Mar, 4:30 pm"
    assert asked.chats() == STANDS


def test_a_student_s_yes_taken_back_is_a_no_to_the_mentor(asked: Story) -> None:
    """The mentor never hears of the yes, and must hear that the time they cannot make stands."""
    asked.last(SAM).open("Say whether").press("Yes, the new time")
    asked.later(minutes=5)
    asked.last(SAM).press("Take it back")
    asked.later(minutes=15)
    assert asked.last(MAYA).subject == "Your coffee chat stays on Tue 9 Mar, 4:30 pm"
    assert asked.subjects(MAYA).count(asked.last(MAYA).subject) == 1
    assert asked.chats() == STANDS
    assert asked.events(MAYA) == [(BEFORE, "NEEDS-ACTION")]
    page = asked.find(SAM, "A new time").open("Say whether")
    assert "Yes, the new time" not in page.words
    page = asked.last(MAYA).open("I can't make this time")  # the wish may be put anew
    page.press("Send", act=LATER)
    asked.run()
    assert asked.last(SAM).subject == "A new time for your coffee chat?"


def test_a_mentor_s_pick_leaves_the_chat_when_the_student_says_no(asked: Story) -> None:
    asked.last(SAM).open("Say whether").press("No, leave it as it is")
    asked.run()
    assert asked.last(MAYA).subject == "Your coffee chat stays on Tue 9 Mar, 4:30 pm"
    assert asked.chats() == STANDS
    assert asked.events(MAYA) == [(BEFORE, "NEEDS-ACTION")]


def test_a_mentor_s_pick_leaves_the_chat_when_the_student_is_silent(asked: Story) -> None:
    asked.later(hours=47)
    assert asked.last(MAYA).subject == "Coffee chat: Tue 9 Mar, 4:30 pm"
    asked.later(hours=2)
    assert asked.last(MAYA).subject == "Your coffee chat stays on Tue 9 Mar, 4:30 pm"
    assert asked.chats() == STANDS
    assert asked.events(SAM) == [(BEFORE, "ACCEPTED")]
    page = asked.find(SAM, "A new time").open("Say whether")
    assert "You are both expected" in page.words


def test_a_moved_chat_that_is_not_answered_lapses_for_both(story: Story) -> None:
    """The mentor looks for a new time after a miss, and moves it once more; the student never answers."""
    story.agrees()
    story.at("2027-03-10 08:30")
    story.find(MAYA, "Did you two meet").open("No, we did not meet").send(said="absent")
    story.run()
    missed = story.find(MAYA, "Shall we find another time?")
    page = missed.open("Tuesday 16 March").press("Choose this time")
    story.later(minutes=15)
    assert story.last(SAM).subject == "Coffee chat: Tue 16 Mar, 4:30 pm"
    page.follow("I can’t make this time").press("Send", act="move:1805230800")
    story.later(minutes=15)
    invitation = story.last(SAM)
    assert (invitation.subject, invitation.method) == ("New time: Tue 16 Mar, 5:00 pm", "REQUEST")
    assert len(story.events(SAM)) == 2
    story.at("2027-03-15 18:00")
    assert story.events(SAM) == [(BEFORE, "ACCEPTED")]  # the one that was missed
    assert story.last(SAM).method == "CANCEL"
    assert story.last(SAM).subject == "Coffee on Tue 16 Mar: the time goes to someone else"
    assert story.last(MAYA).subject == "Cancelled: coffee chat on Tue 16 Mar"
    assert "There was no answer to the new time" in story.last(MAYA).text
