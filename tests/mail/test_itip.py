"""What a calendar says by mail, whoever wrote it and however."""

from datetime import UTC, datetime

import pytest

from scheduler.mail import inbound
from scheduler.mail.meaning import Kind
from tests.support.received import CALENDAR, READ, mail, part


def read(old="", new="", **changed):
    assert old in CALENDAR
    return inbound.read(mail(part(CALENDAR.replace(old, new)), **changed))


def test_answer_is_read_whole():
    assert read() == READ


@pytest.mark.parametrize(
    "written",
    [
        "MAILTO:Maya@Example.COM",
        "mailto: maya@example.com",
        "mailto:mailto:maya@example.com",
        "maya@example.com",
        "mailto:maya@exa\n mple.com",
        "mailto:maya%40example.com",
    ],
)
def test_address_is_known_however_it_is_written(written):
    assert read("mailto:maya@example.com", written).attendee == "maya@example.com"


def test_address_stands_in_email_when_the_value_is_a_urn():
    new = "ATTENDEE;EMAIL=maya@example.com;PARTSTAT=ACCEPTED:urn:uuid:1"
    assert read("ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.com", new).attendee == "maya@example.com"


@pytest.mark.parametrize(
    ("new", "sequence"),
    [("", 0), ("X-MICROSOFT-CDO-APPT-SEQUENCE:4\n", 4), ("SEQUENCE:2\nX-MICROSOFT-CDO-APPT-SEQUENCE:4\n", 2)],
)
def test_missing_sequence_is_exchanges_own_or_none(new, sequence):
    assert read("SEQUENCE:1\n", new).sequence == sequence


@pytest.mark.parametrize("new", ["", "DTSTAMP:20260113T091500\n", "DTSTAMP:20260113\n", "DTSTAMP:soon\n"])
def test_stamp_that_cannot_be_used_is_none(new):
    assert read("DTSTAMP:20260113T091500Z\n", new).stamp is None


def test_partstat_is_read_in_any_case():
    assert read("ACCEPTED", "declined").partstat == "DECLINED"


@pytest.mark.parametrize(
    ("old", "new", "comment"),
    [
        ("SEQUENCE:1", "SEQUENCE:1\nCOMMENT: I will be late \\n", "I will be late"),
        ("SEQUENCE:1", "SEQUENCE:1\nCOMMENT:\\n", ""),
        ("PARTSTAT=", 'X-RESPONSE-COMMENT="tea &amp; cake";PARTSTAT=', "tea & cake"),
        ("SEQUENCE:1", "SEQUENCE:1\nX-CALENDARSERVER-PRIVATE-COMMENT:soon", "soon"),
    ],
)
def test_comment_is_plain_text(old, new, comment):
    assert read(old, new).comment == comment


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("Mentor, Maya <Maya@Example.com>", "maya@example.com"),
        ('"eve@example.com" <maya@example.com>', "maya@example.com"),
        ("maya@example.com, eve@example.com", ""),
        ("nobody", ""),
    ],
)
def test_sender_is_the_single_address_of_from(sender, address):
    assert read(sender=sender).sender == address


@pytest.mark.parametrize(
    "content_type",
    [
        "text/calendar",
        "application/ics",
        'application/octet-stream; name="Reply.ICS"',
        "text/calendar; charset=x-1",
    ],
)
def test_calendar_is_known_by_type_or_name(content_type):
    assert inbound.read(mail(part(content_type=content_type))) == READ


def test_second_copy_counts_once_and_a_broken_one_is_passed_over():
    assert inbound.read(mail(part(), part(content_type="application/ics"))) == READ
    assert inbound.read(mail(part("BEGIN:VCALENDAR\n"), part(content_type="application/ics"))) == READ


def test_copies_that_differ_change_nothing():
    other = CALENDAR.replace("ACCEPTED", "DECLINED")
    found = inbound.read(mail(part(), part(other)))
    assert (found.kind, found.is_answer, found.reason) == (
        "reply",
        False,
        "The mail brings answers that differ.",
    )


def test_answer_with_latin_letters_and_a_byte_order_mark_is_read():
    raw = mail(part("\ufeff" + CALENDAR.replace("SEQUENCE:1", "SEQUENCE:1\nSUMMARY:Café")))
    assert inbound.read(raw) == READ
    assert inbound.read(raw.replace("é".encode(), b"\xe9").replace("\ufeff".encode(), b"")) == READ


def test_series_is_answered_by_its_whole_alone():
    [event] = CALENDAR.split("METHOD:REPLY\n")[1:]
    instance = event.replace("SEQUENCE:1", "RECURRENCE-ID:20260120T140000Z").replace("END:VCALENDAR\n", "")
    assert read("BEGIN:VEVENT\n", instance + "BEGIN:VEVENT\n") == READ
    assert not read("SEQUENCE:1", "RECURRENCE-ID:20260120T140000Z").is_answer


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("METHOD:REPLY", "METHOD:COUNTER", "one method in its header and another inside"),
        ("PARTSTAT=ACCEPTED", "PARTSTAT=NEEDS-ACTION", "neither yes nor no nor maybe"),
        ("PARTSTAT=ACCEPTED", "PARTSTAT=PERHAPS", "neither yes nor no nor maybe"),
        (";PARTSTAT=ACCEPTED", "", "neither yes nor no nor maybe"),
        ("PARTSTAT=ACCEPTED", "PARTSTAT=DELEGATED", "somebody else shall come"),
        ("SEQUENCE:1", "ATTENDEE;PARTSTAT=DECLINED:mailto:eve@example.com", "not name exactly one person"),
        ("SEQUENCE:1", "UID:other@rounds.example", "names no event"),
        ("UID:abc@rounds.example\n", "", "names no event"),
        ("SEQUENCE:1", "SEQUENCE:one", "cannot be read"),
        ("SEQUENCE:1", "SEQUENCE:-1", "no number of ours"),
        ("SEQUENCE:1", "SEQUENCE:99999999999", "cannot be read"),
        ("mailto:maya@example.com", "mailto:maya", "nobody's mail address"),
    ],
)
def test_unclear_answer_is_known_as_one_and_can_change_nothing(old, new, why):
    found = read(old, new)
    assert found.kind in (Kind.REPLY, Kind.COUNTER)
    assert not found.is_answer
    assert why in found.reason


def test_what_is_clear_in_an_unclear_answer_is_told():
    found = read("PARTSTAT=ACCEPTED", "PARTSTAT=delegated")
    assert (found.partstat, found.uid, found.sequence) == ("DELEGATED", READ.uid, 1)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("END:VCALENDAR\n", "", "exactly one calendar"),
        ("END:VCALENDAR\n", f"END:VCALENDAR\n{CALENDAR}", "exactly one calendar"),
        ("SEQUENCE:1", "SEQUENCE:1\nSUMMARY:" + "x" * 300_000, "larger than 256 kilobytes"),
    ],
)
def test_calendar_that_cannot_be_read_is_garbage(old, new, why):
    found = read(old, new)
    assert (found.kind, found.uid) == (Kind.GARBAGE, "")
    assert why in found.reason


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("REQUEST", "request"),
        ("CANCEL", "cancel"),
        ("PUBLISH", "other_calendar"),
        ("REFRESH", "other_calendar"),
        ("DECLINECOUNTER", "other_calendar"),
        ("", "other_calendar"),
    ],
)
def test_other_methods_are_no_answers(method, kind):
    line = f"METHOD:{method}\n" if method else ""
    raw = mail(part(CALENDAR.replace("METHOD:REPLY\n", line), "text/calendar"))
    found = inbound.read(raw)
    assert (found.kind, found.method, found.uid, found.is_answer) == (kind, method, READ.uid, False)


def test_answer_about_a_task_is_none():
    assert read("VEVENT", "VTODO").kind == Kind.OTHER_CALENDAR


PROPOSED = "DTSTART:20260121T080000Z\nDTEND:20260121T084500Z\n"
EIGHT = datetime(2026, 1, 21, 8, 0, tzinfo=UTC)


def counter(times=PROPOSED, old="", new="", **changed):
    text = CALENDAR.replace("REPLY", "COUNTER").replace("SEQUENCE:1\n", f"SEQUENCE:1\n{times}")
    assert old in text
    return inbound.read(mail(part(text.replace(old, new), "text/calendar; method=COUNTER"), **changed))


def test_counter_proposes_a_time_and_answers_nothing():
    found = counter()
    assert (found.kind, found.is_answer, found.is_clear) == (Kind.COUNTER, False, True)
    assert (found.starts_at, found.ends_at) == (EIGHT, datetime(2026, 1, 21, 8, 45, tzinfo=UTC))
    assert (found.partstat, found.attendee, found.uid) == ("ACCEPTED", READ.attendee, READ.uid)


@pytest.mark.parametrize(
    "times",
    [
        "DTSTART;TZID=Europe/Berlin:20260121T090000\nDTEND;TZID=Europe/Berlin:20260121T094500\n",
        "DTSTART;TZID=W. Europe Standard Time:20260121T090000\nDURATION:PT45M\n",
    ],
)
def test_proposed_time_is_read_in_its_zone(times):
    found = counter(times)
    assert (found.starts_at, found.ends_at) == (EIGHT, datetime(2026, 1, 21, 8, 45, tzinfo=UTC))


@pytest.mark.parametrize(
    "times",
    [
        "DTSTART:20260121T080000\nDTEND:20260121T084500\n",
        "DTSTART;TZID=Nowhere/Town:20260121T080000\nDTEND;TZID=Nowhere/Town:20260121T084500\n",
        "DTSTART;VALUE=DATE:20260121\n",
        "DTSTART:20260121T080000Z\nDTEND:20260121T080000Z\n",
        "",
    ],
)
def test_proposed_time_that_must_be_guessed_is_not_clear(times):
    found = counter(times)
    assert (found.kind, found.is_clear, found.ends_at) == (Kind.COUNTER, False, None)


def test_of_several_people_the_one_who_wrote_proposes():
    more = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:sam@example.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:maya"
    assert counter(old="ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya", new=more).attendee == READ.attendee
    stranger = counter(old="ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya", new=more, sender="eve@example.org")
    assert (stranger.attendee, stranger.is_clear) == ("", False)


def test_time_the_iphone_hides_in_its_reply_is_a_counter():
    hidden = 'TO-ALL-PROPOSED-NEW-TIME="DTSTART:20260121T080000Z;STATUS:;";PARTSTAT'
    found = read("PARTSTAT", hidden)
    assert (found.kind, found.is_answer) == (Kind.COUNTER, False)
    assert (found.starts_at, found.ends_at) == (EIGHT, None)
