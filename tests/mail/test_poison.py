"""A letter that no server, or no sender, can digest: it keeps no other back, and it is not tried for ever."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from scheduler import db
from scheduler.clock import now
from scheduler.mail import claims, fates, holds, takeover
from scheduler.mail.envelope import Fate, Lane, Outgoing
from scheduler.mail.transport import Blame, Smtp, Trouble
from tests.support import crashing, post
from tests.support.clock import Clock
from tests.support.mailroom import Mailroom
from tests.support.post import letter, put
from tests.support.scripted_smtp import HANG_UP, serving

pytestmark = pytest.mark.usefixtures("service", "smtp_allowed")
POISON = "eve@poison.edu"
OTHERS = 5


@pytest.fixture(autouse=True)
def outbox(service: None, clock: Clock) -> None:
    """The one that breaks goes before all others, and no server was there for three minutes."""
    put(letter(100, about="poison", recipient=POISON, lane=Lane.PROMPT), *post.many(OTHERS))
    nobody = Mailroom()
    nobody.trouble = Trouble(Blame.OURS, "the mail server cannot be reached")
    for _ in range(6):
        post.deliver(nobody)
        clock.advance(seconds=30)
    assert [row.attempts for row in post.rows()] == [0] * (1 + OTHERS)


def all_others_leave(way: Smtp | Mailroom, clock: Clock) -> None:
    """Within a few sweeps, whatever becomes of the first."""
    for _ in range(6):
        post.deliver(way)
        clock.advance(seconds=31)
    assert post.states() == ["waiting", *["sent"] * OTHERS]


@pytest.mark.parametrize("said", [HANG_UP, "421 busy", "what?", "421 4.3.2 shutting down"])
def test_where_the_line_breaks_at_one_letter_the_others_leave_and_it_is_given_up_in_time(
    clock: Clock, said: str
) -> None:
    with serving({}, recipients={POISON: said}) as server:
        way = Smtp(server.url)
        all_others_leave(way, clock)
        for _ in range(len(fates.SCHEDULE)):
            clock.advance(hours=13)
            post.deliver(way)
    assert post.states()[0] == "given up"
    assert (post.rows()[0].attempts, len(server.taken)) == (len(fates.SCHEDULE) + 1, OTHERS)


@pytest.mark.parametrize("blame", [Blame.OURS, Blame.UNCERTAIN, Blame.LINE])
def test_whatever_one_letter_is_answered_the_others_leave(clock: Clock, blame: Blame) -> None:
    class Choosy(Mailroom):
        def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
            if recipient == POISON:
                raise Trouble(blame, "not this one")
            return super().send(envelope_sender, recipient, raw)

    all_others_leave(Choosy(), clock)


def test_alone_it_does_not_keep_back_what_is_written_after_it(clock: Clock) -> None:
    with db.transaction() as session:
        session.execute(delete(Outgoing).where(Outgoing.recipient != POISON))
    clock.advance(hours=1)
    with serving({}, recipients={POISON: HANG_UP}) as server:
        assert post.deliver(Smtp(server.url)) == 0
        put(letter(200, about="new"))
        assert post.deliver(Smtp(server.url)) == 1


@pytest.mark.parametrize("verdict", ["250 kept", "451 later"])
def test_whatever_a_server_says_can_be_written_down(clock: Clock, verdict: str) -> None:
    # NUL is what PostgreSQL keeps in no text, and 300 characters are what there is room for.
    clock.advance(hours=1)
    with serving({"dot": f"{verdict} \0\x1b[31m{'ünd so weiter ' * 60}"}) as server:
        post.deliver(Smtp(server.url))
        assert len(server.taken) == 1 + OTHERS
        assert post.deliver(Smtp(server.url)) == 0
    for row in post.rows():
        assert row.state is (Fate.SENT if verdict.startswith("2") else Fate.WAITING)
        assert row.why.startswith(f"{verdict} [31münd so weiter ünd so")
        assert len(row.why) == 300
        assert row.why.isprintable()


def test_a_letter_its_senders_die_of_goes_on_its_schedule_and_is_given_up_in_the_end(clock: Clock) -> None:
    clock.advance(hours=1)
    waits = []
    for _ in range(len(fates.SCHEDULE) + 1):
        crashing.dies_at("delivery.after_send", 1, lambda: post.deliver(Mailroom()))
        with db.transaction() as session:
            takeover.take_over(session, now(), now())
        waits.append(max(post.waits(post.rows()[0]), timedelta()))
        clock.advance(seconds=waits[-1].total_seconds())
    assert waits == [timedelta(), timedelta(), *fates.SCHEDULE[:-1]]
    assert post.fates()[0] == ("given up", len(fates.SCHEDULE) + 1, fates.DIED)
    assert [row.attempts for row in post.rows()[1:]] == [0] * OTHERS


def test_a_domain_s_rest_that_is_over_lets_the_others_go_as_quickly_as_ever(clock: Clock) -> None:
    with db.transaction() as session:
        holds.lift(session, holds.SERVER)
        holds.rest(session, holds.domain("poison.edu"), "421 too many", now())
    clock.advance(minutes=2)

    class Unwilling(Mailroom):
        def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
            if recipient == POISON:
                raise Trouble(Blame.LATER, "451 later")
            return super().send(envelope_sender, recipient, raw)

    with db.reading() as session:
        assert claims.brake(session, now()).on_trial == {holds.domain("poison.edu")}
    crashing.dies_at("db.after_small_write", OTHERS, lambda: post.deliver(Unwilling()))
