"""Letters written before the outbox knew domain, digest and size have them after the upgrade."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import MetaData, Table, create_engine, insert, select

from scheduler.operating import schema
from tests.support import databases

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
EARLIER = {
    "event": "e",
    "letter": "chat_reminder",
    "about": "chat:1",
    "envelope_sender": "bounce@x.example.org",
    "subject": "x",
    "written_at": NOW,
    "try_at": NOW,
    "lane": "1 prompt",
    "never_twice": False,
    "shows": "",
    "state": "sent",
    "attempts": 1,
    "uncertain": 0,
    "why": "250 kept",
}


@pytest.fixture(params=databases.KINDS)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the version before, with more letters than one batch."""
    with databases.empty(request.param, tmp_path) as url:
        with schema.alone(url) as connection:
            command.upgrade(schema.alembic_config(connection), "0003")
            outgoing = Table("outgoing", MetaData(), autoload_with=connection)
            for number in range(1201):
                known = {"recipient": f"Sam{number}@Example.ORG", "message_id": f"<{number}@x>"}
                raw = b"" if number == 7 else b"Subject: %d\r\n\r\n" % number
                connection.execute(insert(outgoing).values(**EARLIER, **known, raw=raw))
        yield url


def test_every_letter_has_its_domain_digest_and_size(before: str) -> None:
    assert schema.upgrade(before)
    engine = create_engine(before)
    with engine.connect() as connection:
        outgoing = Table("outgoing", MetaData(), autoload_with=connection)
        known = outgoing.c
        rows = connection.execute(
            select(known.domain, known.digest, known.size, known.is_kept, known.recalled).order_by(known.id)
        ).all()
    engine.dispose()
    assert len(rows) == 1201
    assert tuple(rows[1200]) == ("example.org", sha256(b"Subject: 1200\r\n\r\n").hexdigest(), 17, True, "")
    assert tuple(rows[7]) == ("example.org", "", 0, False, "")
