"""Signing in: good once, for ten minutes, in the browser that asked, and silent about who coordinates."""

import hashlib
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from scheduler import clock, db
from scheduler.mail.envelope import Outgoing
from scheduler.programme import admitting
from scheduler.programme.coordinator import Coordinator, Seat, SignIn
from tests.support import queries
from tests.support.clock import Clock

HERE, ELSEWHERE, NETWORK = "the browser that asked", "another browser", "192.0.2.0/24"


@pytest.fixture
def ada(service: None) -> str:
    with db.transaction() as session:
        session.add(Coordinator(email="ada@example.org", name="Ada", created_at=clock.now()))
    return "ada@example.org"


def ask(email: str, browser: str = HERE, network: str = NETWORK) -> None:
    with db.transaction() as session:
        admitting.ask(session, email, browser, clock.now(), network=network)


def enter(token: str = "", code: str = "", browser: str = HERE) -> str | None:
    with db.transaction() as session:
        return admitting.enter(session, token, code, browser, clock.now())


def mailed() -> tuple[str, str]:
    """The token and the code of the last letter."""
    with db.reading() as session:
        raw = session.scalars(select(Outgoing.raw).order_by(Outgoing.id.desc())).first()
    assert raw is not None
    plain = raw.decode().replace("=\r\n", "")
    token, code = re.search(r"/sign-in/([a-z0-9]+)", plain), re.search(r"Code +(\d{6})", plain)
    assert token is not None
    assert code is not None
    return token[1], code[1]


def letters() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count(Outgoing.id))) or 0


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_the_link_alone_opens_in_the_browser_that_asked(ada: str, clock: Clock) -> None:
    ask("  ADA@example.org ")
    token, _ = mailed()
    secret = enter(token)
    assert secret is not None
    with db.reading() as session:
        seat = session.scalars(select(Seat)).one()
        assert seat.cookie_hash == admitting.hashed(secret) == hashlib.sha256(secret.encode()).hexdigest()
        assert (seat.coordinator.email, seat.since) == (ada, clock.now())


def test_elsewhere_the_link_needs_its_code(ada: str) -> None:
    ask(ada)
    token, code = mailed()
    assert enter(token, browser=ELSEWHERE) is None
    assert enter(token, browser="") is None
    assert enter(token, code, ELSEWHERE) is not None


def test_the_code_alone_opens_only_in_the_browser_that_asked(ada: str) -> None:
    ask(ada)
    _, code = mailed()
    assert enter(code=code, browser=ELSEWHERE) is None
    assert enter(code=f" {code[:3]} {code[3:]} ") is not None


@pytest.mark.parametrize("by", ["link", "code"])
def test_it_opens_once(ada: str, by: str) -> None:
    ask(ada)
    token, code = mailed()
    given = (token, "") if by == "link" else ("", code)
    assert enter(*given) is not None
    assert enter(*given) is None
    assert enter(token, code) is None


def test_it_opens_for_ten_minutes(ada: str, clock: Clock) -> None:
    ask(ada)
    token, code = mailed()
    clock.advance(minutes=10)
    assert enter(token) is None
    assert enter(code=code) is None
    clock.moment -= timedelta(seconds=1)
    assert enter(token) is not None


def test_five_wrong_codes_end_it(ada: str) -> None:
    ask(ada)
    token, code = mailed()
    for _ in range(4):
        assert enter(code=wrong(code)) is None
    assert enter(token, wrong(code), ELSEWHERE) is None
    assert enter(code=code) is None
    assert enter(token) is None


def test_four_wrong_codes_do_not(ada: str) -> None:
    ask(ada)
    _, code = mailed()
    for _ in range(4):
        enter(code=wrong(code))
    assert enter(code=code) is not None


def test_an_unknown_address_leaves_nothing_behind(ada: str) -> None:
    for email in ("eve@example.org", "no address", ""):
        ask(email)
    assert letters() == 0
    with db.reading() as session:
        assert session.scalar(select(func.count(SignIn.id))) == 0


def test_an_unknown_address_costs_the_work_of_a_letter(ada: str) -> None:
    def written(email: str) -> int:
        with queries.counted() as sent:
            ask(email)
        return sum(statement.startswith("INSERT INTO outgoing") for statement in sent)

    assert written(ada) == 1
    assert written("eve@example.org") == 1
    assert letters() == 1


def test_five_mails_an_hour_go_to_one_address_asked_for_in_one_place(ada: str, clock: Clock) -> None:
    for _ in range(7):
        ask(ada)
    assert letters() == 5
    clock.advance(hours=1)
    ask(ada)
    assert letters() == 6


def test_a_stranger_elsewhere_does_not_lock_a_coordinator_out(ada: str) -> None:
    for _ in range(40):
        ask(ada, network="198.51.100.0/24")
    ask(ada)
    assert letters() == 6


def test_twenty_mails_an_hour_go_to_one_address_in_all(ada: str) -> None:
    for number in range(25):
        ask(ada, network=f"net {number}")
    assert letters() == 20


def test_thirty_an_hour_are_asked_for_from_one_network(ada: str) -> None:
    for number in range(30):
        ask(f"somebody{number}@example.org")
    ask(ada)
    assert letters() == 0
    ask(ada, network="198.51.100.0/24")
    assert letters() == 1


def test_the_mail_belongs_to_no_programme_and_is_never_sent_twice(ada: str, clock: Clock) -> None:
    ask(ada)
    with db.reading() as session:
        letter = session.scalars(select(Outgoing)).one()
        assert (letter.programme_id, letter.person_id, letter.never_twice) == (None, None, True)
        assert letter.useful_until == clock.now() + timedelta(minutes=10)


def test_an_invitation_opens_once_for_a_day_in_any_browser(ada: str, clock: Clock) -> None:
    with db.transaction() as session:
        url = admitting.invite(session, session.scalars(select(Coordinator)).one(), clock.now())
    token = url.removeprefix("http://localhost/sign-in/")
    clock.advance(hours=23, minutes=59)
    assert enter(token, browser="") is not None
    assert enter(token, browser=ELSEWHERE) is None


def test_an_invitation_ends_after_a_day(ada: str, clock: Clock) -> None:
    with db.transaction() as session:
        url = admitting.invite(session, session.scalars(select(Coordinator)).one(), clock.now())
    clock.advance(hours=24)
    assert enter(url.rpartition("/")[2]) is None


def test_a_damaged_link_opens_nothing(ada: str) -> None:
    ask(ada)
    token, code = mailed()
    assert enter(token[:-1] + ("a" if token[-1] != "a" else "b"), code) is None
    assert enter("x" * 2000, code) is None
    assert enter("é", code) is None


def test_leaving_ends_the_seat_and_twice_is_once(ada: str, clock: Clock) -> None:
    ask(ada)
    enter(mailed()[0])
    with db.transaction() as session:
        seat = session.scalars(select(Seat)).one()
        admitting.leave(session, seat, clock.now())
        left = seat.ended_at
        admitting.leave(session, seat, clock.advance(minutes=1))
        assert seat.ended_at == left
