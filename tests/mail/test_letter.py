"""Letters, from templates to finished mails and the look over them."""

import email
import re
from datetime import UTC, datetime
from email import header, policy, utils

import jinja2
import pytest
from hypothesis import given, settings, strategies

from scheduler.mail import invite, letter
from scheduler.mail.invite import Invite, Mailbox
from scheduler.mail.letter import Stationery, Unfit, Words

WORDS = Words("Coffee chat: Tue 20 Jan", "Yes, at three.\n", "<p>Yes, at three.</p>")
UID = "aaaqeayeaudaocajbifqydiob4@rounds.example"
ICS = invite.request(
    Invite(
        uid=UID,
        sequence=3,
        stamp=datetime(2026, 1, 12, 8, 30, tzinfo=UTC),
        starts_at=datetime(2026, 1, 20, 14, 0, tzinfo=UTC),
        ends_at=datetime(2026, 1, 20, 14, 30, tzinfo=UTC),
        summary="Coffee chat with Sam",
        description="",
        location="",
        organizer=("Coffee Rounds", "rounds@rounds.example"),
        attendee=("Maya", "maya@example.com"),
    )
)
NAMES = strategies.text(strategies.characters(exclude_categories=()), max_size=120) | strategies.sampled_from(
    [
        "Okafor, Amara, " * 6,
        "a\r\nBcc: eve@example.com",
        "=?utf-8?q?=2C?=",
        "(" * 90,
        "x <eve@example.com>,",
        "é" * 99,
    ]
)


def assembled(name="Maya Mentor", **changed):
    given = {
        "sender": Mailbox("Coffee Rounds", "rounds@rounds.example"),
        "recipient": Mailbox(name, "maya@example.com"),
        "reply_to": Mailbox("Coffee Rounds", "reply+t0k3n@rounds.example"),
        "words": WORDS,
        "message_id": "<1@rounds.example>",
        "date": datetime(2026, 1, 12, 8, 30, tzinfo=UTC),
    }
    return letter.assemble(**(given | changed))


def checked(raw, **changed):
    letter.check(raw, **({"recipient": "maya@example.com", "sender": "rounds@rounds.example"} | changed))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "email").mkdir()
    return tmp_path / "email"


@pytest.fixture
def paper(folder):
    style = "<style>p { color: red } @media print { p { color: blue } }</style>"
    (folder / "base.html").write_text(style + "{% block body %}{% endblock %}")
    (folder / "hello.txt").write_text(
        "Hello  {{ reader }}\n\nDear {{ reader|loud }},  \n{% if False %}\nx\n{% endif %}\n\n\nYours\n\n\n"
    )
    (folder / "hello.html").write_text(
        '{% extends "email/base.html" %}{% block body %}<p>{{ reader }}</p>{% endblock %}'
    )
    return Stationery(folder, {"loud": str.upper})


def test_first_line_is_the_subject_and_the_text_is_tidy(paper):
    words = paper.render("hello", {"reader": "Sam & Lee"})
    assert words.subject == "Hello Sam & Lee"
    assert words.text == "Dear SAM & LEE,\n\nYours\n"


def test_html_is_escaped_and_its_styles_are_inlined_with_media_rules_kept(paper):
    html = paper.render("hello", {"reader": "<b>Sam"}).html
    assert re.findall(r"<p[^>]*>.*</p>", html) == ['<p style="color: red;">&lt;b&gt;Sam</p>']
    assert html.count("@media print") == 1


def test_unknown_name_in_a_template_raises(paper):
    with pytest.raises(jinja2.UndefinedError):
        paper.render("hello", {})


def test_letter_without_subject_is_unfit(paper, folder):
    (folder / "mute.txt").write_text("{{ '' }}\n\nText\n")
    (folder / "mute.html").write_text("<p>Text</p>")
    with pytest.raises(Unfit, match="mute has no subject"):
        paper.render("mute", {})


def test_filters_bound_later_are_known(paper, folder):
    (folder / "later.txt").write_text("Hi\n\n{{ 'a'|twice }}\n")
    (folder / "later.html").write_text("")
    paper.bind({"twice": lambda text: text * 2})
    assert paper.render("later", {}).text == "aa\n"


def test_letter_with_a_calendar_has_it_as_alternative_and_as_file():
    mail = email.message_from_bytes(assembled(calendar=("REQUEST", ICS)))
    assert [part["Content-Type"] for part in mail.walk() if not part.is_multipart()] == [
        "text/plain; charset=utf-8",
        "text/html; charset=utf-8",
        "text/calendar; charset=utf-8; method=REQUEST",
        'application/ics; name="invite.ics"',
    ]
    assert [part.get_content_type() for part in mail.walk()][:2] == [
        "multipart/mixed",
        "multipart/alternative",
    ]
    *_, card, file = mail.walk()
    assert card.get_payload(decode=True) == file.get_payload(decode=True) == ICS
    assert (card["Content-Disposition"], file["Content-Disposition"]) == (
        None,
        'attachment; filename="invite.ics"',
    )


def test_plain_letter_has_text_and_html_alone_and_says_them_unchanged():
    words = Words("Grüße", "Grüße\n.\nFrom you\n" + "lang " * 300 + "\n", "<p>é</p>\n")
    mail = email.message_from_bytes(assembled(words=words), policy=policy.default)
    assert mail.get_content_type() == "multipart/alternative"
    said = [part.get_content().replace("\r\n", "\n") for part in mail.iter_parts()]
    assert [mail["Subject"], *said] == list(words)


def test_headers_stand_in_order_and_say_what_mail_programs_need():
    raw = assembled(
        references=("<0@rounds.example>",),
        unsubscribe="https://rounds.example/u/abc",
        headers=[("X-About", "chat")],
    )
    assert raw.partition(b"Content-Type")[0].decode().split("\r\n")[:-1] == [
        "From: Coffee Rounds <rounds@rounds.example>",
        "To: Maya Mentor <maya@example.com>",
        "Reply-To: Coffee Rounds <reply+t0k3n@rounds.example>",
        "Subject: Coffee chat: Tue 20 Jan",
        "Date: Mon, 12 Jan 2026 08:30:00 +0000",
        "Message-ID: <1@rounds.example>",
        "In-Reply-To: <0@rounds.example>",
        "References: <0@rounds.example>",
        "MIME-Version: 1.0",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "List-Unsubscribe: <https://rounds.example/u/abc>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "X-About: chat",
    ]


@settings(max_examples=300, deadline=None)
@given(NAMES)
def test_no_name_adds_a_header_or_a_recipient(name):
    words = Words(f"Coffee with {name}x", f"Dear {name}x\n", "<p>x</p>")
    raw = assembled(name, reply_to=Mailbox(name, "reply+t0k3n@rounds.example"), words=words)
    checked(raw)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 76
    hostile = email.message_from_bytes(raw)
    modern = email.message_from_bytes(raw, policy=policy.SMTP)
    again = email.message_from_bytes(modern.as_bytes(), policy=policy.default)
    plain = email.message_from_bytes(assembled())
    assert hostile.keys() == modern.keys() == again.keys() == plain.keys()
    for title, address in (("To", "maya@example.com"), ("Reply-To", "reply+t0k3n@rounds.example")):
        assert [found for _, found in utils.getaddresses(hostile.get_all(title))] == [address]
        assert [found.addr_spec for found in modern[title].addresses] == [address]
        assert [found.addr_spec for found in again[title].addresses] == [address]


@pytest.mark.parametrize(
    "name", ["Maya", "Dr. Amara Okafor", "O'Neil", "Müller, Mia", "=?utf-8?q?a?=", "Okafor, Amara " * 5 + "x"]
)
def test_name_is_shown_as_it_was_given(name):
    # Decoded as RFC 2047 has it; policy.default of Python 3.11 leaves a blank between encoded words.
    shown, _ = utils.parseaddr(email.message_from_bytes(assembled(name))["To"])
    assert str(header.make_header(header.decode_header(shown))) == name


@pytest.mark.parametrize(
    "subject", ["Coffee: 4:30 pm", "=?utf-8?q?a?=", "Café, " * 30 + "x", "long " * 20 + "x"]
)
def test_subject_is_shown_as_it_was_given(subject):
    raw = assembled(words=WORDS._replace(subject=subject))
    assert email.message_from_bytes(raw, policy=policy.default)["Subject"] == subject


@pytest.mark.parametrize(
    "changed",
    [
        {"recipient": Mailbox("Maya", "maya@example.com, eve@example.com")},
        {"recipient": Mailbox("Maya", "maya@example.com\r\nBcc: eve@example.com")},
        {"recipient": Mailbox("Maya", "müller@example.com")},
        {"message_id": "1@rounds.example"},
        {"references": ["<a@b>\r\nX: y"]},
        {"unsubscribe": "https://x.example/\r\nX: y"},
        {"headers": [("X About", "chat")]},
        {"date": datetime(2026, 1, 12)},  # noqa: DTZ001 a naive moment is what is refused
    ],
)
def test_what_cannot_stand_in_a_header_is_unfit(changed):
    with pytest.raises(Unfit, match=r"\.$"):
        assembled(**changed)


def test_fit_letter_passes_the_look_over_and_is_made_the_same_again():
    assert assembled(calendar=("REQUEST", ICS)) == assembled(calendar=("REQUEST", ICS))
    checked(assembled(calendar=("REQUEST", ICS)), uid=UID, least_sequence=3)


@pytest.mark.parametrize(
    ("raw", "expected", "why"),
    [
        (assembled(), {"uid": UID}, "lacks the calendar"),
        (assembled(), {"recipient": "noor@example.com"}, "To is not the one"),
        (assembled(), {"sender": "maya@example.com"}, "From is not the one"),
        (assembled().replace(b"To: Maya", b"To: eve@example.com, Maya", 1), {}, "To is not the one"),
        (assembled().replace(b"Date:", b"Cc: eve@example.com\r\nDate:"), {}, "one person alone"),
        (assembled().replace(b"Date:", b"To: eve@example.com\r\nDate:"), {}, "one To"),
        (assembled().replace(b"Coffee chat: Tue 20 Jan", b""), {}, "no subject"),
        (assembled().replace(b"Message-ID", b"X-ID"), {}, "one Message-ID"),
        (assembled().replace(b"\r\nDate:", b"\nDate:"), {}, "CRLF"),
        (assembled().replace(b"three", "drêi".encode()), {}, "ASCII"),
        (assembled().replace(b"three", b"3" * 999), {}, "998"),
        (assembled(words=Words("Hi", " \n", "<p>Hi</p>")), {}, "text/plain"),
        (assembled(words=Words("Hi", "Hi\n", "")), {}, "text/html"),
        (assembled().removesuffix(b"--\r\n") + b"\r\n", {}, "parts cannot be read"),
        (assembled(calendar=("CANCEL", ICS)), {}, "METHOD"),
        (assembled(calendar=("REQUEST", ICS)), {"uid": UID, "least_sequence": 4}, "lower"),
        (
            assembled(calendar=("REQUEST", ICS)).replace(b"application/ics", b"image/png"),
            {},
            "one and the same",
        ),
        (assembled(calendar=("REQUEST", ICS)).replace(b"\r\nQkVH", b"\r\nQkVI", 1), {}, "one and the same"),
    ],
)
def test_look_over_finds_what_is_amiss(raw, expected, why):
    with pytest.raises(Unfit, match=why):
        checked(raw, **expected)
