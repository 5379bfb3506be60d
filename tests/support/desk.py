"""The coordinator's desk in a test: a signed-in browser, pages looked at, buttons pressed."""

import re
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from scheduler import clock, db
from scheduler.chats import outcome, record
from scheduler.chats.chat import Chat
from scheduler.chats.lifecycle import Act, Report
from scheduler.life import By, Via
from scheduler.programme import admitting
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.programme import Programme

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def sign_in(app: Flask, email: str = "ada@example.org") -> "Desk":
    """A browser of the coordinator with this address, come in by an invitation."""
    with db.transaction() as session:
        found = session.scalars(select(Coordinator).where(Coordinator.email == email)).one()
        path = admitting.invite(session, found, clock.now()).removeprefix("http://localhost")
    client = app.test_client()
    assert client.post(path).status_code == 303
    return Desk(client)


def accept(chat_id: int) -> None:
    """The chat's student accepts by the link."""
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        record.happen(session, chat, Act.ACCEPT, clock.now(), via=Via.LINK, by=By.STUDENT)


def report(chat_id: int, student: Report, mentor: Report) -> None:
    """Both say whether they met, the student first."""
    with db.transaction() as session:
        chat = session.get_one(Chat, chat_id)
        outcome.report(session, chat, By.STUDENT, student, clock.now(), via=Via.LINK)
        outcome.report(session, chat, By.MENTOR, mentor, clock.now(), via=Via.LINK)


def add_coordinator(email: str, *programmes: int) -> None:
    """Somebody else, with a programme of their own unless some are given."""
    with db.transaction() as session:
        now = clock.now()
        own = [session.get_one(Programme, number) for number in programmes]
        own = own or [Programme(name="Lakeside", timezone="America/New_York", created_at=now)]
        session.add(Coordinator(email=email, name=email[:3].title(), created_at=now, programmes=own))


class Desk:
    """A signed-in browser; `press` sends a form of the page last looked at, as its button would."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.text = ""

    def see(self, path: str) -> str:
        """The page at this path, which must be there; its text without tags."""
        answer = self.client.get(path, follow_redirects=True)
        assert answer.status_code == 200, f"{path}: {answer.status_code}\n{answer.text}"
        self.text = answer.text
        return words(answer.text)

    def press(self, path: str, **fields: object) -> str:
        """Send a form; where it leads must be there. Its text without tags."""
        answer = self.send(path, **fields)
        assert answer.status_code == 303, f"{path}: {answer.status_code}\n{words(answer.text)}"
        return self.see(answer.headers["Location"])

    def send(self, path: str, **fields: object) -> TestResponse:
        """Send a form with a token of its own, wherever that leads."""
        return self.client.post(path, data={"csrf_token": self.token(), **fields})

    def token(self) -> str:
        """A token against forged forms, from a page that has one."""
        found = TOKEN.search(self.client.get("/board", follow_redirects=True).text)
        assert found is not None
        return found[1]


def words(html: str) -> str:
    """What a reader of the page reads."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
