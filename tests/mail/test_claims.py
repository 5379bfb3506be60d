"""Letters have one sender at a time; what one leaves behind goes on, and only what was begun is uncertain."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from scheduler import db, owners
from scheduler.clock import machine_time, now
from scheduler.mail import claims, delivery
from scheduler.mail.claims import Claimed
from scheduler.mail.delivery import Pace
from scheduler.mail.envelope import Outgoing
from scheduler.mail.transport import Blame, Smtp, Trouble
from scheduler.small_writes import SmallWrites
from tests.support import crashing, post
from tests.support.clock import Clock
from tests.support.mailroom import Mailroom
from tests.support.post import letter, put
from tests.support.scripted_smtp import serving

pytestmark = pytest.mark.usefixtures("service")
LEASE = timedelta(minutes=5)


def claim(owner: str, most: int = 50) -> list[Claimed]:
    """A batch as a sender claims it."""
    with db.transaction() as session:
        return claims.claim(session, owner, now(), now() + LEASE, most, claims.brake(session, now()))


@pytest.fixture(scope="module")
def dead() -> str:
    """The name of a sender whose process has ended."""
    words = [sys.executable, "-c", "from scheduler import owners; print(owners.begin())"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def alive() -> Iterator[str]:
    """The name of a sender at work."""
    name = owners.begin()
    yield name
    owners.end(name)


def settled(owner: str, letter_id: int) -> bool:
    with SmallWrites() as quick:
        return claims.settle_sent(quick, owner, letter_id, "250 kept", now())


def test_of_a_dead_sender_s_letters_only_the_first_unsettled_may_have_been_sent(
    mailroom: Mailroom, dead: str
) -> None:
    put(*post.many(4))
    batch = claim(dead)
    settled(dead, batch[0].id)
    assert post.deliver(mailroom) == 3  # at once: no lease has to run out
    rows = post.rows()
    assert [(row.attempts, row.uncertain) for row in rows] == [(1, 0), (2, 1), (1, 0), (1, 0)]
    assert post.states() == ["sent"] * 4


def test_a_letter_never_sent_twice_is_given_up_only_if_it_may_have_been_sent(
    mailroom: Mailroom, dead: str
) -> None:
    put(*post.many(2, never_twice=True))
    claim(dead)
    assert post.deliver(mailroom) == 1
    assert post.fates() == [("given up", 1, "it broke off while it was being sent"), ("sent", 1, "250 kept")]


def test_what_was_passed_over_is_not_taken_for_the_letter_under_way(mailroom: Mailroom) -> None:
    addresses = ("a@resting.edu", "b@resting.edu", "c@other.edu")
    put(*[letter(n, about=to, recipient=to, never_twice=True) for n, to in enumerate(addresses)])

    class Picky(Mailroom):
        def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
            if recipient == addresses[0]:
                raise Trouble(Blame.DOMAIN, "421 4.7.28 too many")
            return super().send(envelope_sender, recipient, raw)

    crashing.dies_at("delivery.after_send", 1, lambda: post.deliver(Picky()))
    assert post.deliver(mailroom) == 0  # the third may have arrived, and the second's server rests
    assert [(str(row.state), row.attempts, row.uncertain) for row in post.rows()] == [
        ("waiting", 1, 0),
        ("waiting", 0, 0),
        ("given up", 1, 1),
    ]


def test_of_another_host_s_letters_only_the_end_of_the_lease_tells(mailroom: Mailroom, clock: Clock) -> None:
    put(*post.many(2))
    claim("elsewhere:1:1:1")
    machine = Clock()
    clock.advance(days=40)  # a demo's jump ends no lease
    assert post.deliver(mailroom, machine_now=machine.now) == 0
    with db.reading() as session:
        moment = delivery.next_try(session, now(), machine.now())
    assert moment == now() + LEASE
    machine.advance(minutes=5)
    assert post.deliver(mailroom, machine_now=machine.now) == 2
    assert [row.uncertain for row in post.rows()] == [1, 0]


def test_a_sender_at_work_is_left_alone(mailroom: Mailroom, alive: str) -> None:
    put(*post.many(2))
    claim(alive)
    assert post.deliver(mailroom) == 0
    assert post.states() == ["sending", "sending"]


def test_a_run_that_breaks_off_in_a_living_process_is_taken_over_by_the_next(mailroom: Mailroom) -> None:
    put(*post.many(3))

    class Broken(Mailroom):
        def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        post.deliver(Broken())
    assert post.states() == ["sending"] * 3
    assert post.deliver(mailroom) == 3
    assert [row.uncertain for row in post.rows()] == [1, 0, 0]


def test_a_slow_sender_does_not_mark_what_another_has_taken_over(mailroom: Mailroom) -> None:
    put(*post.many(3))

    class Overtaken(Mailroom):
        def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
            with db.transaction() as session:
                session.execute(update(Outgoing).values(owner="another"))
            return super().send(envelope_sender, recipient, raw)

    way = Overtaken()
    post.deliver(way)
    assert len(way.mails) == 1  # the rest of the batch is the other's too
    assert [(row.owner, str(row.state)) for row in post.rows()] == [("another", "sending")] * 3


@pytest.mark.parametrize("finish", ["hand_back", "settle"])
def test_what_is_not_ours_any_more_cannot_be_changed(alive: str, finish: str) -> None:
    put(letter(1))
    claim(alive)
    if finish == "settle":
        assert not settled("somebody else", 1)
    else:
        with db.transaction() as session:
            claims.hand_back(session, "somebody else", [1])
    assert (post.states(), post.rows()[0].owner) == (["sending"], alive)


def test_two_who_claim_at_once_never_get_the_same_letter() -> None:
    put(*post.many(60))
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda name: claim(name, 10), [f"sender {n}" for n in range(6)]))
    ids = [one.id for batch in batches for one in batch]
    assert len(ids) == len(set(ids)) <= 60


@pytest.mark.usefixtures("smtp_allowed")
@pytest.mark.parametrize(
    ("letters", "connections", "opened"), [(20, 4, 1), (40, 4, 2), (70, 2, 2), (90, 4, 4)]
)
def test_more_connections_are_opened_only_for_many_letters(
    letters: int, connections: int, opened: int
) -> None:
    before = delivery.pace()
    delivery.bind(Pace(connections=connections))
    put(*post.many(letters))
    with serving() as server:
        assert post.deliver(Smtp(server.url), machine_now=machine_time) == letters
    delivery.bind(before)
    assert sorted(server.taken) == sorted(row.raw for row in post.rows())
    assert 1 <= server.connections <= opened
    assert (server.connections == 1) == (opened == 1)


@pytest.mark.usefixtures("smtp_allowed")
def test_a_server_that_does_not_take_us_is_called_once(clock: Clock) -> None:
    before = delivery.pace()
    delivery.bind(Pace(connections=4))
    put(*post.many(90))
    with serving({"connect": "554 go away"}) as server:
        assert post.deliver(Smtp(server.url)) == 0
        assert server.connections == 1
    delivery.bind(before)
