"""Leases: one at a time, renewed by whoever has it, taken over when it has run out."""

import threading
from datetime import timedelta

import pytest

from scheduler import db, leases
from scheduler.clock import now

pytestmark = pytest.mark.usefixtures("service")
MINUTE = timedelta(minutes=1)


def take(owner: str, *, later: timedelta = timedelta(0)) -> bool:
    with db.transaction() as session:
        return leases.take(session, "clock", owner, now() + later, length=MINUTE)


def test_a_lease_is_one_owners_until_it_runs_out() -> None:
    assert take("a")
    assert not take("b")
    assert not take("b", later=MINUTE - timedelta(seconds=1))
    assert take("b", later=MINUTE)
    assert not take("a", later=MINUTE)


def test_its_owner_renews_it() -> None:
    assert take("a")
    assert take("a", later=MINUTE / 2)
    assert not take("b", later=MINUTE)


def test_what_is_given_back_is_free_and_only_its_owner_gives_it_back() -> None:
    assert take("a")
    with db.transaction() as session:
        leases.let_go(session, "clock", "b")
    assert not take("b")
    with db.transaction() as session:
        leases.let_go(session, "clock", "a")
    assert take("b")


def test_of_many_at_once_one_gets_it() -> None:
    got: list[bool] = []
    ready = threading.Barrier(8)

    def contend(number: int) -> None:
        ready.wait()
        got.append(take(f"owner {number}"))

    threads = [threading.Thread(target=contend, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(got) == [False] * 7 + [True]


def test_when_something_was_last_done_is_known_to_all() -> None:
    with db.reading() as session:
        assert leases.last_done(session, "sweep") is None
    with db.transaction() as session:
        leases.note_done(session, "sweep", now())
    with db.reading() as session:
        assert leases.last_done(session, "sweep") == now()
