"""Random lives in which links are stopped and mailboxes take no mail for a while: they end as true as any."""

import os
from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler import clock, db
from scheduler.programme import roster
from scheduler.rounds import reaching
from tests.chats import test_lives
from tests.support.clock import Clock
from tests.support.lives import SIDES, Life, a_round
from tests.support.mailroom import Mailroom

LIVES = 3_000 if os.environ.get("LONG") else 25


class Unreached(Life):
    """A life in which mail does not always reach its reader, and links do not always work."""

    def choices(self) -> list[tuple[Callable[[], None], int]]:
        return [*super().choices(), (self.stop_links, 2), (self.lose_mail, 2)]

    def stop_links(self) -> None:
        side = self.random.choice(SIDES)
        self.act(lambda session, chat: reaching.stop_links(session, chat.person(side), clock.now()))

    def lose_mail(self) -> None:
        """A mailbox takes no mail for a while, and does again before any chat's time has come."""
        side, why = self.random.choice(SIDES), "The mailbox is full."
        self.pass_time(timedelta(minutes=61), posting=True)
        if self.is_near():
            return
        self.act(
            lambda session, chat: roster.mark_undeliverable(session, chat.person(side), why, clock.now())
        )
        self.pass_time(timedelta(minutes=self.random.choice([1, 15, 720])))
        self.act(lambda session, chat: reaching.mark_arriving(session, chat.person(side), clock.now()))

    def is_near(self) -> bool:
        """Whether a chat begins within a day: a calendar is put right only before its time."""
        now = clock.now()
        with db.reading() as session:
            return any(now < chat.starts_at < now + timedelta(days=1) for chat in self.chats(session))


@pytest.mark.parametrize("seed", range(0, LIVES, 25))
def test_a_life_with_lost_mail_ends_true(service: None, clock: Clock, seed: int) -> None:
    with db.transaction() as session:
        round_id = a_round(session)
    for number in range(seed, seed + 25):
        test_lives.live_through(Unreached(number, clock, Mailroom(), round_id))
