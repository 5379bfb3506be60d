"""What a chat's card says to its reader."""

from datetime import date, timedelta

import pytest

from scheduler import links
from scheduler.chats import card
from scheduler.chats.lifecycle import State
from scheduler.life import By
from tests.support import cast


@pytest.fixture(autouse=True)
def _bound():
    links.bind(cast.BASE_URL, [cast.SECRET])


def near(side, now, who=cast.ELSEWHERE):
    return card.show(cast.chat(who, State.CONFIRMED), side, now=now).near


def test_tomorrow_is_counted_on_the_readers_own_calendar():
    # Half past midnight in Berlin on the day of the chat is still the evening before in New York.
    now = cast.wall(date(2026, 11, 16), "18:30")
    assert (near(By.MENTOR, now), near(By.STUDENT, now)) == ("Tomorrow", "Today")


def test_a_day_with_one_hour_more_is_still_one_day():
    eve = cast.wall(date(2026, 11, 1), "00:30")
    assert near(By.MENTOR, eve, cast.AFTER_CHANGE) == "Tomorrow"


def test_two_days_off_is_neither_today_nor_tomorrow():
    assert near(By.MENTOR, cast.wall(date(2026, 11, 15), "23:59")) == ""
    assert card.show(cast.chat(cast.ORDINARY, State.CONFIRMED), By.MENTOR).near == ""


def test_day_and_hours_together_are_when():
    shown = card.show(cast.chat(cast.ELSEWHERE, State.CONFIRMED), By.STUDENT)
    assert shown.day_long == "Tuesday 17 November"
    assert shown.hours == "10:30 – 11:00 pm Central European Standard Time (Berlin)"
    assert shown.other_when == "Tuesday 17 November, 4:30 – 5:00 pm Eastern Standard Time (New York)"


def test_a_chat_over_which_the_clocks_change_names_both_its_zones():
    chat = cast.chat(cast.AFTER_CHANGE, State.CONFIRMED)
    chat.starts_at = cast.wall(date(2026, 11, 1), "01:30")
    chat.ends_at = chat.starts_at + timedelta(minutes=45)
    shown = card.show(chat, By.MENTOR)
    assert shown.day_long == "Sunday 1 November"
    assert shown.hours == (
        "1:30 am Eastern Daylight Time (New York) – 1:15 am Eastern Standard Time (New York)"
    )


def test_answer_by_names_its_own_zone():
    shown = card.show(cast.chat(cast.AFTER_CHANGE, State.PROPOSED), By.STUDENT)
    assert shown.answer_by == "Friday 30 October, 4:30 pm Eastern Daylight Time (New York)"
