"""PostgreSQL killed in the midst of letters: what it said is kept, it keeps, and each letter comes once."""

import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy.exc import SQLAlchemyError

from scheduler import db
from scheduler.mail import transport
from scheduler.operating import schema
from tests.support import databases, post
from tests.support.commands import eventually
from tests.support.databases import Server
from tests.support.slow_sink import slowly

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("smtp_allowed")]
LETTERS, LETTER_SECONDS = 60, 0.02


@pytest.fixture
def server() -> Iterator[Server]:
    """One that keeps what it says, as shipped."""
    with databases.server(DURABLE="1") as made:
        yield made


def send(url: str) -> None:
    """Send; a batch that cannot be claimed meanwhile is for the next run."""
    with suppress(SQLAlchemyError):
        post.deliver(transport.to(url))


def test_a_crash_loses_no_letter_and_sends_none_twice(server: Server) -> None:
    schema.upgrade(server.url)
    db.bind(server.url)
    post.put(*post.many(LETTERS))
    with slowly(LETTER_SECONDS) as sink:
        sender = threading.Thread(target=send, args=(sink.url,))
        sender.start()
        eventually(lambda: len(sink.taken) >= LETTERS // 3, "no letter leaves")
        server.crash()
        sender.join()
        while post.deliver(transport.to(sink.url)):
            pass
    assert post.states() == ["sent"] * LETTERS
    assert sink.copies == {row.raw: 1 for row in post.rows()}
