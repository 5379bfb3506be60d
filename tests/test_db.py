"""The database's promises: aware instants, whole transactions, one poisoned row stops nobody."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from scheduler import clock, db, limits
from scheduler.limits import Count
from scheduler.mail import inbox
from scheduler.mail.envelope import Incoming

pytestmark = pytest.mark.usefixtures("service")


def test_an_instant_comes_back_in_utc_whatever_zone_it_went_in() -> None:
    there = datetime(2027, 3, 14, 12, tzinfo=ZoneInfo("Asia/Kolkata"))
    with db.transaction() as session:
        session.add(Count(key="k", began_at=there))
    with db.reading() as session:
        found = session.scalars(select(Count)).one().began_at
    assert (found, found.tzinfo) == (datetime(2027, 3, 14, 6, 30, tzinfo=UTC), UTC)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(StatementError, match="naive"), db.transaction() as session:
        session.add(Count(key="k", began_at=datetime(2027, 3, 14)))  # noqa: DTZ001  # what is refused


def test_a_transaction_that_raises_leaves_nothing() -> None:
    def fail() -> None:
        with db.transaction() as session:
            session.add(Count(key="k", began_at=clock.now()))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with db.reading() as session:
        assert session.scalar(select(Count.id)) is None


def test_what_is_changed_while_reading_is_dropped() -> None:
    with db.reading() as session:
        session.add(Count(key="k", began_at=clock.now()))
    with db.reading() as session:
        assert session.scalar(select(Count.id)) is None


def test_one_poisoned_row_is_put_off_and_the_others_go_on() -> None:
    with db.transaction() as session:
        for number in range(3):
            inbox.store(session, f"Message-ID: <{number}@x>\r\n\r\n".encode(), clock.now())
    handled = []

    def handle(session: Session, mail: Incoming) -> None:
        if mail.id == 2:
            raise ValueError("poison")
        handled.append(mail.id)
        mail.due_at = None

    assert db.each_due(Incoming, clock.now(), handle) == 2
    assert handled == [1, 3]
    with db.reading() as session:
        poisoned = session.get_one(Incoming, 2)
        assert (poisoned.due_at, poisoned.tries) == (clock.now() + timedelta(hours=1), 1)


def test_foreign_keys_are_kept() -> None:
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.execute(text("INSERT INTO coordinates VALUES (77, 78)"))


def test_a_database_bound_again_is_read_anew(database_url: str, tmp_path: Path) -> None:
    with db.transaction() as session:
        session.add(Count(key="k", began_at=clock.now()))
    db.bind(f"sqlite:///{tmp_path / 'other.db'}")
    db.Base.metadata.create_all(db.engine())
    with db.reading() as session:
        assert session.scalar(select(Count.key)) is None
    db.bind(database_url)
    with db.reading() as session:
        assert session.scalar(select(Count.key)) == "k"


def test_a_limit_counts_within_its_span_and_forgets_after_it() -> None:
    now = clock.now()

    def allowed(moment: datetime, whom: str = "sam@example.org") -> bool:
        with db.transaction() as session:
            return limits.allows(session, "mail", whom, moment, most=2, within=timedelta(minutes=10))

    assert [allowed(now), allowed(now), allowed(now)] == [True, True, False]
    assert allowed(now, "lee@example.org")
    assert allowed(now + timedelta(minutes=10))
    with db.reading() as session:
        assert not any("sam" in key for key in session.scalars(select(Count.key)))
    with db.transaction() as session:
        limits.forget(session, now + timedelta(days=1))
    assert allowed(now)
