"""The mail of a test: a transport that keeps what it is given, and everybody's mailbox and calendar."""

import email
import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from functools import cached_property
from html import unescape
from urllib.parse import urljoin, urlsplit

from flask.testing import FlaskClient

from scheduler.mail.transport import Trouble
from tests.support.calendars import Calendar
from tests.support.forms import Button, Form, Reader


@dataclass(frozen=True)
class Page:
    """A page somebody reached, from a mail or another page; with links and buttons to press."""

    client: FlaskClient
    url: str
    status: int
    text: str

    def send(self, **changed: object) -> "Page":
        """Press the first form's first button, with some fields filled in otherwise; the page one ends on."""
        found = Reader(self.text).forms
        assert found, f"no form on {self.url}:\n{self.text}"
        return self._post(found[0], next(iter(found[0].buttons), None), changed)

    def press(self, words: str, **changed: object) -> "Page":
        """Press the button with these words, some fields filled in otherwise; the page one ends on."""
        pressable = [(form, button) for form in Reader(self.text).forms for button in form.buttons]
        for form, button in pressable:
            if button.words == words:
                return self._post(form, button, changed)
        raise AssertionError(
            f"no {words!r} among {[one.words for _, one in pressable]} on: {self.words[:500]}"
        )

    def follow(self, words: str) -> "Page":
        """Follow the first link whose words begin so; the page one ends on."""
        links = Reader(self.text).links
        for text, address in links:
            if text.startswith(words):
                return look(self.client, urljoin(self.url, address))
        raise AssertionError(f"no {words!r} among {[text for text, _ in links]} on {self.url}")

    @property
    def words(self) -> str:
        """What stands on the page, without its tags."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.text)).split())

    def _post(self, form: Form, button: Button | None, changed: dict[str, object]) -> "Page":
        to = urljoin(self.url, form.action)
        answer = self.client.post(to, data=form.sent(button, changed), follow_redirects=True)
        return Page(self.client, answer.request.path, answer.status_code, answer.text)


def look(client: FlaskClient, url: str) -> Page:
    """The page at this address, in this browser: a GET."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    answer = client.get(target, follow_redirects=True)
    return Page(client, answer.request.path if answer.history else target, answer.status_code, answer.text)


@dataclass(frozen=True)
class Mail:
    """One received mail."""

    raw: bytes
    client: FlaskClient | None = None

    @cached_property
    def parsed(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]  # the policy makes it an EmailMessage

    @property
    def subject(self) -> str:
        return str(self.parsed["Subject"])

    @property
    def text(self) -> str:
        return self._part("text/plain")

    @property
    def html(self) -> str:
        return self._part("text/html")

    @cached_property
    def calendar(self) -> str:
        return self._part("text/calendar")

    @property
    def method(self) -> str | None:
        found = re.search(r"^METHOD:(\w+)", self.calendar, re.M)
        return found.group(1) if found else None

    def _part(self, kind: str) -> str:
        for part in self.parsed.walk():
            if part.get_content_type() == kind:
                return bytes(part.get_payload(decode=True)).decode()
        return ""

    @property
    def links(self) -> list[str]:
        """Every address in the text, in order."""
        return re.findall(r"https?://[^\s<>]+", self.text)

    def open(self, words: str) -> Page:
        """Press the link that stands under, or beside, these words in the text: a GET, and the page."""
        lines = self.text.splitlines()
        at = next((n for n, line in enumerate(lines) if words.casefold() in line.casefold()), None)
        assert at is not None, f"no words {words!r} in:\n{self.text}"
        url = next(found for line in lines[at:] for found in re.findall(r"https?://[^\s<>]+", line))
        assert self.client is not None
        return look(self.client, url)

    def press(self, words: str, **changed: object) -> Page:
        """Open the link at these words, and press the page's one button."""
        page = self.open(words)
        assert page.status == 200, f"{page.status}: {page.text}"
        return page.send(**changed)


class Mailroom:
    """A transport for tests; `trouble` makes it refuse what it names, until taken out again."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self.calendars: dict[str, Calendar] = {}
        self.trouble: Trouble | None = None
        self.client: FlaskClient | None = None

    def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
        if self.trouble is not None:
            raise self.trouble
        self.mails.append((recipient, raw))
        if b"text/calendar" in raw:
            self.calendars.setdefault(recipient, Calendar()).take(raw)
        return "250 kept"

    def close(self) -> None:
        """Nothing is held open."""

    def another(self) -> None:
        """There is one, so that letters come in their order."""

    def to(self, address: str) -> list[Mail]:
        """All mails to this address, oldest first; a name alone stands for the cast's address."""
        whole = address if "@" in address else f"{address}@example.org"
        return [Mail(raw, self.client) for recipient, raw in self.mails if recipient == whole]

    def last(self, address: str) -> Mail:
        """The newest mail to this address."""
        mails = self.to(address)
        assert mails, f"no mail to {address}"
        return mails[-1]

    def events(self, address: str) -> list[tuple[str, str]]:
        """What stands in this address's calendar: (start in UTC, PARTSTAT), soonest first."""
        calendar = self.calendars.get(f"{address}@example.org", Calendar())
        return sorted((event.starts_at.isoformat(), event.partstat) for event in calendar.events.values())
