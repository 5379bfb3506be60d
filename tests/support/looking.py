"""Looking at pages behind links: their paths, what they show, and that looking changes nothing."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import db
from scheduler.availability import ask_card, asking
from scheduler.availability.ask import Ask
from scheduler.chats import card
from scheduler.chats.chat import Chat
from scheduler.life import By
from scheduler.programme import contact
from scheduler.programme.round import Round
from tests.support.mailroom import Page
from tests.support.world import World


def tables() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with db.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table))]
            for table in db.Base.metadata.sorted_tables
        }


def chat_path(chat_id: int, side: By, act: str = "chat", **claims: int) -> str:
    """Where a letter's link for `act` leads to."""
    with db.reading() as session:
        return urlsplit(card.link(session.get_one(Chat, chat_id), side, act, **claims)).path


def ask_path(world: World, round_id: int, name: str, answer: str) -> str:
    """Where an ask's letter leads to."""
    with db.reading() as session:
        return urlsplit(ask_card.link(find_ask(session, world, round_id, name), answer)).path


def find_ask(session: Session, world: World, round_id: int, name: str) -> Ask:
    """What somebody of the cast was asked in a round."""
    person = world.person(session, name)
    role = "mentor" if person.is_mentor else "student"
    found = asking.find(session, session.get_one(Round, round_id), person, role)
    assert found is not None
    return found


def me_path(world: World, name: str, purpose: str = "me") -> str:
    """Where the links to somebody's own page, or to one-click silence, lead to."""
    with db.reading() as session:
        person = world.person(session, name)
        url = contact.preferences_url(person) if purpose == "me" else contact.unsubscribe_url(person)
        return urlsplit(url).path


def opened(world: World, path: str) -> Page:
    """The page at a path."""
    assert world.mailroom.client is not None
    answer = world.mailroom.client.get(path)
    return Page(world.mailroom.client, path, answer.status_code, answer.text)


def looks_only(world: World, path: str) -> bool:
    """Whether GET and HEAD, twice each, leave every table as it was."""
    client = world.mailroom.client
    assert client is not None
    before = tables()
    codes = [ask(path).status_code for ask in (client.get, client.head, client.get, client.head)]
    assert codes == [codes[0]] * 4
    return tables() == before


def words(page: Page) -> str:
    """What stands on the page, without its tags."""
    body = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", body.partition(">")[2]).split())


def ticked(page: Page) -> list[str]:
    """The keys of the boxes that are ticked."""
    return re.findall(r'name="t" value="([\d-]+)" checked', page.text)


def chosen(page: Page, name: str) -> list[str]:
    """The values of the radios of a group that are chosen beforehand."""
    return re.findall(rf'type="radio" name="{name}" value="([^"]*)" checked', page.text)


def wall(moment: datetime, zone: str, shape: str) -> str:
    """A moment as the clocks of `zone` show it, in the `shape` of strftime."""
    return moment.astimezone(ZoneInfo(zone)).strftime(shape)
