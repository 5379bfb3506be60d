"""The outbox: a letter is put once, taken back when no longer true, remembered when its text is gone."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from threading import Event, get_ident

import pytest
from sqlalchemy import event, select, update

from scheduler import db
from scheduler.clock import now
from scheduler.life import NotNow
from scheduler.mail import holds, outbox
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.mail.transport import Blame, Trouble
from tests.support import post
from tests.support.clock import Clock
from tests.support.mailroom import Mailroom
from tests.support.post import RAW, letter, put

pytestmark = pytest.mark.usefixtures("service")


def test_the_same_letter_of_the_same_event_is_put_once(mailroom: Mailroom) -> None:
    assert put(letter(1), letter(1, message_id="<other@x.example.org>")) == [True, False]
    assert post.deliver(mailroom) == 1
    assert post.deliver(mailroom) == 0
    assert len(mailroom.mails) == 1


def test_what_is_put_is_sealed() -> None:
    put(letter(1, recipient="Sam@Example.ORG"))
    row = post.rows()[0]
    assert (row.domain, row.size, row.is_kept) == ("example.org", len(RAW), True)
    assert row.digest == sha256(RAW).hexdigest()


def test_withdrawing_spares_what_it_is_told_to() -> None:
    put(letter(1), letter(2, method="CANCEL"), letter(3, letter="chat_prompt"), letter(4, person_id=2))
    with db.transaction() as session:
        done = outbox.withdraw(
            session, now(), "paused", person=1, spare=("chat_reminder",), with_calendar=False
        )
    assert done == 1
    assert post.states() == ["waiting", "waiting", "withdrawn", "waiting"]


class Slow:
    """A mail server that thinks for a while, and then wants the letter later."""

    def __init__(self) -> None:
        self.has_begun, self.may_go_on = Event(), Event()

    def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
        self.has_begun.set()
        self.may_go_on.wait(10)
        raise Trouble(Blame.LATER, "451 not now")

    def another(self) -> None:
        """There is one line."""

    def close(self) -> None:
        """Nothing is held open."""


def test_no_letter_slips_out_while_it_is_taken_back() -> None:
    put(letter(1))
    us, server, runs = get_ident(), Slow(), list[Future[int]]()

    def send_meanwhile(_1: object, _2: object, _statement: str, values: object, *_: object) -> None:
        if get_ident() == us and "withdrawn" in str(values):
            runs.append(sender.submit(post.deliver, server))
            server.has_begun.wait(0.5)

    with ThreadPoolExecutor(1) as sender:
        event.listen(db.engine(), "before_cursor_execute", send_meanwhile)
        with db.transaction() as session:
            outbox.withdraw(session, now(), "paused", person=1)
        event.remove(db.engine(), "before_cursor_execute", send_meanwhile)
        server.may_go_on.set()
    assert [run.result() for run in runs] == [0]
    assert post.states() == ["withdrawn"]


def test_a_letter_given_up_is_taken_back_too_and_was_never_heard(mailroom: Mailroom) -> None:
    put(letter(1, method="REQUEST"))
    mailroom.trouble = Trouble(Blame.RECIPIENT, "550 5.2.1 switched off")
    post.deliver(mailroom)
    mailroom.trouble = None
    with db.transaction() as session:
        assert outbox.withdraw(session, now(), "the chat has changed since", about="chat:1") == 1
        with pytest.raises(NotNow):
            session.scalars(select(Outgoing)).one().try_anew(now())
    assert post.deliver(mailroom) == 0
    assert post.fates() == [("withdrawn", 1, "the chat has changed since")]
    with db.reading() as session:
        assert not outbox.heard(session, "chat:1", 1)


def test_a_last_try_that_broke_off_may_have_arrived_even_when_it_is_given_up(mailroom: Mailroom) -> None:
    put(letter(1, attempts=14))
    mailroom.trouble = Trouble(Blame.UNCERTAIN, "no answer")
    post.deliver(mailroom)
    assert post.fates() == [("given up", 15, "no answer")]
    with db.reading() as session:
        assert outbox.heard(session, "chat:1", 1)


def test_a_suppressed_address_is_never_written_to() -> None:
    with db.transaction() as session:
        outbox.suppress(session, "Sam@Example.org", "asked for it", now())
        outbox.suppress(session, "sam@example.org", "asked for it", now())
    assert put(letter(1)) == [False]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"state": Fate.SENT}, "Only a letter that was given up"),
        ({"state": Fate.GIVEN_UP, "is_kept": False, "raw": b""}, "text is no longer kept"),
        ({"state": Fate.GIVEN_UP, "useful_until": "now"}, "too late to be of use"),
    ],
)
def test_what_cannot_be_sent_again_says_why(changed: dict[str, object], sentence: str) -> None:
    if "useful_until" in changed:
        changed = changed | {"useful_until": now()}
    with pytest.raises(NotNow, match=sentence):
        letter(1, **changed).try_anew(now())


def test_all_that_was_given_up_goes_again_but_for_what_cannot(mailroom: Mailroom, clock: Clock) -> None:
    put(
        letter(1, about="a"),
        letter(2, about="b", programme_id=2),
        letter(3, about="c", useful_until=now() + timedelta(minutes=1)),
        letter(4, about="d"),
    )
    mailroom.trouble = Trouble(Blame.RECIPIENT, "550 no")
    post.deliver(mailroom)
    mailroom.trouble = None
    clock.advance(minutes=1)
    with db.transaction() as session:
        session.execute(update(Outgoing).where(Outgoing.id == 4).values(raw=b"", is_kept=False))
        assert outbox.send_all_again(session, 1, now()) == 1
    assert post.deliver(mailroom) == 1
    assert post.states() == ["sent", "given up", "given up", "given up"]


def test_the_text_of_a_settled_letter_is_emptied_after_its_days_and_the_rest_stays(
    mailroom: Mailroom, clock: Clock
) -> None:
    put(letter(1, about="a"), letter(2, about="b"))
    post.deliver(mailroom)
    put(letter(3, about="c", try_at=now() + timedelta(days=999)))
    keep = timedelta(days=90)
    clock.advance(days=90)
    with db.transaction() as session:
        assert outbox.wipe(session, now(), keep) == 0
    clock.advance(seconds=1)
    with db.transaction() as session:
        assert outbox.wipe(session, now(), keep, most=1) == 1
        assert outbox.wipe(session, now(), keep) == 1
        assert outbox.wipe(session, now(), keep) == 0
    first, second, waiting = post.rows()
    assert (first.raw, second.raw, waiting.raw) == (b"", b"", RAW)
    assert (first.subject, first.size, first.digest) == ("x", len(RAW), sha256(RAW).hexdigest())
    assert [row.is_kept for row in (first, second, waiting)] == [False, False, True]


def test_a_letter_somebody_holds_is_not_overdue() -> None:
    put(letter(1), letter(2, programme_id=None, try_at=now() - timedelta(hours=1)))

    def oldest() -> timedelta | None:
        with db.reading() as session:
            found = outbox.oldest_due(session, now())
        return None if found is None else now() - found

    def hold(scope: str) -> None:
        with db.transaction() as session:
            holds.set_up(session, scope, "holidays", now(), by="Ada")

    assert oldest() == timedelta(hours=1)
    with db.transaction() as session:
        session.execute(update(Outgoing).where(Outgoing.id == 2).values(state=Fate.SENT))
    assert oldest() == timedelta(0)
    hold(holds.programme(1))
    assert oldest() is None
    hold(holds.ALL)
    assert oldest() is None


def test_letters_to_a_domain_are_due_again_from_the_end_of_its_rest_on(clock: Clock) -> None:
    put(letter(1))
    with db.transaction() as session:
        holds.rest(session, holds.domain("example.org"), "421 too many", now())
    for minutes, since in ((0.5, None), (2, timedelta(minutes=1.5)), (20, timedelta(minutes=21.5))):
        clock.advance(minutes=minutes)
        with db.reading() as session:
            found = outbox.oldest_due(session, now())
        assert (None if found is None else now() - found) == since
