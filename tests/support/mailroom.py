"""The mail of a test: a transport that keeps what it is given, and everybody's mailbox and calendar."""

import email
import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from html.parser import HTMLParser
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from scheduler.mail.transport import Trouble
from tests.support.calendars import Calendar


class _Form(HTMLParser):
    """The first form of a page that posts: its fields as a browser would send them untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: list[tuple[str, str]] = []
        self.submits: list[tuple[str, str]] = []
        self._inside = self._done = False
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self._done and given.get("method", "").lower() == "post":
            self._inside, self.action = True, given.get("action", "")
        if not self._inside:
            return
        if tag == "input":
            self._input(given)
        if tag == "button" and given.get("name"):
            self.submits.append((given["name"], given.get("value", "")))
        if tag == "textarea":
            self.fields.append((given["name"], ""))
        if tag == "select":
            self._select = given["name"]
        if tag == "option" and self._select and "selected" in given:
            self.fields.append((self._select, given.get("value", "")))

    def _input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in ("radio", "checkbox") and "checked" not in given:
            return
        if given.get("name") and "disabled" not in given and kind != "submit":
            self.fields.append((given["name"], given.get("value", "on")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._inside:
            self._inside, self._done = False, True
        if tag == "select":
            self._select = None


@dataclass(frozen=True)
class Page:
    """A page somebody reached from a mail, and its form."""

    client: FlaskClient
    url: str
    status: int
    text: str

    def send(self, **changed: object) -> "Page":
        """Press the first form's button, with some fields filled in otherwise; the page one ends on."""
        form = _Form()
        form.feed(self.text)
        assert form.action is not None, f"no form on {self.url}:\n{self.text}"
        fields: dict[str, object] = {}
        for name, value in form.fields:
            fields.setdefault(name, [])
            fields[name].append(value)  # type: ignore[attr-defined]
        if form.submits:
            fields.setdefault(*form.submits[0])
        fields.update(changed)
        answer = self.client.post(form.action or self.url, data=fields, follow_redirects=True)
        return Page(self.client, answer.request.path, answer.status_code, answer.text)


@dataclass(frozen=True)
class Mail:
    """One received mail."""

    raw: bytes
    client: FlaskClient | None = None

    @property
    def parsed(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]

    @property
    def subject(self) -> str:
        return str(self.parsed["Subject"])

    @property
    def text(self) -> str:
        return self._part("text/plain")

    @property
    def html(self) -> str:
        return self._part("text/html")

    @property
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
        path = urlsplit(url)
        assert self.client is not None
        target = path.path + (f"?{path.query}" if path.query else "")
        answer = self.client.get(target, follow_redirects=True)
        return Page(self.client, target, answer.status_code, answer.text)

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
