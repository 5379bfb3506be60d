"""PostgreSQL killed in the midst of letters: what it said is kept, it keeps, and each letter comes once."""

import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from scheduler import db
from scheduler.mail import transport
from scheduler.operating import schema
from tests.support import left_out, post
from tests.support.commands import eventually
from tests.support.slow_sink import slowly

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("smtp_allowed")]
SCRIPT = Path(__file__).parents[1] / "support" / "postgres.sh"
LETTERS, LETTER_SECONDS = 60, 0.02


@pytest.fixture
def server() -> Iterator[dict[str, str]]:
    """A PostgreSQL of the test's own that keeps what it says, as shipped; its address and its folder."""
    left_out.require(os.environ.get("TEST_POSTGRES_URL"), "TEST_POSTGRES_URL names no PostgreSQL server")
    surroundings = {**os.environ, "DURABLE": "1"}
    said = subprocess.run([SCRIPT, "start"], env=surroundings, stdout=subprocess.PIPE, text=True, check=True)
    found = dict(re.findall(r"export (\w+)='(.*)'", said.stdout))
    try:
        yield found
    finally:
        db.unbind()
        subprocess.run([SCRIPT, "stop", found["TEST_POSTGRES_DIR"]], check=True)


def send(url: str) -> None:
    """Send; a batch that cannot be claimed meanwhile is for the next run."""
    with suppress(SQLAlchemyError):
        post.deliver(transport.to(url))


def test_a_crash_loses_no_letter_and_sends_none_twice(server: dict[str, str]) -> None:
    schema.upgrade(server["TEST_POSTGRES_URL"])
    db.bind(server["TEST_POSTGRES_URL"])
    post.put(*post.many(LETTERS))
    with slowly(LETTER_SECONDS) as sink:
        sender = threading.Thread(target=send, args=(sink.url,))
        sender.start()
        eventually(lambda: len(sink.taken) >= LETTERS // 3, "no letter leaves")
        subprocess.run([SCRIPT, "crash", server["TEST_POSTGRES_DIR"]], check=True)
        sender.join()
        while post.deliver(transport.to(sink.url)):
            pass
    assert post.states() == ["sent"] * LETTERS
    assert sink.copies == {row.raw: 1 for row in post.rows()}
