"""Mails in words: what machines write by themselves, and what people write."""

from time import process_time

import pytest

from scheduler.mail import inbound
from scheduler.mail.meaning import Kind


def words(text="I am away.", *headers, kind="text/plain; charset=utf-8", sender="maya@example.com", **more):
    given = [f"From: {sender}", "Message-ID: <7@example.com>", f"Content-Type: {kind}", *headers]
    return inbound.read("\n".join([*given, "", text]).encode(), **more)


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Autorespond: away",
        "List-Id: <news.example>",
        "Return-Path: <>",
        "Subject: Automatic reply: Invitation",
        "Subject: Out of Office: back on Monday",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique?=",
        "Subject: Abwesenheitsnotiz",
    ],
)
def test_machine_that_says_so_is_believed(header):
    found = words("Yes, I accept everything.", header)
    assert (found.kind, found.is_answer) == (Kind.AUTO_REPLY, False)


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "X-Auto-Response-Suppress: All",
        "Precedence: first-class",
        "Subject: Re: automatic reply",
    ],
)
def test_what_people_write_is_theirs(header):
    assert words("Sorry, I cannot.", header).kind == Kind.NOTE


def test_what_comes_to_the_address_of_bounces_is_of_a_machine():
    assert words(recipient="bounce+abc@x.edu").kind == Kind.AUTO_REPLY


def test_receipt_that_a_mail_was_shown_is_of_a_machine():
    shown = "--b\nContent-Type: text/plain\n\nYour message was displayed.\n"
    receipt = "--b\nContent-Type: message/disposition-notification\n\nDisposition: manual-action; displayed\n"
    report = "multipart/report; report-type=disposition-notification; boundary=b"
    assert words(f"{shown}{receipt}--b--\n", kind=report).kind == Kind.AUTO_REPLY


@pytest.mark.parametrize(
    ("sender", "text", "header"),
    [
        ("notify@boxbe.com", "Please register.", "Subject: x"),
        ("maya@example.com", "Please click to verify that you are human.", "Auto-Submitted: auto-replied"),
        ("maya@example.com", "To release your message, follow this link.", "Precedence: bulk"),
    ],
)
def test_filter_that_wants_a_human_is_known(sender, text, header):
    assert words(text, header, sender=sender).kind == Kind.CHALLENGE


def test_wrapped_mail_of_outlook_is_not_opened():
    assert words("...", kind='application/ms-tnef; name="winmail.dat"').kind == Kind.TNEF


ENGLISH = "On Tue, 13 Jan 2026 at 10:15, Coffee Rounds <rounds@x.edu> wrote:\n> Say yes or no.\n"
GERMAN = "Am Di., 13. Jan. 2026 um 10:15 Uhr schrieb Coffee Rounds <rounds@x.edu>:\n> Sagen Sie ja.\n"
BROKEN = "On Tue, 13 Jan 2026 at 10:15, Coffee Rounds\n<rounds@x.edu>\nwrote:\n\n> Say yes or no.\n"
NEWER = "________________________________\nFrom: Coffee Rounds\nSent: Tuesday\n\nSay yes.\n"
BARE = "> Say yes or no.\n"
OUTLOOK = "-----Original Message-----\nFrom: Coffee Rounds\nSent: Tuesday\nTo: Maya\nSubject: x\n\nSay yes.\n"


@pytest.mark.parametrize("quote", [ENGLISH, GERMAN, BROKEN, OUTLOOK, NEWER, BARE])
def test_what_a_person_quotes_is_cut(quote):
    assert words(f"Could we do Thursday instead?\n\n{quote}").text == "Could we do Thursday instead?"


def test_line_of_their_own_above_a_quote_stays():
    mine = "Hi,\n\nthese would do:\n- Tuesday\n- On Thursday"
    assert words(f"{mine}\n\n{ENGLISH}").text == mine
    assert words("My signature\n----------\nMaya").text == "My signature\n----------\nMaya"


@pytest.mark.parametrize(
    "text",
    ["\n" * 9_999, "On " * 3_300, "Am Di. schrieb " * 660, "> " * 5_000, "-" * 9_999, "From: x\n" * 1_200],
)
def test_mail_meant_to_keep_us_busy_does_not(text):
    began = process_time()
    words(f"x{text}")
    assert process_time() - began < 1


@pytest.mark.parametrize(
    "mark", ["<", "<a ", "<!--", "<a b='", "</", "<br", "<p>", "<style>", "<b> ", "&#", " \n"]
)
def test_page_meant_to_keep_us_busy_does_not(mark):
    began = process_time()
    words(mark * (300_000 // len(mark)), kind="text/html")
    assert process_time() - began < 1


def test_where_nothing_would_be_left_all_is_kept():
    assert "Say yes or no" in words(ENGLISH).text


def test_mail_in_html_alone_is_read_as_its_reader_sees_it():
    head = "<head><title>x</title><style>p {}</style></head>"
    page = f"<html>{head}<body><p>See&nbsp;you <b>there</b> &amp; then.</p>\n<p>Maya</p></body></html>"
    assert words(page, kind="text/html").text.split() == ["See", "you", "there", "&", "then.", "Maya"]


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "x-unknown"])
def test_words_are_decoded_in_one_way_or_another(charset):
    head = f"From: maya@example.com\nContent-Type: text/plain; charset={charset}\n\n"
    assert inbound.read(head.encode() + "Später".encode("latin-1")).text == "Später"


def test_header_meant_to_keep_us_busy_does_not():
    began = process_time()
    assert words("Hello.", "Subject: " + "=?utf-8?q?a" * 5_000).kind == Kind.NOTE
    assert process_time() - began < 1
