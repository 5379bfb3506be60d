"""The event as a file, for a calendar that shows nothing."""

import email
from datetime import date

import icalendar
import pytest
from flask import Flask

from scheduler import clock, db
from scheduler.chats import answering, card
from scheduler.chats.chat import Chat
from scheduler.life import By, Via
from tests.support.world import World


@pytest.fixture
def chat(world: World) -> int:
    """Sam is proposed to meet Maya."""
    round_id = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    chat_id = world.chat(round_id, "maya", "sam", "2027-03-09 16:30")
    world.run()
    return chat_id


def path_of(chat_id: int, side: By = By.STUDENT) -> str:
    with db.reading() as session:
        chat = session.get_one(Chat, chat_id)
        return "/" + card.link(chat, side, "chat").split("/", 3)[3]


def attached(raw: bytes) -> bytes:
    parts = email.message_from_bytes(raw).walk()
    return next(bytes(part.get_payload(decode=True)) for part in parts if part.get_filename() == "invite.ics")


def test_the_page_offers_the_very_event_of_the_invitation(world: World, chat: int, app: Flask) -> None:
    client = app.test_client()
    page = client.get(path_of(chat))
    assert f'{path_of(chat)}/invite.ics">Download the event</a>' in page.text
    answer = client.get(f"{path_of(chat)}/invite.ics")
    mail = next(mail for mail in world.mailroom.to("sam") if mail.method == "REQUEST")
    assert answer.data == attached(mail.raw)
    assert answer.content_type == "text/calendar; charset=utf-8"
    event = icalendar.Calendar.from_ical(answer.data).walk("VEVENT")[0]
    assert event["ATTENDEE"] == "mailto:sam@example.org"


def test_who_was_sent_no_event_is_offered_none(world: World, chat: int, app: Flask) -> None:
    client = app.test_client()
    assert "Download the event" not in client.get(path_of(chat, By.MENTOR)).text
    assert client.get(f"{path_of(chat, By.MENTOR)}/invite.ics").status_code == 404


def test_a_chat_that_is_off_has_no_event_any_more(world: World, chat: int, app: Flask) -> None:
    with db.transaction() as session:
        found = session.get_one(Chat, chat)
        answering.decline(session, found, clock.now(), by=By.STUDENT, via=Via.LINK)
    world.later(minutes=15)
    assert app.test_client().get(f"{path_of(chat)}/invite.ics").status_code == 404
