"""Leases: one at a time, renewed by whoever has it, taken over when it has run out."""

import threading
from datetime import timedelta

import pytest

from scheduler import db, leases
from scheduler.clock import now
from tests.support import neighbour

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


def contended() -> list[bool]:
    """Eight try at once to take it; who of them got it, the losers first."""
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
    return sorted(got)


def test_of_many_at_once_one_gets_it() -> None:
    assert contended() == [False] * 7 + [True]


def test_a_killed_process_is_not_waited_for_and_a_living_one_is() -> None:
    with neighbour.living() as other:
        assert take(other.name)
        assert not take("a", later=MINUTE - timedelta(seconds=1))
        other.kill()
        assert take("a")
    assert not take("b", later=MINUTE - timedelta(seconds=1))


def test_of_another_host_s_process_nothing_is_known_so_its_lease_runs_out() -> None:
    with neighbour.living() as other:
        name = f"elsewhere/{other.name.partition('/')[2]}"
        assert take(name)
        other.kill()
        assert not take("a", later=MINUTE - timedelta(seconds=1))
        assert take("a", later=MINUTE)


def test_of_many_who_see_at_once_that_its_owner_is_gone_one_gets_it() -> None:
    with neighbour.living() as other:
        assert take(other.name)
        other.kill()
        assert contended() == [False] * 7 + [True]


def test_when_something_was_last_done_is_known_to_all() -> None:
    with db.reading() as session:
        assert leases.last_done(session, "sweep") is None
    with db.transaction() as session:
        leases.note_done(session, "sweep", now())
    with db.reading() as session:
        assert leases.last_done(session, "sweep") == now()
