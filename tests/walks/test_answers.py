"""From the invitation to an answer: by link, by calendar, taken back, or none at all."""

from tests.support.story import Story

def test_x(story: Story) -> None:
    letter = story.invites()
    print(letter.text)
    print(story.chats())
    letter.press("Yes, I'll be there")
    story.later(minutes=3)
    print(story.last("maya").text, story.chats(), story.mailroom.events("maya"))
    assert 0
