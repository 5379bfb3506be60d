"""Letters on their way: once each, in order, kept through every refusal, withdrawn when no longer true."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import db
from scheduler.clock import now
from scheduler.mail import outbox, transport
from scheduler.mail.envelope import Fate, Lane, Outgoing
from scheduler.mail.transport import Blame, Trouble
from tests.support.clock import Clock
from tests.support.mailroom import Mailroom
from tests.support.scripted_smtp import serving

pytestmark = pytest.mark.usefixtures("service")
RAW = b"Subject: x\r\n\r\nx\r\n"


def letter(number: int = 1, **changed: object) -> Outgoing:
    given: dict[str, object] = {
        "event": f"event:{number}",
        "letter": "chat_reminder",
        "about": "chat:1",
        "programme_id": 1,
        "person_id": 1,
        "recipient": "sam@example.org",
        "envelope_sender": "bounce@x.example.org",
        "subject": "x",
        "message_id": f"<{number}@x.example.org>",
        "raw": RAW,
        "written_at": now(),
        "try_at": now(),
    }
    return Outgoing(**(given | changed))


def put(*letters: Outgoing) -> list[bool]:
    with db.transaction() as session:
        return [outbox.put(session, one) for one in letters]


def fates() -> list[tuple[str, int, str]]:
    with db.reading() as session:
        rows = select(Outgoing).order_by(Outgoing.id)
        return [(str(row.state), row.attempts, row.why) for row in session.scalars(rows)]


def deliver(mailroom: Mailroom) -> int:
    return outbox.deliver(mailroom, now)


def test_the_same_letter_of_the_same_event_is_put_once(mailroom: Mailroom) -> None:
    assert put(letter(1), letter(1, message_id="<other@x.example.org>")) == [True, False]
    assert deliver(mailroom) == 1
    assert deliver(mailroom) == 0
    assert len(mailroom.mails) == 1


def test_a_letter_waits_for_its_time(mailroom: Mailroom, clock: Clock) -> None:
    put(letter(1, try_at=clock.now() + timedelta(minutes=2)))
    assert deliver(mailroom) == 0
    clock.advance(minutes=2)
    assert deliver(mailroom) == 1


def test_peoples_own_acts_go_before_what_time_sends(mailroom: Mailroom) -> None:
    put(
        letter(1, lane=Lane.ORDINARY, about="a"),
        letter(2, lane=Lane.PROMPT, about="b", raw=b"Subject: p\r\n\r\n"),
    )
    deliver(mailroom)
    assert [raw for _, raw in mailroom.mails] == [b"Subject: p\r\n\r\n", RAW]


def test_a_cancellation_never_overtakes_its_invitation(mailroom: Mailroom, clock: Clock) -> None:
    late = clock.now() + timedelta(minutes=5)
    put(letter(1, method="REQUEST", try_at=late), letter(2, method="CANCEL", raw=b"Subject: c\r\n\r\n"))
    assert deliver(mailroom) == 0
    clock.advance(minutes=5)
    assert deliver(mailroom) == 2  # the second is claimed once the first is settled
    assert [raw for _, raw in mailroom.mails] == [RAW, b"Subject: c\r\n\r\n"]


@pytest.mark.parametrize(
    ("blame", "fate", "attempts"),
    [
        (Blame.RECIPIENT, "given up", 1),
        (Blame.LATER, "waiting", 1),
        (Blame.OURS, "waiting", 0),
        (Blame.UNCERTAIN, "waiting", 1),
    ],
)
def test_what_a_refused_letter_becomes(mailroom: Mailroom, blame: Blame, fate: str, attempts: int) -> None:
    put(letter(1))
    mailroom.trouble = Trouble(blame, "550 words of the server")
    assert deliver(mailroom) == 0
    assert fates() == [(fate, attempts, "550 words of the server")]


def test_a_sign_in_code_is_not_sent_a_second_time_after_an_uncertain_try(mailroom: Mailroom) -> None:
    put(letter(1, never_twice=True))
    mailroom.trouble = Trouble(Blame.UNCERTAIN, "no answer")
    deliver(mailroom)
    assert fates()[0][0] == "given up"


def test_trouble_of_ours_ends_the_run_and_hands_the_rest_back(mailroom: Mailroom) -> None:
    put(*(letter(number, about=f"chat:{number}") for number in range(1, 6)))
    mailroom.trouble = Trouble(Blame.OURS, "cannot be reached")
    deliver(mailroom)
    assert [(state, attempts) for state, attempts, _ in fates()] == [("waiting", 0)] * 5


def test_a_letter_is_tried_on_its_schedule_and_given_up_at_its_end(mailroom: Mailroom, clock: Clock) -> None:
    put(letter(1))
    mailroom.trouble = Trouble(Blame.LATER, "451 later")
    began, tries = clock.now(), 0
    while fates()[0][0] == "waiting":
        with db.reading() as session:
            clock.moment = session.scalars(select(Outgoing.try_at)).one()
        deliver(mailroom)
        tries += 1
        assert fates()[0][1] == tries
    assert (fates()[0][0], tries) == ("given up", len(outbox.SCHEDULE) + 1)
    assert clock.now() - began == sum(outbox.SCHEDULE, timedelta())


def test_what_is_no_longer_useful_is_withdrawn(mailroom: Mailroom) -> None:
    put(letter(1, useful_until=now()))
    assert deliver(mailroom) == 0
    assert fates() == [("withdrawn", 0, "no longer useful")]


def test_a_lost_sender_s_letter_counts_as_perhaps_arrived_and_goes_again(
    mailroom: Mailroom, clock: Clock
) -> None:
    put(letter(1))
    with db.transaction() as session:
        session.scalars(select(Outgoing)).one().claim("a host that is gone", clock.now() + outbox.LEASE)
    assert deliver(mailroom) == 0
    clock.advance(minutes=6)
    assert deliver(mailroom) == 1
    with db.reading() as session:
        sent = session.scalars(select(Outgoing)).one()
        assert (sent.state, sent.uncertain) == (Fate.SENT, 1)


def test_withdrawing_spares_what_it_is_told_to(mailroom: Mailroom) -> None:
    put(letter(1), letter(2, method="CANCEL"), letter(3, letter="chat_prompt"), letter(4, person_id=2))
    with db.transaction() as session:
        done = outbox.withdraw(
            session, now(), "paused", person=1, spare=("chat_reminder",), with_calendar=False
        )
    assert done == 1
    assert [state for state, _, _ in fates()] == ["waiting", "waiting", "withdrawn", "waiting"]


def test_a_letter_given_up_is_taken_back_too_and_was_never_heard(mailroom: Mailroom) -> None:
    put(letter(1, method="REQUEST"))
    mailroom.trouble = Trouble(Blame.RECIPIENT, "550 5.2.1 switched off")
    deliver(mailroom)
    mailroom.trouble = None
    with db.transaction() as session:
        assert outbox.withdraw(session, now(), "the chat has changed since", about="chat:1") == 1
        session.scalars(select(Outgoing)).one().try_anew(now())
    assert deliver(mailroom) == 0
    assert fates() == [("withdrawn", 1, "the chat has changed since")]
    with db.reading() as session:
        assert not outbox.heard(session, "chat:1", 1)


def test_a_last_try_that_broke_off_may_have_arrived_even_when_it_is_given_up(mailroom: Mailroom) -> None:
    put(letter(1, attempts=len(outbox.SCHEDULE)))
    mailroom.trouble = Trouble(Blame.UNCERTAIN, "no answer")
    deliver(mailroom)
    assert fates() == [("given up", len(outbox.SCHEDULE) + 1, "no answer")]
    with db.reading() as session:
        assert outbox.heard(session, "chat:1", 1)


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
    put(letter(1, about="a", lane=Lane.PROMPT), letter(2, about="b", lane=Lane.PROMPT), letter(3, about="c"))
    with serving(script) as server:
        assert outbox.deliver(transport.to(server.url), now) == 1
    refused = [words for words in next(iter(script.values())) if words.startswith("5")]
    assert fates() == [("waiting", 1, refused[0]), ("waiting", 1, refused[1]), ("sent", 1, "250 kept")]
    with db.reading() as session:
        tries = session.scalars(select(Outgoing.try_at).where(Outgoing.state == Fate.WAITING)).all()
    assert tries == [now() + outbox.SCHEDULE[0]] * 2


@pytest.mark.parametrize(
    ("blame", "told"), [(Blame.RECIPIENT, ["550 no"]), (Blame.LATER, []), (Blame.OURS, [])]
)
def test_only_an_address_that_is_refused_is_told_of(
    mailroom: Mailroom, blame: Blame, told: list[str]
) -> None:
    put(letter(1), letter(2, about="chat:2"))
    heard: list[str] = []

    def refused(session: Session, about: Outgoing, why: str) -> None:
        heard.append(why)
        outbox.withdraw(session, now(), "mail does not arrive", person=about.person_id)

    with db.transaction() as session:
        session.scalars(select(Outgoing).where(Outgoing.id == 2)).one().try_at += timedelta(minutes=1)
    mailroom.trouble = Trouble(blame, "550 no")
    outbox.deliver(mailroom, now, on_refused=refused)
    assert heard == told
    if told:
        assert [(state, why) for state, _, why in fates()] == [
            ("given up", "550 no"),
            ("withdrawn", "mail does not arrive"),
        ]


def test_a_suppressed_address_is_never_written_to() -> None:
    with db.transaction() as session:
        outbox.suppress(session, "Sam@Example.org", "asked for it", now())
        outbox.suppress(session, "sam@example.org", "asked for it", now())
    assert put(letter(1)) == [False]
