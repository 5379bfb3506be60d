"""Delivery reports: for whom a letter did not arrive, and what that says of the address (RFC 3464, 3463)."""

import pytest

from scheduler.mail import bounces, inbound
from scheduler.mail.meaning import Kind, Severity
from tests.support.received import mail, part

RECIPIENT = """Final-Recipient: rfc822; Maya@Example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
"""


def report(*recipients, kind="report; report-type=delivery-status"):
    status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
    words = "Content-Type: text/plain\n\nYour message could not be delivered."
    ours = "Content-Type: message/rfc822\n\n" + mail(part()).decode().replace("b1", "b2")
    return inbound.read(
        mail(words, status + "\n".join(recipients), ours, sender="MAILER-DAEMON@mx.example", kind=kind)
    )


def test_report_names_who_did_not_get_it():
    found = report(RECIPIENT)
    assert (found.kind, found.recipients, found.severity) == (
        Kind.BOUNCE,
        ("maya@example.com",),
        Severity.HARD,
    )
    assert not found.is_answer


def test_of_several_recipients_the_gravest_counts():
    full = RECIPIENT.replace("Maya", "Sam").replace("5.1.1", "5.2.2")
    found = report(full, RECIPIENT)
    assert (found.recipients, found.severity) == (("sam@example.com", "maya@example.com"), Severity.HARD)


def test_address_written_to_counts_before_the_one_it_was_forwarded_to():
    assert report(f"Original-Recipient: rfc822;maya@school.edu\n{RECIPIENT}").recipients == (
        "maya@school.edu",
    )


def test_report_of_a_delivery_that_went_well_is_no_bounce():
    assert report(RECIPIENT.replace("failed", "relayed")).kind == Kind.AUTO_REPLY


def test_report_that_says_nothing_of_anybody_is_a_soft_bounce():
    found = report()
    assert (found.kind, found.recipients, found.severity) == (Kind.BOUNCE, (), Severity.SOFT)


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "severity"),
    [
        ("failed", "5.1.1", "", Severity.HARD),
        ("failed", "5.1.10", "", Severity.HARD),
        ("failed", "5.4.4", "", Severity.HARD),
        ("failed", "5.2.2", "", Severity.SOFT),
        ("failed", "4.4.7", "", Severity.SOFT),
        ("failed", "5.7.1", "", Severity.POLICY),
        ("failed", "5.0.0", "smtp; 550 5.1.1 no such user", Severity.HARD),
        ("failed", "5.0.0", "smtp; 554 5.7.1 not wanted", Severity.POLICY),
        ("failed", "5.0.0", "smtp; 550 mailbox unavailable", Severity.SOFT),
        ("failed", "", "", Severity.SOFT),
        ("delayed", "4.4.1", "", Severity.DELAYED),
        ("delayed", "5.1.1", "", Severity.DELAYED),
        ("delivered", "2.0.0", "", None),
        ("expanded", "2.1.5", "", None),
    ],
)
def test_each_status_says_what_it_means(action, status, diagnostic, severity):
    assert bounces.severity(action, status, diagnostic) == severity
