"""What our own mail server says of a sender, and whose word does not count (RFC 8601)."""

import email

import pytest

from scheduler.mail import verdict
from scheduler.mail.meaning import Verdict
from scheduler.mail.verdict import Border

OURS = Border(authserv_id="mx.school.edu")
MAYA = "maya@example.com"
RECEIVED = "Received: from out.example.com by mx.school.edu (Postfix) with ESMTPS; Tue, 13 Jan 2026"


def found(*headers, border=OURS, sender=MAYA):
    lines = [*headers, f"From: Maya <{sender}>", "", "x"]
    return verdict.read(email.message_from_string("\n".join(lines)), sender, border)


def said(results, by="mx.school.edu"):
    return f"Authentication-Results: {by}; {results}"


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("dmarc=pass header.from=example.com", Verdict.PASS),
        ("dmarc=pass (p=reject dis=none) header.from=Example.COM", Verdict.PASS),
        ("dmarc=pass header.from=mail.example.com", Verdict.NONE),
        ("dkim=pass header.d=example.com", Verdict.PASS),
        ("dkim=pass header.i=@example.com", Verdict.PASS),
        ("dkim=pass header.d=mail.example.com", Verdict.PASS),
        ("dkim=pass header.d=com", Verdict.NONE),
        ("dkim=pass header.d=badexample.com", Verdict.NONE),
        ("dkim=pass header.d=google.com", Verdict.NONE),
        ("spf=pass smtp.mailfrom=bounce@example.com", Verdict.PASS),
        ("spf=pass smtp.mailfrom=bounce@other.org", Verdict.NONE),
        ("dmarc=fail header.from=example.com", Verdict.FAIL),
        ("dmarc=fail header.from=example.com; spf=pass smtp.mailfrom=other.org", Verdict.FAIL),
        ("dkim=fail header.d=example.com", Verdict.FAIL),
        ("dkim=fail header.d=example.com; spf=pass smtp.mailfrom=example.com", Verdict.PASS),
        ("spf=softfail smtp.mailfrom=example.com", Verdict.NONE),
        ("none", Verdict.NONE),
    ],
)
def test_each_result_says_what_it_means(results, expected):
    assert found(said(results), RECEIVED) == expected


@pytest.mark.parametrize(
    "headers",
    [
        [RECEIVED, said("dmarc=pass header.from=example.com")],  # brought along, below what we wrote
        [said("dmarc=pass header.from=example.com", by="mx.evil.org"), RECEIVED],
        [said("dmarc=pass header.from=example.com", by="mx.school.edu.evil.org"), RECEIVED],
        [RECEIVED, "Received: by evil.org; x", said("dmarc=pass header.from=example.com"), RECEIVED],
        ["Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com", RECEIVED],
        ["Authentication-Results: =?utf-8?q?mx=2Eschool=2Eedu?=; dkim=pass header.d=example.com", RECEIVED],
        ["X: 1", RECEIVED],
    ],
)
def test_nobody_elses_word_counts(headers):
    assert found(*headers) == Verdict.NONE


def test_hops_within_our_house_may_stand_above_our_server_s_word():
    inner = "Received: from mx.school.edu by store.school.edu with LMTP; Tue, 13 Jan 2026 09:15:01 +0000"
    assert found(inner, said("dmarc=pass header.from=example.com"), RECEIVED) == Verdict.PASS


def test_without_a_name_nobody_is_believed_to_be_our_server():
    assert found(said("dmarc=pass header.from=example.com"), RECEIVED, border=Border()) == Verdict.NONE


def test_strictness_holds_what_nobody_spoke_of():
    strict = Border(authserv_id="mx.school.edu", holds_without=True)
    assert found(RECEIVED, border=strict) == Verdict.FAIL
    assert found(said("dmarc=pass header.from=example.com"), RECEIVED, border=strict) == Verdict.PASS


GOOGLE = [
    "Return-Path: <3abc@calendar-server.bounces.google.com>",
    said("dkim=pass header.d=google.com; dmarc=fail header.from=example.com"),
    RECEIVED,
    "Sender: Google Calendar <calendar-notification@google.com>",
]


def test_google_calendar_answers_for_its_user():
    assert found(*GOOGLE) == Verdict.PROVIDER


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("header.d=google.com", "header.d=gmail.com"),
        ("dkim=pass", "dkim=fail"),
        ("calendar-notification@google.com", "calendar-notification@google.com.evil.org"),
        ("bounces.google.com>", "bounces.evil.org>"),
    ],
)
def test_what_only_looks_like_google_calendar_does_not(old, new):
    changed = [header.replace(old, new) for header in GOOGLE]
    assert changed != GOOGLE
    assert found(*changed) != Verdict.PROVIDER
