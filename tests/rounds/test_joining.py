"""Joining a round under way: what was ticked counts, nothing is overwritten, who waits is not asked."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from scheduler import clock, db
from scheduler.availability import asking
from scheduler.availability.ask import Ask
from scheduler.availability.boxes import BadChoice
from scheduler.availability.slots import Slot
from scheduler.mail.envelope import Outgoing
from scheduler.programme.person import Standing
from scheduler.programme.programme import Programme
from scheduler.programme.round import Round
from scheduler.rounds import joining, running

FIRST, LAST = date(2027, 3, 8), date(2027, 3, 19)
TUESDAY = "20270309-1630-1830"


@pytest.fixture
def session(service):
    with db.transaction() as opened:
        yield opened


@pytest.fixture
def now(service):
    return clock.now()


@pytest.fixture
def programme(session, now):
    made = Programme(name="Riverside", timezone="America/New_York", created_at=now)
    session.add(made)
    session.flush()
    return made


def begin_round(session, programme, now, *, asked=True):
    round_ = running.open_round(session, programme, FIRST, LAST, now)
    if asked:
        running.ask_all(session, round_, now)
    return round_


def sign_up(session, programme, now, *, role="mentor", network="192.0.2.0/24"):
    return joining.sign_up(
        session,
        programme,
        name="Eve Moss",
        email="eve@example.net",
        role=role,
        timezone="Europe/Berlin",
        network=network,
        now=now,
    )


def asked(session):
    return [(ask.role, str(ask.state), ask.slots) for ask in session.scalars(select(Ask).order_by(Ask.id))]


def letters(session):
    return list(session.scalars(select(Outgoing.letter).order_by(Outgoing.id)))


def tuesday(session):
    """The ticked part: 16:30 to 18:30 in New York, before its clocks change on 14 March: UTC-5."""
    [(_, _, [slot])] = asked(session)
    return f"{slot.starts_at:%Y-%m-%d %H:%M} {slot.ends_at:%H:%M}"


def test_ticks_stand_for_the_programmes_times_whatever_zone_the_reader_is_in(session, programme, now):
    begin_round(session, programme, now)
    signup = sign_up(session, programme, now)
    assert joining.answer(session, signup, now, keys=[TUESDAY], note="Call me Eve")
    joining.confirm(session, signup, now)
    assert tuesday(session) == "2027-03-09 21:30 23:30"
    assert session.scalars(select(Ask)).one().note == "Call me Eve"


def test_ticks_that_have_become_too_soon_are_dropped_and_the_usual_letter_goes(session, programme, now):
    begin_round(session, programme, now)
    signup = sign_up(session, programme, now)
    joining.answer(session, signup, now, keys=[TUESDAY])
    joining.confirm(session, signup, now + timedelta(days=8))
    assert asked(session) == [("mentor", "asked", [])]
    assert letters(session)[1:] == ["welcome", "offer_wanted"]


def test_nobody_is_asked_before_the_round_asks(session, programme, now):
    begin_round(session, programme, now, asked=False)
    joining.confirm(session, sign_up(session, programme, now), now)
    assert asked(session) == []


def test_who_waits_for_approval_comes_in_with_their_ticks_when_approved(session, programme, now):
    programme.approves_first = True
    begin_round(session, programme, now)
    signup = sign_up(session, programme, now)
    joining.answer(session, signup, now, keys=[TUESDAY])
    person = joining.confirm(session, signup, now)
    assert (person.standing, asked(session)) == (Standing.WAITING, [])
    assert [joining.approve(session, person, now), joining.approve(session, person, now)] == [True, False]
    assert tuesday(session) == "2027-03-09 21:30 23:30"
    assert letters(session) == ["confirm_address", "welcome", "offer_received"]


def test_an_answer_given_already_is_not_overwritten(session, programme, now):
    round_ = begin_round(session, programme, now)
    first, second = (sign_up(session, programme, now + timedelta(minutes=20 * n)) for n in range(2))
    person = joining.confirm(session, first, now)
    ask = asking.find(session, round_, person, "mentor")
    given = Slot(now + timedelta(days=9), now + timedelta(days=9, hours=1))
    asking.offer(session, ask, [given], now)
    joining.answer(session, second, now, keys=[TUESDAY])
    joining.confirm(session, second, now)
    assert asked(session) == [("mentor", "answered", [given])]


def test_of_what_is_sent_only_what_was_there_to_tick_is_kept(session, programme, now):
    begin_round(session, programme, now)
    signup = sign_up(session, programme, now, role="student")
    keys = [TUESDAY, TUESDAY, "20270309-0300-0330", "20280309-1630-1830", "nonsense"]
    joining.answer(session, signup, now, keys=keys, ticked=["outside", "admin", "near-peer"], when="ticked")
    assert signup.answers == {
        "keys": [TUESDAY],
        "repeat": False,
        "any_hours": False,
        "note": "",
        "offers": [],
        "wants": ["near-peer", "outside"],
    }
    with pytest.raises(BadChoice, match="Tick at least one time"):
        joining.answer(session, signup, now, keys=["20280309-1630-1830"], when="ticked")


def test_ticks_after_the_confirmation_are_too_late(session, programme, now):
    begin_round(session, programme, now)
    signup = sign_up(session, programme, now)
    joining.confirm(session, signup, now)
    assert not joining.answer(session, signup, now, keys=[TUESDAY])
    assert asked(session) == [("mentor", "asked", [])]


def test_pressing_an_old_confirmation_again_answers_no_later_round(session, programme, now):
    signup = sign_up(session, programme, now, role="student")
    joining.answer(session, signup, now, when="any")
    joining.confirm(session, signup, now)
    begin_round(session, programme, now)
    joining.confirm(session, signup, now)
    assert asked(session) == [("student", "asked", [])]


def test_a_round_whose_dates_are_over_takes_nobody_in(session, programme, now):
    begin_round(session, programme, now)
    later = now + timedelta(days=30)
    signup = sign_up(session, programme, later)
    assert joining.window(session, signup, later) is None
    joining.confirm(session, signup, later)
    assert asked(session) == []


def test_looking_at_the_window_keeps_nobody(session, programme, now):
    begin_round(session, programme, now)
    signup = sign_up(session, programme, now)
    window = joining.window(session, signup, now)
    assert (window.first_on, window.last_on, window.reader_zone) == (FIRST, LAST, "Europe/Berlin")
    session.flush()
    assert (asked(session), session.scalar(select(Round.id)), len(session.new)) == ([], 1, 0)
