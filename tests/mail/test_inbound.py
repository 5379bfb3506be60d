"""What a mail that came in is taken for: the order of the tests, and mails that are meant to break them."""

import pytest
from hypothesis import given, settings, strategies

from scheduler.mail import inbound
from scheduler.mail.meaning import Meaning
from tests.support.received import mail, part


def test_delivery_report_is_known_before_the_calendar_it_returns():
    status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nStatus: 5.1.1\n"
    assert inbound.read(mail(part(), status, kind="report; report-type=delivery-status")).kind == "bounce"
    assert inbound.read(mail(part(), status)).kind == "bounce"


def test_forwarded_mail_is_never_looked_into():
    inner = "Content-Type: message/rfc822\n\n" + mail(part()).decode().replace("b1", "b2")
    assert inbound.read(mail(inner)).kind == "garbage"
    assert inbound.read(mail("Content-Type: text/plain\n\nHave a look.", inner)).kind == "note"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "says nothing"),
        (b"x" * 10_000_001, "larger than ten megabytes"),
        (b"X: " + b"y" * 70_000 + b"\n\n", "headers are longer"),
        (mail(*["\nx"] * 6_000), "too many parts"),
        (mail(*["\nx"] * 120), "too many parts"),
        (mail(*[part()] * 6), "too many calendars"),
        (mail(part(), sender="(" * 500 + "maya@example.com"), "cannot be read (RecursionError)"),
    ],
)
def test_hostile_mail_is_garbage(raw, why):
    found = inbound.read(raw)
    assert found.kind == "garbage"
    assert why in found.reason


def test_line_ends_hidden_in_a_header_raise_nothing():
    raw = mail(part()).replace(b"Message-ID: ", b"From: =?utf-8?q?a=0D=0Ab?= <eve@example.com>\nMessage-ID: ")
    assert inbound.read(raw).kind == "reply"


@settings(max_examples=150, deadline=None)
@given(strategies.binary(max_size=300), strategies.integers(0, 400))
def test_garbage_anywhere_raises_nothing(garbage, at):
    whole = mail(part())
    assert isinstance(inbound.read(whole[:at] + garbage + whole[at:]), Meaning)
    assert isinstance(inbound.read(garbage), Meaning)
