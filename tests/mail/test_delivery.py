"""Letters on their way: once each, in order, kept through every refusal, at the pace that is set."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import db
from scheduler.clock import now
from scheduler.mail import delivery, fates, outbox, transport
from scheduler.mail.envelope import Fate, Lane, Outgoing
from scheduler.mail.transport import Blame, Trouble
from tests.support import post
from tests.support.clock import Clock
from tests.support.mailroom import Mailroom
from tests.support.post import RAW, letter, put
from tests.support.scripted_smtp import serving

pytestmark = pytest.mark.usefixtures("service")


def test_a_letter_waits_for_its_time(mailroom: Mailroom, clock: Clock) -> None:
    put(letter(1, try_at=clock.now() + timedelta(minutes=2)))
    assert post.deliver(mailroom) == 0
    clock.advance(minutes=2)
    assert post.deliver(mailroom) == 1


def test_peoples_own_acts_go_before_what_time_sends(mailroom: Mailroom) -> None:
    put(
        letter(1, lane=Lane.ORDINARY, about="a"),
        letter(2, lane=Lane.PROMPT, about="b", raw=b"Subject: p\r\n\r\n"),
    )
    post.deliver(mailroom)
    assert [raw for _, raw in mailroom.mails] == [b"Subject: p\r\n\r\n", RAW]


def test_of_a_herd_the_soonest_chat_s_reminder_goes_first(mailroom: Mailroom, clock: Clock) -> None:
    hours = [5, 1, 3]
    put(
        *(letter(n, about=f"chat:{n}", raw=b"%d" % n, useful_until=now() + timedelta(hours=n)) for n in hours)
    )
    post.deliver(mailroom)
    assert [raw for _, raw in mailroom.mails] == [b"1", b"3", b"5"]


def test_a_cancellation_never_overtakes_its_invitation(mailroom: Mailroom, clock: Clock) -> None:
    late = clock.now() + timedelta(minutes=5)
    put(letter(1, method="REQUEST", try_at=late), letter(2, method="CANCEL", raw=b"Subject: c\r\n\r\n"))
    assert post.deliver(mailroom) == 0
    clock.advance(minutes=5)
    assert post.deliver(mailroom) == 2  # the second is claimed once the first is settled
    assert [raw for _, raw in mailroom.mails] == [RAW, b"Subject: c\r\n\r\n"]


@pytest.mark.parametrize(
    ("blame", "fate", "attempts"),
    [
        (Blame.RECIPIENT, "given up", 1),
        (Blame.LATER, "waiting", 1),
        (Blame.DOMAIN, "waiting", 1),
        (Blame.LINE, "waiting", 1),
        (Blame.OURS, "waiting", 0),
        (Blame.UNCERTAIN, "waiting", 1),
    ],
)
def test_what_a_refused_letter_becomes(mailroom: Mailroom, blame: Blame, fate: str, attempts: int) -> None:
    put(letter(1))
    mailroom.trouble = Trouble(blame, "550 words of the server")
    assert post.deliver(mailroom) == 0
    assert post.fates() == [(fate, attempts, "550 words of the server")]
    if fate == "waiting":
        behind_a_rest = timedelta(seconds=15 if blame is Blame.OURS else 0)
        assert post.waits(post.rows()[0]) == behind_a_rest + timedelta(minutes=1)


def test_a_sign_in_code_is_not_sent_a_second_time_after_an_uncertain_try(mailroom: Mailroom) -> None:
    put(letter(1, never_twice=True))
    mailroom.trouble = Trouble(Blame.UNCERTAIN, "no answer")
    post.deliver(mailroom)
    assert post.states() == ["given up"]


def test_a_letter_is_tried_on_its_schedule_and_given_up_at_its_end(mailroom: Mailroom, clock: Clock) -> None:
    put(letter(1))
    mailroom.trouble = Trouble(Blame.LATER, "451 later")
    began, tries = clock.now(), 0
    while post.states() == ["waiting"]:
        clock.moment = post.rows()[0].try_at
        post.deliver(mailroom)
        tries += 1
        assert post.rows()[0].attempts == tries
    assert (post.states(), tries) == (["given up"], len(fates.SCHEDULE) + 1)
    assert clock.now() - began == sum(fates.SCHEDULE, timedelta())


def test_what_is_no_longer_useful_is_withdrawn(mailroom: Mailroom) -> None:
    put(letter(1, useful_until=now()))
    assert post.deliver(mailroom) == 0
    assert post.fates() == [("withdrawn", 0, "no longer useful")]


def test_a_letter_whose_use_ends_while_others_are_sent_is_not_begun(clock: Clock) -> None:
    put(*post.many(3, useful_until=now() + timedelta(minutes=1)))
    slow = Slow(clock, seconds=40)
    assert post.deliver(slow, for_at_most=timedelta(hours=1)) == 2
    post.deliver(slow)
    assert post.fates()[2] == ("withdrawn", 0, "no longer useful")


def test_a_run_ends_after_its_time_and_hands_the_rest_back_untouched(clock: Clock) -> None:
    put(*post.many(9))
    slow = Slow(clock, seconds=4)
    first = post.run(slow)
    assert (first.sent, first.is_more) == (3, True)
    assert [fate[:2] for fate in post.fates()] == [("sent", 1)] * 3 + [("waiting", 0)] * 6
    assert (post.run(slow).sent, post.run(slow).sent) == (3, 3)
    assert not post.run(slow).is_more
    assert [raw for _, raw in slow.mails] == [b"Subject: %d\r\n\r\n" % n for n in range(1, 10)]


def test_no_letter_is_begun_with_less_than_three_minutes_of_its_lease_left(clock: Clock) -> None:
    put(*post.many(3))
    machine = Clock()
    slow = Slow(machine, seconds=121)
    assert post.deliver(slow, machine_now=machine.now, for_at_most=timedelta(hours=1)) == 3
    assert [row.attempts for row in post.rows()] == [1, 1, 1]
    assert slow.leases == [timedelta(minutes=5)] * 3  # each claimed anew


def test_no_more_letters_are_tried_than_asked_for(mailroom: Mailroom) -> None:
    put(*post.many(5))
    assert post.run(mailroom, most=2) == delivery.Run(sent=2, is_more=True)
    assert post.run(mailroom, most=3) == delivery.Run(sent=3, is_more=False)


def test_a_letter_that_cannot_even_be_handed_over_stops_no_other(mailroom: Mailroom) -> None:
    put(*post.many(2))

    class Poisoned(Mailroom):
        def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
            if raw == b"Subject: 1\r\n\r\n":
                raise RecursionError
            return super().send(envelope_sender, recipient, raw)

    assert post.deliver(Poisoned()) == 1
    assert post.fates() == [
        ("waiting", 1, "it could not be handed over (RecursionError)"),
        ("sent", 1, "250 kept"),
    ]


class Slow(Mailroom):
    """Takes its time over each letter, on the clock it is given."""

    def __init__(self, clock: Clock, *, seconds: int) -> None:
        super().__init__()
        self.clock, self.seconds, self.leases = clock, seconds, list[timedelta]()

    def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
        with db.reading() as session:
            until: datetime | None = session.scalars(
                select(Outgoing.lease_until).where(Outgoing.raw == raw)
            ).one()
        assert until is not None
        self.leases.append(until - self.clock.now())
        self.clock.advance(seconds=self.seconds)
        return super().send(envelope_sender, recipient, raw)


@pytest.mark.usefixtures("smtp_allowed")
@pytest.mark.parametrize(
    "script",
    [
        {"RCPT": ["550 5.7.1 not from you", "554 5.7.1 nor this", "250 ok"]},
        {"DATA": ["554 no", "554 no", "354 go"]},
        {"dot": ["554 content refused", "550 5.6.0 content refused", "250 kept"]},
    ],
)
def test_letters_refused_one_by_one_keep_no_other_letter_back(script: dict[str, list[str]]) -> None:
    put(*post.many(3))
    with serving(script) as server:
        assert post.deliver(transport.to(server.url)) == 1
    refused = [words for words in next(iter(script.values())) if words.startswith("5")]
    assert post.fates() == [("waiting", 1, refused[0]), ("waiting", 1, refused[1]), ("sent", 1, "250 kept")]
    assert [post.waits(row) for row in post.rows()[:2]] == [fates.SCHEDULE[0]] * 2


@pytest.mark.parametrize(
    ("blame", "told"), [(Blame.RECIPIENT, ["550 no"]), (Blame.LATER, []), (Blame.OURS, [])]
)
def test_only_an_address_that_is_refused_is_told_of(
    mailroom: Mailroom, blame: Blame, told: list[str]
) -> None:
    put(letter(1), letter(2, about="chat:2", try_at=now() + timedelta(minutes=1)))
    heard: list[str] = []

    def refused(session: Session, about: Outgoing, why: str) -> None:
        heard.append(why)
        outbox.withdraw(session, now(), "mail does not arrive", person=about.person_id)

    mailroom.trouble = Trouble(blame, "550 no")
    post.deliver(mailroom, on_refused=refused)
    assert heard == told
    if told:
        assert [(state, why) for state, _, why in post.fates()] == [
            ("given up", "550 no"),
            ("withdrawn", "mail does not arrive"),
        ]


def test_an_address_suppressed_since_is_not_written_to_any_more(mailroom: Mailroom) -> None:
    put(*post.many(3, recipient="lee@example.org"), letter(4))
    with db.transaction() as session:
        outbox.suppress(session, "Lee@example.org", "asked for it", now())
    assert post.deliver(mailroom, most=3) == 1
    assert post.fates() == [("withdrawn", 0, "this address is no longer written to")] * 3 + [
        ("sent", 1, "250 kept")
    ]


@pytest.mark.parametrize(("method", "state"), [(None, Fate.WITHDRAWN), ("REQUEST", Fate.WAITING)])
def test_what_is_taken_back_while_it_is_being_sent_does_not_go_a_second_time(
    mailroom: Mailroom, method: str | None, state: Fate
) -> None:
    put(letter(1, method=method))

    class Overtaken(Mailroom):
        def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
            with db.transaction() as session:
                outbox.withdraw(session, now(), "the chat has changed since", about="chat:1")
            raise Trouble(Blame.LATER, "451 later")

    post.deliver(Overtaken())
    row = post.rows()[0]
    assert row.state is state  # one that changes a calendar goes on: what follows was written for it
    assert row.why == ("the chat has changed since" if state is Fate.WITHDRAWN else "451 later")
