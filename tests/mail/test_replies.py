"""Answers as calendars write them."""

import email
from datetime import UTC, datetime
from email import policy

import icalendar
import pytest

from scheduler.mail import inbound, invite, letter, replies
from scheduler.mail.invite import Invite, Mailbox

STAMP = datetime(2026, 1, 13, 9, 15, tzinfo=UTC)
COPY = Invite(
    uid="aaaqeayeaudaocajbifqydiob4@rounds.example",
    sequence=2,
    stamp=datetime(2026, 1, 12, 8, 30, tzinfo=UTC),
    starts_at=datetime(2026, 1, 20, 14, 0, tzinfo=UTC),
    ends_at=datetime(2026, 1, 20, 14, 30, tzinfo=UTC),
    summary="Coffee chat with Sam & Lee",
    description="",
    location="",
    organizer=("Coffee Rounds", "rounds@rounds.example"),
    attendee=("Müller, Maya", "Maya@Example.com"),
)


def invitation(method="REQUEST", write=invite.request):
    return letter.assemble(
        sender=Mailbox("Coffee Rounds", "rounds@rounds.example"),
        recipient=Mailbox("Müller, Maya", "Maya@Example.com"),
        reply_to=Mailbox("Coffee Rounds", "reply+t0k3n@rounds.example"),
        words=letter.Words("Coffee chat", "Text\n", "<p>Text</p>"),
        message_id="<1@rounds.example>",
        date=COPY.stamp,
        calendar=(method, write(COPY)),
    )


def calendar_parts(raw):
    parts = list(email.message_from_bytes(raw).walk())
    return [part for part in parts if part.get_content_type() in ("text/calendar", "application/ics")]


@pytest.mark.parametrize("style", replies.STYLES)
@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE"])
def test_every_style_is_read_as_the_answer_it_is(style, partstat):
    raw = replies.reply(invitation(), partstat, stamp=STAMP, style=style)
    answer = inbound.read(raw)
    assert answer.is_answer
    assert (answer.uid, answer.attendee, answer.partstat) == (COPY.uid, "maya@example.com", partstat)
    assert (answer.sequence, answer.stamp, answer.comment) == (2, STAMP, "")
    assert answer.sender == "maya@example.com"


@pytest.mark.parametrize("style", replies.STYLES)
def test_reply_goes_from_the_attendee_to_reply_to(style):
    mail = email.message_from_bytes(replies.reply(invitation(), "ACCEPTED", stamp=STAMP, style=style))
    modern = email.message_from_bytes(mail.as_bytes(), policy=policy.default)
    assert [found.addr_spec for found in modern["From"].addresses] == ["Maya@Example.com"]
    assert mail["To"] == "reply+t0k3n@rounds.example"
    assert mail["In-Reply-To"] == "<1@rounds.example>"


def test_without_reply_to_the_organizer_is_answered():
    raw = invitation().replace(b"Reply-To:", b"X-Reply-To:")
    answer = email.message_from_bytes(replies.reply(raw, "ACCEPTED", stamp=STAMP))
    assert answer["To"] == "rounds@rounds.example"


def test_alias_answers_for_the_attendee():
    raw = replies.reply(invitation(), "DECLINED", stamp=STAMP, sender=Mailbox("M", "mm@alias.example"))
    answer = inbound.read(raw)
    assert (answer.sender, answer.attendee) == ("mm@alias.example", "maya@example.com")


def test_google_says_auto_submitted_and_sends_two_copies():
    raw = replies.reply(invitation(), "ACCEPTED", stamp=STAMP, style="google")
    mail = email.message_from_bytes(raw)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Sender"] == "Google Calendar <calendar-notification@google.com>"
    card, file = calendar_parts(raw)
    assert card.get_payload(decode=True) == file.get_payload(decode=True)


def test_outlook_leaves_out_the_organizer_and_counts_in_its_own_property():
    [card] = calendar_parts(replies.reply(invitation(), "ACCEPTED", stamp=STAMP, style="outlook"))
    [event] = icalendar.Calendar.from_ical(card.get_payload(decode=True)).walk("VEVENT")
    assert "ORGANIZER" not in event
    assert "SEQUENCE" not in event
    assert str(event["X-MICROSOFT-CDO-APPT-SEQUENCE"]) == "2"
    assert str(event["ATTENDEE"]) == "MAILTO:Maya@Example.com"


def test_apple_attaches_a_calendar_without_method_inside_the_alternatives():
    raw = replies.reply(invitation(), "ACCEPTED", stamp=STAMP, style="apple")
    assert [part.get_content_type() for part in email.message_from_bytes(raw).walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/mixed",
        "text/html",
        "text/calendar",
        "text/html",
    ]
    [file] = calendar_parts(raw)
    assert file.get_param("method") is None
    assert file.get_content_disposition() == "attachment"


def test_same_press_gives_the_same_bytes():
    first, second = (replies.reply(invitation(), "ACCEPTED", stamp=STAMP) for _ in range(2))
    assert first == second


def test_only_an_invitation_can_be_answered():
    with pytest.raises(ValueError, match="Only an invitation"):
        replies.reply(invitation("CANCEL", invite.cancel), "ACCEPTED", stamp=STAMP)
    with pytest.raises(ValueError, match="MAYBE"):
        replies.reply(invitation(), "MAYBE", stamp=STAMP)
