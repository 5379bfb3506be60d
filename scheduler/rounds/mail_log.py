"""The letters of a programme: which were written to whom, what became of each, and what it really said.

Whatever would let a coordinator act as the reader (links, the calendar's UID, reply addresses) is taken out.
"""

import email
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from html import escape
from html.parser import HTMLParser

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, defer

from scheduler.mail import holds
from scheduler.mail.envelope import Fate, Outgoing
from scheduler.mail.holds import Hold
from scheduler.programme import names
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from scheduler.rounds import mail_standing, progress

PAGE = 50
FATES = {
    Fate.WAITING: ("waiting", "waiting"),
    Fate.SENDING: ("waiting", "being sent"),
    Fate.SENT: ("settled", "sent"),
    Fate.WITHDRAWN: ("still", "not sent"),
    Fate.GIVEN_UP: ("wrong", "given up"),
}
"""The colour and the words of each fate."""
SHOWN_HEADERS = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "Auto-Submitted",
    "Content-Type",
)
LINK = "[link]"
_URL = re.compile(r"(?:https?|webcal)://[^\s<>\"']+")
_SECRET_LINE = re.compile(r"(?im)^(UID|URL|REPLY-TO)([:;]).*$")
_ADDRESSING = frozenset({"href", "src", "action", "formaction", "background", "srcset", "ping", "data"})
_UNSEEN = frozenset({"script", "style", "iframe", "object", "embed", "form", "base", "link", "meta"})


@dataclass(frozen=True, kw_only=True)
class LetterRow:
    """One letter in the log; moments are in the programme's zone."""

    id: int
    to: str
    address: str
    subject: str
    letter: str
    written: str
    kind: str
    state: str
    fate: str
    tries: int


@dataclass(frozen=True, kw_only=True)
class LetterListing:
    """A page of the log."""

    rows: list[LetterRow]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, kw_only=True)
class LetterPage:
    """One letter: its row, its text, its HTML without links, its source without secrets."""

    row: LetterRow
    text: str
    html: str
    source: str
    about: str
    size: str
    may_try: bool
    may_stop: bool


def letters(
    session: Session,
    programme: Programme,
    now: datetime,
    *,
    state: str,
    q: str,
    page: int,
    about: str = "",
) -> LetterListing:
    """The letters in `state` (else all) whose subject or address holds `q`, newest first, fifty a page."""
    found = _found(programme, state, q, about)
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    rows = found.order_by(Outgoing.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
    standing = holds.standing(session)
    shown = [_row(letter, name, programme, standing, now) for letter, name in session.execute(rows)]
    return LetterListing(rows=shown, total=total, page=page, pages=pages)


def find(session: Session, programme: Programme, letter_id: int) -> Outgoing | None:
    """The letter of this programme with this id."""
    return session.scalar(
        select(Outgoing).where(Outgoing.id == letter_id, Outgoing.programme_id == programme.id)
    )


def letter(session: Session, programme: Programme, about: Outgoing, now: datetime) -> LetterPage:
    """What was really sent, read from the stored bytes; empty texts once these are no longer kept."""
    person = session.get(Person, about.person_id) if about.person_id is not None else None
    mail = email.message_from_bytes(about.raw, policy=policy.default)
    return LetterPage(
        row=_row(about, person.name if person is not None else None, programme, holds.standing(session), now),
        text=without_links(_part(mail, "text/plain")),
        html=without_addresses(_part(mail, "text/html")),
        source=_source(mail) if about.raw else "",
        about=about.about,
        size=f"{max(1, about.size // 1000)} kB",
        may_try=not about.why_not_again(now),
        may_stop=about.state is Fate.WAITING and about.method is None,
    )


def without_links(text: str) -> str:
    """The text with every address of a page taken out."""
    return _URL.sub(LINK, text)


def without_addresses(html: str) -> str:
    """The HTML without anything that leads or loads: no link works, and none can be read."""
    quiet = _Quiet()
    quiet.feed(html)
    quiet.close()
    return "".join(quiet.parts)


class _Quiet(HTMLParser):
    """Writes down the HTML it reads, but for what leads elsewhere."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += tag in ("script", "style", "iframe", "object")
            return
        kept = [
            f' {name}="{escape(without_links(value or ""))}"'
            for name, value in attrs
            if name not in _ADDRESSING and not name.startswith("on")
        ]
        self.parts.append(f"<{tag}{''.join(kept)}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen -= tag in ("script", "style", "iframe", "object")
        else:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._unseen <= 0:
            self.parts.append(escape(without_links(data), quote=False))


def _found(programme: Programme, state: str, q: str, about: str) -> Select[Outgoing, str]:
    found = (
        select(Outgoing, Person.name)
        .outerjoin(Person, Person.id == Outgoing.person_id)
        .where(Outgoing.programme_id == programme.id)
        .options(defer(Outgoing.raw))
    )
    if state in set(Fate):
        found = found.where(Outgoing.state == Fate(state))
    if about:
        found = found.where(Outgoing.about == about)
    wanted = names.clean_text(q, names.ADDRESS_LIMIT).lower()
    if wanted:
        held = [
            func.lower(column).contains(wanted, autoescape=True)
            for column in (Outgoing.subject, Outgoing.recipient, Person.name)
        ]
        found = found.where(or_(*held))
    return found


def _row(
    about: Outgoing, name: str | None, programme: Programme, standing: Mapping[str, Hold], now: datetime
) -> LetterRow:
    kind, words = FATES[about.state]
    held = mail_standing.why_it_waits(standing, about, programme, now) if about.state is Fate.WAITING else ""
    return LetterRow(
        id=about.id,
        to=name or about.recipient,
        address=about.recipient,
        subject=about.subject,
        letter=about.letter.replace("_", " "),
        written=progress.moment(about.written_at, programme),
        kind=kind,
        state="held" if held else words,
        fate=_fate(about, programme, held or _leaves(about, programme, now)),
        tries=about.attempts,
    )


def _leaves(about: Outgoing, programme: Programme, now: datetime) -> str:
    if about.try_at <= now:
        return "It leaves as soon as its turn comes."
    return f"It leaves on {progress.moment(about.try_at, programme)}."


def _fate(about: Outgoing, programme: Programme, waits: str) -> str:
    settled = progress.moment(about.settled_at, programme) if about.settled_at is not None else ""
    why = about.why.rstrip(".")
    tries = "1 try" if about.attempts == 1 else f"{about.attempts} tries"
    sentences = {
        Fate.WAITING: waits,
        Fate.SENDING: "It is being sent at this moment.",
        Fate.SENT: f"Sent on {settled}; the mail server answered “{why}”.",
        Fate.WITHDRAWN: f"Not sent: {why}.",
        Fate.GIVEN_UP: f"Given up on {settled} after {tries}: {why}.",
    }
    more = ""
    if about.state is Fate.WAITING and about.attempts:
        more = f" So far {tries}, the last of which ended so: {why}."
    return sentences[about.state] + more + _doubt(about)


def _doubt(about: Outgoing) -> str:
    """What is said of tries that ended without an answer after the last byte."""
    if not about.uncertain:
        return ""
    tries = "One try" if about.uncertain == 1 else f"{about.uncertain} tries"
    where = {Fate.SENT: "twice", Fate.WAITING: "already"}.get(about.state, "all the same")
    return f" {tries} broke off at the very end, so it may have arrived {where}."


def _part(mail: EmailMessage, content_type: str) -> str:
    for part in mail.walk():
        if part.get_content_type() == content_type:
            return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
    return ""


def _source(mail: EmailMessage) -> str:
    """The mail's headers and parts, decoded, without what would let somebody answer in the reader's name."""
    head = [f"{name}: {value}" for name in SHOWN_HEADERS if (value := mail.get(name)) is not None]
    pieces = ["\n".join(head)]
    for part in mail.walk():
        if part.is_multipart():
            continue
        content = bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
        unfolded = content.replace("\r\n", "\n").replace("\n ", "") if _is_calendar(part) else content
        shown = _SECRET_LINE.sub(r"\1\2[taken out]", unfolded) if _is_calendar(part) else unfolded
        pieces.append(f"--- {part.get_content_type()}\n\n{without_links(shown)}")
    return "\n\n".join(pieces)


def _is_calendar(part: EmailMessage) -> bool:
    return part.get_content_type() in ("text/calendar", "application/ics")
