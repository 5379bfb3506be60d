"""What becomes of a letter, and of the next, when a mail server misbehaves: at each verb, in each way."""

from typing import NamedTuple

import pytest
from sqlalchemy import select

from scheduler import db
from scheduler.mail import holds
from scheduler.mail.envelope import Fate
from scheduler.mail.holds import Hold
from scheduler.mail.transport import Smtp
from tests.support import post
from tests.support.clock import Clock
from tests.support.post import letter, put
from tests.support.scripted_smtp import HANG_UP, SILENCE, serving

pytestmark = pytest.mark.usefixtures("service", "smtp_allowed")
RUBBISH = "¿what?"


class Follows(NamedTuple):
    """What must follow: the first letter's state and tries, whether it may have arrived, and what rests."""

    state: Fate
    tries: int
    may_have_arrived: bool = False
    rests: str = ""


LATER = Follows(Fate.WAITING, 1)
UNCERTAIN = Follows(Fate.WAITING, 1, may_have_arrived=True)
GIVEN_UP = Follows(Fate.GIVEN_UP, 1)
OURS = Follows(Fate.WAITING, 0, rests=holds.SERVER)
DOMAIN = Follows(Fate.WAITING, 1, rests=holds.domain("first.edu"))

BY_VERB = {
    "connect": {
        "421 busy": OURS,
        "451 4.7.28 too many": OURS,
        "554 go away": OURS,
        "220": LATER._replace(state=Fate.SENT),  # short, but a greeting
        RUBBISH: OURS,
        HANG_UP: OURS,
        SILENCE: OURS,
    },
    "EHLO": {"421 busy": OURS, "451 not now": OURS, "554 no": OURS, RUBBISH: OURS, HANG_UP: OURS},
    "MAIL": {
        "421 busy": OURS,
        "451 later": LATER,
        "451 4.7.28 too many": OURS,
        "550 5.1.8 who are you": OURS,
        "554 no": OURS,
        "354 no": LATER,
        RUBBISH: LATER,
        HANG_UP: LATER,
        SILENCE: LATER,
    },
    "RCPT": {
        "421 busy": LATER,
        "421 4.7.28 unusual rate": DOMAIN,
        "450 4.7.28 too many": DOMAIN,
        "451 slow down, rate limit exceeded": DOMAIN,
        "450 4.2.0 greylisted": LATER,
        "451 4.7.1 Greylisting in action, try later": LATER,
        "450 4.2.1 receiving mail at a rate that is too high": LATER,
        "452 4.2.2 mailbox over its limit": LATER,
        "451 later": LATER,
        "550 5.1.1 no such user": GIVEN_UP,
        "550 mailbox unavailable": GIVEN_UP,
        "554 5.7.1 relay denied": LATER,
        RUBBISH: LATER,
        HANG_UP: LATER,
        SILENCE: LATER,
    },
    "DATA": {
        "421 busy": LATER,
        "451 later": LATER,
        "550 5.1.1 no such user": GIVEN_UP,
        "554 no": LATER,
        "250 ok": LATER,
        RUBBISH: LATER,
        HANG_UP: LATER,
        SILENCE: LATER,
    },
    "dot": {
        "421 closing": LATER,
        "421 4.7.28 unusual rate": DOMAIN,
        "451 4.7.28 too many": DOMAIN,
        "451 try again": LATER,
        "550 5.4.4 no route": GIVEN_UP,
        "554 content refused": LATER,
        "354 again": UNCERTAIN,
        RUBBISH: UNCERTAIN,
        HANG_UP: UNCERTAIN,
        SILENCE: UNCERTAIN,
    },
}
CASES = [(verb, said, after) for verb, answers in BY_VERB.items() for said, after in answers.items()]


def resting() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Hold.scope)))


@pytest.mark.parametrize(("verb", "said", "after"), CASES)
def test_one_bad_answer_costs_what_it_must_and_nothing_more(
    clock: Clock, verb: str, said: str, after: Follows
) -> None:
    put(letter(1, about="a", recipient="a@first.edu"), letter(2, about="b", recipient="b@second.edu"))
    with serving({verb: [said, *_usual(verb)]}) as server:
        way = Smtp(server.url, seconds=0.5)
        post.deliver(way)
        first, second = post.rows()
        assert (first.state, first.attempts, first.uncertain > 0) == after[:3]
        assert resting() == ([after.rests] if after.rests else [])
        # Only trouble of ours keeps the other letter back, and that one untouched.
        other = (Fate.WAITING, 0) if after.rests == holds.SERVER else (Fate.SENT, 1)
        assert (second.state, second.attempts) == other
        clock.advance(hours=1)
        post.deliver(way)
    end = Fate.GIVEN_UP if after.state is Fate.GIVEN_UP else Fate.SENT
    assert [row.state for row in post.rows()] == [end, Fate.SENT]
    assert resting() == []
    times_at_the_dot = (verb == "dot") + (end is Fate.SENT)
    assert len(server.taken) == 1 + times_at_the_dot
    assert len(set(server.taken)) == 1  # byte for byte the same


def _usual(verb: str) -> list[str]:
    return {"connect": ["220 ready"], "DATA": ["354 go"], "dot": ["250 kept"]}.get(verb, ["250 ok"])


@pytest.mark.parametrize(("verb", "states"), [("RCPT", (1, 0)), ("dot", (1, 1))])
def test_a_second_letter_that_breaks_off_in_a_row_is_the_server_s_doing(
    clock: Clock, verb: str, states: tuple[int, int]
) -> None:
    put(*post.many(3))
    with serving({verb: [HANG_UP, HANG_UP, *_usual(verb)]}) as server:
        way = Smtp(server.url)
        assert post.deliver(way) == 0
        assert resting() == [holds.SERVER]
        assert [row.attempts for row in post.rows()] == [*states, 0]
        assert post.deliver(way) == 0  # at rest
        clock.advance(seconds=15)
        assert post.deliver(way) == 1  # the third; the others wait for their minute
        clock.advance(minutes=1)
        assert post.deliver(way) == 2


def test_of_a_batch_only_those_addresses_are_given_up_that_are_refused() -> None:
    put(*[letter(n, about=f"chat:{n}", recipient=f"p{n}@x.edu") for n in range(1, 6)])
    refused = {"p2@x.edu": "550 5.1.1 no such user", "p4@x.edu": "450 4.2.0 greylisted"}
    with serving({}, recipients=refused) as server:
        assert post.deliver(Smtp(server.url)) == 3
        assert (server.connections, len(server.taken)) == (1, 3)
    assert post.states() == ["sent", "given up", "sent", "waiting", "sent"]


def test_a_line_that_breaks_within_a_letter_leaves_nothing_uncertain(clock: Clock) -> None:
    large = b"Subject: x\r\n\r\n" + b"a line of a large letter\r\n" * 400_000  # more than sockets hold
    put(letter(1, raw=large, never_twice=True))
    with serving({"body": HANG_UP}, {}) as server:
        way = Smtp(server.url)
        assert post.deliver(way) == 0
        first = post.rows()[0]
        assert (first.state, first.attempts, first.uncertain) == LATER[:3]
        clock.advance(minutes=1)
        assert post.deliver(way) == 1
        assert server.taken == [large]
