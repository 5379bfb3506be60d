"""A copy of a chat as calendars take it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import icalendar
import pytest
from hypothesis import given, settings, strategies

from scheduler.mail import invite, letter
from scheduler.mail.invite import Invite, Mailbox
from tests.support.calendars import Calendar

PLAIN = Invite(
    uid="aaaqeayeaudaocajbifqydiob4@rounds.example",
    sequence=0,
    stamp=datetime(2026, 1, 12, 8, 30, 15, 999, tzinfo=UTC),
    starts_at=datetime(2026, 1, 20, 14, 0, tzinfo=UTC),
    ends_at=datetime(2026, 1, 20, 14, 30, tzinfo=UTC),
    summary="Coffee chat with Sam Student",
    description="Answer: https://rounds.example/a/b\nSee you there.",
    location="Room 4; second floor",
    organizer=("Coffee Rounds", "rounds@rounds.example"),
    attendee=("Maya Mentor", "maya@example.com"),
)
NAMES = strategies.text(strategies.characters(exclude_categories=()), max_size=120) | strategies.sampled_from(
    [
        "Müller, Mia",
        "O'Neil",
        'Sam "The Cup" Lee',
        "a\r\nDTSTART:19700101T000000Z",
        "x\u2028ATTENDEE:y",
        "^n^'",
        "\\",
    ]
)


def unfolded(ics: bytes) -> list[str]:
    return ics.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def property_names(ics: bytes) -> list[str]:
    return [line.partition(":")[0].partition(";")[0] for line in unfolded(ics)]


def mailed(method: str, ics: bytes) -> bytes:
    return letter.assemble(
        sender=Mailbox("Coffee Rounds", "rounds@rounds.example"),
        recipient=Mailbox("Maya Mentor", "maya@example.com"),
        reply_to=Mailbox("Coffee Rounds", "reply+t@rounds.example"),
        words=letter.Words("Coffee chat", "Text\n", "<p>Text</p>"),
        message_id="<1@rounds.example>",
        date=PLAIN.stamp,
        calendar=(method, ics),
    )


def test_request_is_the_whole_of_what_calendars_need():
    assert unfolded(invite.request(PLAIN)) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Coffee Rounds//1.0//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:aaaqeayeaudaocajbifqydiob4@rounds.example",
        "SEQUENCE:0",
        "DTSTAMP:20260112T083015Z",
        "DTSTART:20260120T140000Z",
        "DTEND:20260120T143000Z",
        "SUMMARY:Coffee chat with Sam Student",
        "LOCATION:Room 4\\; second floor",
        "DESCRIPTION:Answer: https://rounds.example/a/b\\nSee you there.",
        'ORGANIZER;CN="Coffee Rounds":mailto:rounds@rounds.example',
        'ATTENDEE;CN="Maya Mentor";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE'
        ":mailto:maya@example.com",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE",
        "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
        "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_accepted_copy_says_so_and_asks_nothing():
    before, after = unfolded(invite.request(PLAIN)), unfolded(invite.request(replace(PLAIN, accepted=True)))
    assert set(after) - set(before) == {
        'ATTENDEE;CN="Maya Mentor";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE'
        ":mailto:maya@example.com",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
    }


def test_cancel_names_the_same_event_and_asks_for_no_answer():
    lines = unfolded(invite.cancel(replace(PLAIN, sequence=1)))
    assert [
        line for line in lines if line.startswith(("METHOD", "UID", "SEQ", "DTS", "DTE", "STATUS", "TRANSP"))
    ] == [
        "METHOD:CANCEL",
        "UID:aaaqeayeaudaocajbifqydiob4@rounds.example",
        "SEQUENCE:1",
        "DTSTAMP:20260112T083015Z",
        "DTSTART:20260120T140000Z",
        "DTEND:20260120T143000Z",
        "STATUS:CANCELLED",
        "TRANSP:TRANSPARENT",
    ]
    assert not any("RSVP" in line for line in lines)


def test_other_zones_are_written_as_utc():
    berlin = timezone(timedelta(hours=1))
    moved = replace(
        PLAIN, starts_at=PLAIN.starts_at.astimezone(berlin), ends_at=PLAIN.ends_at.astimezone(berlin)
    )
    assert invite.request(moved) == invite.request(PLAIN)


def test_same_copy_gives_the_same_bytes():
    assert invite.request(PLAIN) == invite.request(replace(PLAIN))


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts_at": datetime(2026, 1, 20, 14, 0)},  # noqa: DTZ001 a naive moment is what is refused
        {"ends_at": PLAIN.starts_at},
        {"sequence": -1},
        {"uid": "two\r\nlines"},
        {"attendee": ("Maya", "maya")},
        {"attendee": ("Maya", "maya@example.com\r\nX:y")},
    ],
)
def test_what_no_calendar_could_hold_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\.$"):
        replace(PLAIN, **wrong)


def test_uid_is_26_lower_case_characters_of_the_token():
    assert invite.new_uid("Rounds.Example", bytes(range(17))) == "aaaqeayeaudaocajbifqydiob4@rounds.example"
    with pytest.raises(ValueError, match="17 random bytes"):
        invite.new_uid("rounds.example", b"short")


@settings(max_examples=300, deadline=None)
@given(NAMES)
def test_no_name_adds_a_property_or_breaks_a_line(name):
    odd = replace(
        PLAIN,
        summary=f"Coffee chat with {name}",
        description=f"With {name}",
        organizer=(name, PLAIN.organizer[1]),
        attendee=(name, PLAIN.attendee[1]),
    )
    for method, write in (("REQUEST", invite.request), ("CANCEL", invite.cancel)):
        ics = write(odd)
        assert property_names(ics) == property_names(write(PLAIN))
        assert len(ics.decode().splitlines()) == ics.count(b"\r\n")
        invite.check(ics, method=method, organizer=odd.organizer[1], attendee=odd.attendee[1], uid=odd.uid)


@pytest.mark.parametrize("name", ["Müller, Mia", "O'Neil", "Dr. A: B; C", "李 小龍", "100%2C sure"])
def test_name_comes_back_as_it_was(name):
    ics = invite.request(replace(PLAIN, attendee=(name, "maya@example.com")))
    assert f'CN="{name}"' in unfolded(ics)[15] or f"CN={name};" in unfolded(ics)[15]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"METHOD:REQUEST", b"METHOD:request", "METHOD"),
        (b"STATUS:CONFIRMED", b"STATUS:TENTATIVE", "STATUS"),
        (b"DTSTART:20260120T140000Z", b"DTSTART:20260120T140000", "DTSTART is not in UTC"),
        (b"DTSTART:2026", b"DTSTART;TZID=Europe/Berlin:2026", "DTSTART is not in UTC"),
        (b"DTEND:20260120T143000Z", b"DTEND:20260120T140000Z", "end after it starts"),
        (b"SEQUENCE:0", b"SEQUENCE:x", "cannot be read"),
        (b"SEQUENCE:0", b"SEQUENCE:-1", "SEQUENCE is lower"),
        (b"UID:aaaq", b"UID:baaq", "UID is not the copy's"),
        (b"mailto:maya@", b"mailto:noor@", "ATTENDEE"),
        (b"\nTRANSP:", b"\nATTENDEE:mailto:noor@example.com\r\nTRANSP:", "ATTENDEE"),
        (b"mailto:rounds@", b"mailto:other@", "ORGANIZER"),
        (b"\r\n", b"\n", "no end"),
        (b"VERSION:2.0\r\n", b"VERSION:2.0\n", "CRLF"),
        (b"VERSION:2.0", b"VERSION:2.0" + b"0" * 70, "75 octets"),
        (b"END:VEVENT\r\n", b"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nEND:VEVENT\r\n", "one event"),
        (b"END:VCALENDAR\r\n", b"", "read again"),
    ],
)
def test_check_finds_what_is_amiss(old, new, why):
    ics = invite.request(PLAIN)
    assert old in ics
    with pytest.raises(ValueError, match=why):
        invite.check(
            ics.replace(old, new),
            method="REQUEST",
            organizer=PLAIN.organizer[1],
            attendee=PLAIN.attendee[1],
            uid=PLAIN.uid,
        )


def test_check_refuses_a_sequence_below_the_last_one_sent():
    with pytest.raises(ValueError, match="lower than one sent before"):
        invite.check(
            invite.request(PLAIN),
            method="REQUEST",
            organizer=PLAIN.organizer[1],
            attendee=PLAIN.attendee[1],
            least_sequence=1,
        )


def test_calendar_follows_a_chat_through_move_confirmation_and_cancellation():
    calendar = Calendar()
    hour = timedelta(hours=1)
    moved = replace(
        PLAIN,
        sequence=1,
        stamp=PLAIN.stamp + hour,
        starts_at=PLAIN.starts_at + hour,
        ends_at=PLAIN.ends_at + hour,
    )
    confirmed = replace(moved, stamp=moved.stamp + hour, accepted=True)
    assert calendar.take(mailed("REQUEST", invite.request(PLAIN)))
    assert calendar.take(mailed("REQUEST", invite.request(moved)))
    assert not calendar.take(mailed("REQUEST", invite.request(replace(PLAIN, stamp=moved.stamp + hour))))
    assert calendar.events[PLAIN.uid].starts_at == moved.starts_at
    assert calendar.take(mailed("REQUEST", invite.request(confirmed)))
    assert not calendar.take(mailed("REQUEST", invite.request(confirmed)))
    assert (calendar.events[PLAIN.uid].partstat, calendar.events[PLAIN.uid].sequence) == ("ACCEPTED", 1)
    assert not calendar.take(mailed("CANCEL", invite.cancel(PLAIN)))
    assert calendar.take(mailed("CANCEL", invite.cancel(replace(moved, sequence=2))))
    assert calendar.events == {}
    assert not calendar.take(mailed("REQUEST", invite.request(replace(moved, stamp=moved.stamp + 2 * hour))))
    assert calendar.events == {}


def test_icalendar_reads_it_without_complaint():
    calendar = icalendar.Calendar.from_ical(invite.request(PLAIN))
    assert [component.errors for component in calendar.walk()] == [[], []]
