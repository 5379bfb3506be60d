"""What keeps letters back: whoever may say so, a mail server that wants rest, and the rates that are set."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler import db
from scheduler.clock import now
from scheduler.mail import delivery, holds
from scheduler.mail.delivery import Pace
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.mail.holds import Hold
from scheduler.mail.transport import Blame, Trouble
from tests.support import post
from tests.support.clock import Clock
from tests.support.mailroom import Mailroom
from tests.support.post import letter, put

pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture(autouse=True)
def _usual_pace() -> Iterator[None]:
    """Whatever pace a test sets, the next one begins at the usual one."""
    before = delivery.pace()
    yield
    delivery.bind(before)


def hold(scope: str) -> bool:
    with db.transaction() as session:
        return holds.set_up(session, scope, "the hospital moves", now(), by="Ada")


def lift(scope: str) -> bool:
    with db.transaction() as session:
        return holds.lift(session, scope)


def until(scope: str) -> timedelta | None:
    """For how long this still rests."""
    with db.reading() as session:
        found = session.scalars(select(Hold).where(Hold.scope == scope)).one_or_none()
        return None if found is None or found.until is None else found.until - now()


def next_try() -> timedelta | None:
    with db.reading() as session:
        found = delivery.next_try(session, now())
    return None if found is None else found - now()


def test_the_operator_holds_every_letter_until_it_is_let_go(mailroom: Mailroom, clock: Clock) -> None:
    put(letter(1), letter(2, about="b", programme_id=None))
    assert (hold(holds.ALL), hold(holds.ALL)) == (True, False)
    clock.advance(days=3)
    assert (post.deliver(mailroom), next_try()) == (0, None)
    assert (lift(holds.ALL), lift(holds.ALL)) == (True, False)
    assert post.deliver(mailroom) == 2


def test_a_programme_s_pause_keeps_its_own_letters_and_no_others(mailroom: Mailroom, clock: Clock) -> None:
    put(
        letter(1),
        letter(2, about="b", programme_id=2),
        letter(3, about="c", programme_id=None),  # a sign-in
        letter(4, about="d", useful_until=now() + timedelta(hours=1)),
    )
    hold(holds.programme(1))
    assert post.deliver(mailroom) == 2
    clock.advance(hours=1)
    assert post.deliver(mailroom) == 0
    lift(holds.programme(1))
    assert post.deliver(mailroom) == 1
    assert post.states() == ["sent", "sent", "sent", "withdrawn"]


def test_after_trouble_of_ours_all_rests_longer_each_time_till_one_letter_leaves(
    mailroom: Mailroom, clock: Clock
) -> None:
    put(*post.many(60))
    mailroom.trouble = Trouble(Blame.OURS, "the mail server cannot be reached")
    rests = []
    for _ in range(7):
        post.deliver(mailroom)
        rest = until(holds.SERVER)
        assert rest is not None
        assert next_try() == rest
        rests.append(int(rest.total_seconds()))
        assert post.deliver(mailroom) == 0  # at rest nobody tries
        clock.advance(seconds=rests[-1])
    assert rests == [15, 30, 60, 120, 300, 300, 300]
    assert {row.attempts for row in post.rows()} == {0}
    mailroom.trouble = None
    clock.advance(minutes=1)
    assert post.deliver(mailroom) == 60
    assert until(holds.SERVER) is None


def test_only_one_letter_is_risked_when_a_rest_is_over(mailroom: Mailroom, clock: Clock) -> None:
    put(*post.many(5))
    mailroom.trouble = Trouble(Blame.OURS, "421 busy")
    post.deliver(mailroom)
    clock.advance(minutes=2)
    begun: list[int] = []

    class Watched(Mailroom):
        def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
            begun.append(post.states().count("sending"))
            return super().send(envelope_sender, recipient, raw)

    assert post.deliver(Watched()) == 5
    assert begun[:2] == [1, 4]


def test_two_refused_at_once_make_the_rest_no_longer() -> None:
    for _ in range(2):
        with db.transaction() as session:
            holds.rest(session, holds.SERVER, "421 busy", now())
    assert until(holds.SERVER) == timedelta(seconds=15)


class OneAMinute(Mailroom):
    """Its domain x.edu takes so many letters a minute and no more."""

    def __init__(self, clock: Clock, most: int) -> None:
        super().__init__()
        self.clock, self.most, self.tried = clock, most, list[timedelta]()
        self.began = clock.now()

    def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
        if recipient.endswith("@x.edu"):
            at = self.clock.now() - self.began
            self.tried.append(at)
            if len([one for one in self.tried if one > at - timedelta(minutes=1)]) > self.most:
                raise Trouble(Blame.DOMAIN, "421 4.7.28 unusual rate")
        return super().send(envelope_sender, recipient, raw)


def test_a_domain_that_takes_so_many_rests_alone_and_gets_all_its_letters(clock: Clock) -> None:
    put(*[letter(n, about=f"a:{n}", recipient=f"p{n}@x.edu") for n in range(100)])
    put(*[letter(n, about=f"b:{n}", recipient=f"p{n}@y.edu") for n in range(100, 120)])
    way = OneAMinute(clock, 30)
    assert post.deliver(way) == 50  # thirty there, and all of the others
    assert until(holds.domain("x.edu")) == timedelta(minutes=1)
    for _ in range(40):
        clock.advance(minutes=1)
        post.deliver(way)
    assert set(post.states()) == {"sent"}
    assert len(way.tried) <= 2 * 100
    assert until(holds.domain("x.edu")) is None


def test_a_domain_rests_longer_while_it_refuses(clock: Clock) -> None:
    put(*[letter(n, about=f"a:{n}", recipient=f"p{n}@x.edu") for n in range(20)])
    way = OneAMinute(clock, 0)
    rests = []
    for _ in range(8):
        post.deliver(way)
        rest = until(holds.domain("x.edu"))
        assert rest is not None
        rests.append(int(rest.total_seconds()) // 60)
        clock.advance(minutes=rests[-1])
    assert rests == [1, 2, 5, 10, 20, 30, 30, 30]
    assert len(way.tried) == 8  # one at a time, and not always the same
    assert max(row.attempts for row in post.rows()) < 8


@pytest.mark.parametrize("per_minute", [1, 7, 60])
def test_no_more_letters_are_begun_in_any_minute_than_is_set(
    mailroom: Mailroom, clock: Clock, per_minute: int
) -> None:
    delivery.bind(Pace(per_minute=per_minute))
    put(*post.many(3 * per_minute))
    mailroom.trouble = Trouble(Blame.LATER, "451 later")  # a letter that is refused was begun too
    post.deliver(mailroom)
    assert sum(row.attempts for row in post.rows()) == per_minute
    mailroom.trouble = None
    clock.advance(seconds=59)
    assert (post.deliver(mailroom), next_try()) == (0, timedelta(seconds=1))
    clock.advance(seconds=1)
    assert post.deliver(mailroom) == per_minute


def test_what_another_is_sending_counts_as_begun(mailroom: Mailroom) -> None:
    put(*post.many(8))
    with db.transaction() as session:
        theirs = session.scalars(select(Outgoing).order_by(Outgoing.id).limit(3)).all()
        for one in theirs:
            one.state, one.owner, one.lease_until = (
                Fate.SENDING,
                "elsewhere:1:1:1",
                now() + timedelta(minutes=5),
            )
    delivery.bind(Pace(per_minute=5))
    assert post.deliver(mailroom) == 2


def test_a_rate_for_each_domain_leaves_the_others_alone(mailroom: Mailroom, clock: Clock) -> None:
    delivery.bind(Pace(per_domain=3))
    put(*[letter(n, about=f"a:{n}", recipient=f"p{n}@X.edu") for n in range(8)])
    put(letter(8, about="b", recipient="q@y.edu"))
    assert post.deliver(mailroom) == 4
    clock.advance(seconds=59)
    assert post.deliver(mailroom) == 0
    clock.advance(seconds=1)
    assert post.deliver(mailroom) == 3


def test_without_a_rate_nothing_is_counted(mailroom: Mailroom) -> None:
    put(*post.many(70))
    assert post.deliver(mailroom) == 70
