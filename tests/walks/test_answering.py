"""From the invitation to an answer: by link, by calendar, taken back, or none at all."""

import pytest

from tests.support.story import Story

MAYA, SAM = "maya", "sam"
PROPOSED = ["Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, waiting for an answer"]
AGREED = ["Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, agreed"]
DECLINED = ["Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, declined"]
HALF_PAST_FOUR = "2027-03-09T21:30:00+00:00"


def test_a_student_accepts_by_the_link(story: Story) -> None:
    letter = story.invites()
    assert (letter.subject, letter.method) == ("Coffee chat: Tue 9 Mar, 4:30 pm", "REQUEST")
    assert story.chats() == PROPOSED
    assert "It is agreed" in letter.press("Yes, I'll be there").words
    story.run()
    assert story.events(SAM) == [(HALF_PAST_FOUR, "ACCEPTED")]
    assert story.subjects(MAYA)[-1] == "Thank you: your times, 8 – 19 Mar"
    story.later(minutes=2)
    assert story.subjects(MAYA)[-1] == "Coffee chat: Tue 9 Mar, 4:30 pm"
    assert story.chats() == AGREED
    story.calendars_are_true()


@pytest.mark.parametrize("style", ["google", "outlook"])
def test_a_student_accepts_in_the_calendar(story: Story, style: str) -> None:
    story.invites()
    story.answers(SAM, "ACCEPTED", style=style)
    story.later(minutes=2)
    assert story.chats() == AGREED
    assert story.events(SAM) == [(HALF_PAST_FOUR, "ACCEPTED")]
    assert story.last(MAYA).method == "REQUEST"


def test_a_student_declines_in_the_calendar(story: Story) -> None:
    story.invites()
    story.answers(SAM, "DECLINED")
    assert story.chats() == DECLINED
    assert story.last(SAM).method == "CANCEL"
    assert story.events(SAM) == []


def test_a_mentor_declines_in_the_calendar(story: Story) -> None:
    story.agrees()
    story.answers(MAYA, "DECLINED", style="outlook")
    assert story.events(MAYA) == []
    assert story.events(SAM) == [(HALF_PAST_FOUR, "ACCEPTED")]
    story.later(minutes=10)
    assert story.events(SAM) == []
    assert story.last(SAM).subject == "Cancelled: coffee chat on Tue 9 Mar"
    assert story.chats() == DECLINED


def test_maybe_is_neither_yes_nor_no(story: Story) -> None:
    story.invites()
    story.answers(SAM, "TENTATIVE")
    assert story.chats() == PROPOSED


def test_what_a_student_declines_before_the_mentor_knew_is_never_told(story: Story) -> None:
    letter = story.invites()
    before = story.subjects(MAYA)
    letter.open("I can't make this time").press("Send", act="decline")
    story.at("2027-03-08 07:00")
    assert story.chats() == DECLINED
    assert story.subjects(MAYA)[: len(before)] == before
    assert not any("Sam" in mail.text for mail in story.mailroom.to(MAYA))


def test_a_student_takes_a_yes_back_before_the_mentor_hears(story: Story) -> None:
    story.invites().press("Yes, I'll be there")
    story.later(minutes=1)
    story.last(SAM).press("Take it back")
    story.later(minutes=5)
    assert story.chats() == PROPOSED
    assert story.events(SAM) == [(HALF_PAST_FOUR, "NEEDS-ACTION")]
    assert story.events(MAYA) == []
    story.answers(SAM, "ACCEPTED")
    assert story.chats() == AGREED


def test_a_student_takes_a_no_back(story: Story) -> None:
    story.agrees()
    story.last(SAM).open("Move or cancel").press("Send", act="decline")
    story.later(minutes=9)
    assert story.events(SAM) == []
    story.last(SAM).press("Take it back")
    story.later(minutes=15)
    assert story.chats() == AGREED
    assert story.events(SAM) == [(HALF_PAST_FOUR, "ACCEPTED")]
    assert story.subjects(MAYA)[-1] == "Coffee chat: Tue 9 Mar, 4:30 pm"


def test_a_no_can_not_be_taken_back_when_the_mentor_knows(story: Story) -> None:
    story.agrees()
    story.last(SAM).open("Move or cancel").press("Send", act="decline")
    story.later(minutes=11)
    page = story.last(SAM).open("Take it back")
    assert "can no longer be taken back" in page.words
    assert page.client.post(page.url).status_code == 409
    assert story.chats() == DECLINED


def test_an_unanswered_time_goes_to_someone_left_out(story: Story) -> None:
    story.opens_round()
    story.offers(MAYA, "2027-03-16 16:30-17:00")
    story.wishes(SAM)
    story.wishes("lee")
    story.publishes()
    assert [row.partition(",")[0] for row in story.chats()] == ["Sam and Maya"]
    assert story.last("lee").subject == "No chat this time; you go first next round"
    story.at("2027-03-03 09:30")
    assert story.last(SAM).subject == "Would Tue 16 Mar, 4:30 pm suit you?"
    story.at("2027-03-04 11:05")
    assert story.last(SAM).subject == "Coffee on Tue 16 Mar: the time goes to someone else"
    assert story.events(SAM) == []
    story.later(minutes=10)
    assert story.last("lee").subject == "Coffee chat: Tue 16 Mar, 4:30 pm"
    story.last("lee").press("Yes, I'll be there")
    story.later(minutes=3)
    assert story.chats() == [
        "Sam and Maya, Tue 16 Mar, 4:30 – 5:00 pm, not answered in time",
        "Lee and Maya, Tue 16 Mar, 4:30 – 5:00 pm, agreed",
    ]
    assert not any("Sam" in mail.text for mail in story.mailroom.to(MAYA))


def test_a_mentor_declines_in_the_calendar_after_an_unseen_change(story: Story) -> None:
    story.agrees()
    story.last(SAM).open("Move or cancel").press("Send", act="cancel")
    story.run()
    story.last(SAM).press("Take it back")
    story.later(minutes=15)
    story.answers(MAYA, "DECLINED")
    assert story.chats() == DECLINED


def test_no_to_a_time_that_is_being_moved_is_no_answer_to_the_new_one(story: Story) -> None:
    story.agrees()
    story.last(SAM).open("Move or cancel").press("Send", act="move:1804800600")
    story.run()
    story.answers(MAYA, "DECLINED")
    assert story.chats() == ["Sam and Maya, Thu 11 Mar, 4:30 – 5:00 pm, agreed"]


def test_a_chat_in_place_of_one_the_mentor_never_knew_is_their_first(story: Story) -> None:
    story.invites().open("I can't make this time").press("Send", act="decline")
    story.run()
    story.last(SAM).open("Tuesday 16 March").press("Choose this time")
    story.later(minutes=11)
    assert story.chats() == [*DECLINED, "Sam and Maya, Tue 16 Mar, 4:30 – 5:00 pm, agreed"]
    assert "in place of the one on Tuesday 9 March." in story.last(SAM).text.replace("\r\n", " ")
    assert "in place of" not in story.last(MAYA).text
    assert story.last(MAYA).method == "REQUEST"
