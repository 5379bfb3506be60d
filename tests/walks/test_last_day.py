"""A no-show on a round's last day: no time is left, so both give some of the fortnight after it."""

from tests.support.story import LAST, Story

MAYA, SAM = "maya", "sam"
MISSED = "Sam and Maya, Fri 19 Mar, 4:30 – 5:00 pm, did not take place"
AGAIN_ON = "Sam and Maya, Fri 2 Apr, 12:30 – 1:00 pm"
QUESTION = "Did you two meet on Friday?"


def the_last_chat_is_missed(story: Story) -> None:
    """Their one chat lies on the round's last day; on the morning after, Sam says nobody came."""
    story.invites(MAYA, SAM, f"{LAST} 16:30-17:00").press("Yes, I'll be there")
    story.at("2027-03-20 08:30")
    assert [story.last(name).subject for name in (SAM, MAYA)] == [QUESTION, QUESTION]
    story.says(SAM, "absent")
    story.later(minutes=11)
    assert story.chats() == [MISSED]


def test_a_no_show_on_the_last_day_is_followed_up_before_the_round_closes(story: Story) -> None:
    the_last_chat_is_missed(story)
    letters = [story.find(name, "Shall we find another time?") for name in (MAYA, SAM)]
    assert all("No time is left that you both gave." in letter.text for letter in letters)
    mentors, students = [letter.open("Pick times for this chat") for letter in letters]
    # The fortnight after the last day can be ticked to its end, and no further.
    assert all("20270402-1630-1830" in page.text for page in (mentors, students))
    assert not any("20270405" in page.text for page in (mentors, students))
    page = mentors.send(t=["20270330-1630-1830", "20270402-1200-1300"])
    assert "There is still no time that suits you both" in page.words
    page = students.send(t=["20270402-1230-1300"])
    assert "It is agreed: Friday 2 April" in page.press("Choose this time").words
    story.later(minutes=3)
    assert story.chats() == [MISSED, f"{AGAIN_ON}, agreed"]
    assert [story.last(name).method for name in (SAM, MAYA)] == ["REQUEST", "REQUEST"]

    story.at("2027-04-02 09:00")  # the clock would have closed the round four days ago
    assert "Closed." not in story.board(story.round_page).words
    story.at("2027-04-03 08:30")
    for name in (SAM, MAYA):
        story.says(name, "met")
    assert story.chats() == [MISSED, f"{AGAIN_ON}, met"]
    assert "Closed." not in story.board(story.round_page).words
    story.at("2027-04-04 09:00")
    assert "Closed." in story.board(story.round_page).words
    story.calendars_are_true()
