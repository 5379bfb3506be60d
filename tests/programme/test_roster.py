"""Signing up, confirming, approving: one person for one address, and the same silence for everybody else."""

import email
from datetime import UTC, datetime, timedelta
from email import policy

import pytest
from sqlalchemy import func, select

from scheduler import db, links
from scheduler.life import NotNow
from scheduler.mail import outbox
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.programme import describing, roster, signing_up
from scheduler.programme.person import Person, Standing
from scheduler.programme.programme import Programme
from scheduler.programme.signup import Signup

NOW = datetime(2027, 3, 1, 14, 5, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def session(service):
    with db.transaction() as opened:
        yield opened


@pytest.fixture
def programme(session):
    made = Programme(name="Riverside", timezone="America/New_York", created_at=NOW)
    session.add(made)
    session.flush()
    return made


def sign_up(session, programme, now=NOW, **changed):
    wrote = {
        "name": "Maya Lindqvist",
        "email": "maya@example.org",
        "role": "mentor",
        "timezone": "America/New_York",
        "network": "192.0.2.0/24",
    }
    return signing_up.sign_up(session, programme, now=now, **(wrote | changed))


def letters(session):
    return list(session.scalars(select(Outgoing.letter).order_by(Outgoing.id)))


def text_of(outgoing):
    mail = email.message_from_bytes(outgoing.raw, policy=policy.default)
    return mail.get_body(("plain",)).get_content()


def last_text(session):
    return text_of(session.scalars(select(Outgoing).order_by(Outgoing.id.desc())).first())


def people(session):
    return session.scalar(select(func.count(Person.id)))


def test_a_signup_makes_no_person_but_one_mail(session, programme):
    signup = sign_up(session, programme, email=" Maya@Example.ORG ", name="  Maya \t Lindqvist ")
    assert (signup.name, signup.email, signup.role) == ("Maya Lindqvist", "maya@example.org", "mentor")
    assert people(session) == 0
    [letter] = session.scalars(select(Outgoing))
    assert (letter.letter, letter.recipient) == ("confirm_address", "maya@example.org")
    assert (letter.event, letter.about) == (f"signup:{signup.id}", f"signup:{signup.id}")
    assert letter.subject == "Please confirm your address"
    assert links.url("confirm", s=signup.id) in text_of(letter)
    assert links.url("never", s=signup.id) in text_of(letter)


def test_the_mail_to_an_unproved_address_says_when_and_holds_nothing_the_visitor_wrote(session, programme):
    sign_up(session, programme, name="Buy at evil.example")
    [letter] = session.scalars(select(Outgoing))
    assert b"evil" not in letter.raw
    assert "On Monday 1 March, 9:05 am Eastern Standard Time (New York), somebody gave" in last_text(session)


def test_what_cannot_be_read_is_told_by_field(session, programme):
    with pytest.raises(describing.Unreadable) as caught:
        sign_up(session, programme, name=" ", email="maya", role="dean", timezone="Mars/Olympus")
    assert list(caught.value.faults) == ["name", "email", "role", "timezone"]
    assert letters(session) == []


def test_confirming_makes_the_person_and_a_second_time_is_the_same(session, programme):
    signup = sign_up(session, programme, timezone="Europe/Berlin")
    signup.answer({"offers": ["stretch"]})
    person = roster.confirm(session, signup, NOW + MINUTE)
    assert (person.name, person.is_mentor, person.is_student) == ("Maya Lindqvist", True, False)
    assert (person.standing, person.own_timezone) == (Standing.ACTIVE, "Europe/Berlin")
    assert person.offers == ["stretch"]
    assert roster.confirm(session, signup, NOW + DAY) is person
    assert letters(session) == ["confirm_address", "welcome"]
    assert "as a mentor." in last_text(session)


def test_the_programmes_zone_is_not_kept_as_ones_own(session, programme):
    assert roster.confirm(session, sign_up(session, programme), NOW).own_timezone is None


def test_a_second_signup_confirmed_makes_no_second_person(session, programme):
    first, second = sign_up(session, programme), sign_up(session, programme, now=NOW + 11 * MINUTE)
    person = roster.confirm(session, first, NOW)
    assert roster.confirm(session, second, NOW) is person
    assert people(session) == 1


def test_a_known_address_gets_its_links_and_only_a_confirmation_adds_the_role(session, programme):
    person = roster.confirm(session, sign_up(session, programme), NOW)
    later = NOW + DAY
    again = sign_up(session, programme, now=later, role="student", name="Not Maya")
    assert letters(session)[-1] == "link_again"
    assert (people(session), person.is_student) == (1, False)
    assert links.url("me", p=person.id, n=1) in last_text(session)
    assert links.url("confirm", s=again.id) in last_text(session)
    assert roster.confirm(session, again, later) is person
    assert (person.is_mentor, person.is_student, person.name) == (True, True, "Maya Lindqvist")


def test_someone_in_already_is_offered_nothing_to_confirm(session, programme):
    roster.confirm(session, sign_up(session, programme), NOW)
    again = sign_up(session, programme, now=NOW + DAY)
    assert "You take part already, as a mentor" in last_text(session)
    assert links.url("confirm", s=again.id) not in last_text(session)


def test_the_open_ask_of_someone_known_stands_in_their_mail(session, programme):
    roster.confirm(session, sign_up(session, programme), NOW)
    sign_up(session, programme, now=NOW + DAY, answer_url=lambda person: "https://rounds.test/offer/x")
    assert "https://rounds.test/offer/x" in last_text(session)


def test_someone_who_left_comes_back_by_confirming_alone(session, programme):
    person = roster.confirm(session, sign_up(session, programme), NOW)
    person.leave()
    again = sign_up(session, programme, now=NOW + DAY, role="student")
    assert person.standing is Standing.LEFT
    assert "You had left the programme" in last_text(session)
    roster.confirm(session, again, NOW + DAY)
    assert (person.standing, person.is_mentor, person.is_student) == (Standing.ACTIVE, True, True)


def test_where_the_programme_approves_first_a_newcomer_waits_and_is_welcomed_once(session, programme):
    programme.approves_first = True
    person = roster.confirm(session, sign_up(session, programme), NOW)
    assert person.standing is Standing.WAITING
    assert letters(session) == ["confirm_address"]
    assert [roster.approve(session, person, NOW), roster.approve(session, person, NOW)] == [True, False]
    assert person.standing is Standing.ACTIVE
    assert letters(session) == ["confirm_address", "welcome"]


def test_an_address_gets_one_mail_in_ten_minutes_and_three_a_day(session, programme):
    midnight = datetime(2027, 3, 2, tzinfo=UTC)
    for minutes in (0, 1, 9, 10, 19, 20, 30, 1000):
        sign_up(session, programme, now=midnight + minutes * MINUTE)
    written = session.scalars(select(Outgoing.written_at).order_by(Outgoing.id))
    assert [(at - midnight) // MINUTE for at in written] == [0, 10, 20]


def test_a_network_gets_thirty_mails_an_hour_and_all_together_three_hundred(session, programme):
    for number in range(32):
        sign_up(session, programme, email=f"a{number}@example.org")
    assert len(letters(session)) == 30
    for number in range(280):
        sign_up(session, programme, email=f"b{number}@example.org", network=f"net {number}")
    assert len(letters(session)) == 300


def test_a_correction_past_the_limit_reaches_the_signup_already_mailed(session, programme):
    first = sign_up(session, programme, name="Mya")
    assert sign_up(session, programme, now=NOW + MINUTE, name="Maya") is first
    assert first.name == "Maya"
    stranger = sign_up(session, programme, now=NOW + MINUTE, name="Eve", network="198.51.100.0/24")
    assert (stranger is first, first.name) == (False, "Maya")


def test_past_a_limit_no_signup_is_kept(session, programme):
    for number in range(40):
        made = sign_up(session, programme, email=f"a{number}@example.org")
    assert made not in session
    sign_up(session, programme, email="a0@example.org", name="Eve", network="198.51.100.0/24")
    session.flush()
    assert len(list(session.scalars(select(Signup.id)))) == 30


def test_an_address_never_written_to_gets_no_mail_and_cannot_be_confirmed(session, programme):
    signup = sign_up(session, programme)
    roster.never_write(session, signup.email, NOW)
    sign_up(session, programme, now=NOW + DAY)
    assert letters(session) == ["confirm_address"]
    with pytest.raises(NotNow):
        roster.confirm(session, signup, NOW + DAY)
    assert people(session) == 0


def test_never_writing_again_ends_the_part_of_whoever_has_the_address(session, programme):
    person = roster.confirm(session, sign_up(session, programme), NOW)
    roster.never_write(session, person.email, NOW)
    roster.never_write(session, person.email, NOW)
    assert not person.takes_part(NOW)
    assert outbox.is_suppressed(session, person.email)


def test_undeliverable_takes_back_what_waits_and_keeps_the_first_reason(session, programme):
    person = roster.confirm(session, sign_up(session, programme), NOW)
    roster.mark_undeliverable(session, person, "550 no such mailbox", NOW)
    roster.mark_undeliverable(session, person, "something else", NOW)
    assert person.undeliverable == "550 no such mailbox"
    fates = select(Outgoing.state).where(Outgoing.letter == "welcome")
    assert list(session.scalars(fates)) == [Fate.WITHDRAWN]


def test_signups_nobody_confirmed_are_forgotten(session, programme):
    kept = sign_up(session, programme)
    roster.confirm(session, kept, NOW)
    sign_up(session, programme, email="eve@example.org")
    signing_up.forget_signups(session, NOW + DAY)
    assert list(session.scalars(select(Signup.id))) == [kept.id]
