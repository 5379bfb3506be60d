"""What a mail that came in means."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings, strategies

from scheduler.mail import inbound
from scheduler.mail.inbound import Noise, Reply

CALENDAR = """BEGIN:VCALENDAR
METHOD:REPLY
BEGIN:VEVENT
UID:abc@rounds.example
SEQUENCE:1
DTSTAMP:20260113T091500Z
ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.com
END:VEVENT
END:VCALENDAR
"""
READ = Reply(
    uid="abc@rounds.example",
    attendee="maya@example.com",
    partstat="ACCEPTED",
    sequence=1,
    stamp=datetime(2026, 1, 13, 9, 15, tzinfo=UTC),
    comment="",
    sender="maya@example.com",
    message_id="<7@example.com>",
)


def part(calendar=CALENDAR, content_type="text/calendar; charset=utf-8; method=REPLY"):
    return f"Content-Type: {content_type}\n\n{calendar}"


def mail(*parts, sender="Maya <maya@example.com>", kind="mixed"):
    body = "".join(f"--b1\n{one}\n" for one in parts)
    return (
        f"From: {sender}\nMessage-ID: <7@example.com>\n"
        f'Content-Type: multipart/{kind}; boundary="b1"\n\n{body}--b1--\n'
    ).encode()


def read(old="", new="", **changed):
    assert old in CALENDAR
    return inbound.read(mail(part(CALENDAR.replace(old, new)), **changed))


def kind_of(raw):
    noise = inbound.read(raw)
    assert isinstance(noise, Noise)
    assert noise.reason.endswith(".")
    return noise.kind


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
    assert kind_of(mail(part(), part(other))) == "mixed"


def test_answer_with_latin_letters_and_a_byte_order_mark_is_read():
    raw = mail(part("\ufeff" + CALENDAR.replace("SEQUENCE:1", "SEQUENCE:1\nSUMMARY:Café")))
    assert inbound.read(raw) == READ
    assert inbound.read(raw.replace("é".encode(), b"\xe9").replace("\ufeff".encode(), b"")) == READ


def test_series_is_answered_by_its_whole_alone():
    [event] = CALENDAR.split("METHOD:REPLY\n")[1:]
    instance = event.replace("SEQUENCE:1", "RECURRENCE-ID:20260120T140000Z").replace("END:VCALENDAR\n", "")
    assert read("BEGIN:VEVENT\n", instance + "BEGIN:VEVENT\n") == READ
    assert read("SEQUENCE:1", "RECURRENCE-ID:20260120T140000Z").kind == "unclear"


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("METHOD:REPLY", "METHOD:REQUEST", "mismatch"),
        ("PARTSTAT=ACCEPTED", "PARTSTAT=NEEDS-ACTION", "no_answer"),
        ("PARTSTAT=ACCEPTED", "PARTSTAT=PERHAPS", "no_answer"),
        (";PARTSTAT=ACCEPTED", "", "no_answer"),
        ("PARTSTAT=ACCEPTED", "PARTSTAT=DELEGATED", "delegated"),
        ("PARTSTAT", 'TO-ALL-PROPOSED-NEW-TIME="DTSTART:20260121T080000Z;STATUS:;";PARTSTAT', "counter"),
        ("SEQUENCE:1", "ATTENDEE;PARTSTAT=DECLINED:mailto:eve@example.com", "unclear"),
        ("SEQUENCE:1", "UID:other@rounds.example", "unclear"),
        ("UID:abc@rounds.example\n", "", "unclear"),
        ("SEQUENCE:1", "SEQUENCE:one", "broken"),
        ("SEQUENCE:1", "SEQUENCE:-1", "broken"),
        ("SEQUENCE:1", "SEQUENCE:99999999999", "broken"),
        ("END:VCALENDAR\n", "", "broken"),
        ("END:VCALENDAR\n", f"END:VCALENDAR\n{CALENDAR}", "broken"),
        ("mailto:maya@example.com", "mailto:maya", "unclear"),
        ("SEQUENCE:1", "SEQUENCE:1\nSUMMARY:" + "x" * 300_000, "too_big"),
    ],
)
def test_unsure_answer_changes_nothing(old, new, kind):
    assert read(old, new).kind == kind


@pytest.mark.parametrize(("method", "kind"), [("COUNTER", "counter"), ("PUBLISH", "other_method")])
def test_other_methods_are_no_answers(method, kind):
    assert kind_of(mail(part(CALENDAR.replace("REPLY", method), "text/calendar"))) == kind


def test_delivery_report_is_known_before_the_calendar_it_returns():
    status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nStatus: 5.1.1\n"
    assert kind_of(mail(part(), status, kind="report; report-type=delivery-status")) == "bounce"
    assert kind_of(mail(part(), status)) == "bounce"


def test_forwarded_mail_is_never_looked_into():
    assert (
        kind_of(mail("Content-Type: message/rfc822\n\n" + mail(part()).decode().replace("b1", "b2")))
        == "no_calendar"
    )


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "no_calendar"),
        (b"Subject: Yes\n\nI accept.\n", "no_calendar"),
        (b"x" * 10_000_001, "too_big"),
        (b"X: " + b"y" * 70_000 + b"\n\n", "too_big"),
        (mail(*["\nx"] * 6_000), "too_big"),
        (mail(*["\nx"] * 120), "too_big"),
        (mail(*[part()] * 6), "too_big"),
        (mail(part(), sender="(" * 500 + "maya@example.com"), "unreadable"),
        (
            mail(part()).replace(
                b"Message-ID: ", b"From: =?utf-8?q?a=0D=0Ab?= <eve@example.com>\nMessage-ID: "
            ),
            None,
        ),
    ],
)
def test_hostile_mail_raises_nothing(raw, kind):
    found = inbound.read(raw)
    assert (found.kind if isinstance(found, Noise) else None) == kind


@settings(max_examples=150, deadline=None)
@given(strategies.binary(max_size=300), strategies.integers(0, 400))
def test_garbage_anywhere_raises_nothing(garbage, at):
    whole = mail(part())
    assert isinstance(inbound.read(whole[:at] + garbage + whole[at:]), Reply | Noise)
    assert isinstance(inbound.read(garbage), Reply | Noise)
