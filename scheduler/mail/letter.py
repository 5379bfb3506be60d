"""Letters: from a template to words, from words to a finished mail, and the look over it before it leaves."""

import base64
import email
import functools
import quopri
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email import errors, headerregistry, utils
from email.header import Header
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import css_inline
import jinja2

from scheduler.mail import invite, lines
from scheduler.mail.invite import Mailbox

LINE_LIMIT = 998
HEADER_WIDTH = 76
ADDRESS_LIMIT = 254
QUOTED_NAME_LIMIT = 50

_PACKAGED = Path(__file__).parents[1] / "templates" / "email"
_CHECKED_OUT = Path(__file__).parents[2] / "templates" / "email"
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


class Unfit(ValueError):
    """A letter that must not leave, with a sentence saying why."""


class Words(NamedTuple):
    """What a letter says: its subject on one line, its text, and the same as HTML."""

    subject: str
    text: str
    html: str


class Stationery:
    """Templates of letters in one folder: `<name>.txt`, whose first line is the subject, and `<name>.html`.

    They name one another from the folder above it (`email/base.html`). Templates are read once. HTML is
    escaped by the file's name, text is not; an undefined name raises.
    """

    def __init__(self, folder: Path, filters: Mapping[str, Callable[..., object]] | None = None) -> None:
        self._pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader([folder, folder.parent]),
            autoescape=jinja2.select_autoescape(disabled_extensions=("txt",), default=True),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
        self.bind(filters or {})
        self.bind_globals({"reads_replies": _reads_none})

    def bind(self, filters: Mapping[str, Callable[..., object]]) -> None:
        """Make these filters known to all templates; the same name again replaces."""
        self._pages.filters.update(filters)

    def bind_globals(self, named: Mapping[str, Callable[..., object]]) -> None:
        """Make these functions known to all templates; the same name again replaces.

        Templates ask `reads_replies()`: whether an answer in the reader's own calendar is read. It is no
        until bound, for a letter must not promise what the service does not do.
        """
        self._pages.globals.update(named)

    def render(self, name: str, context: Mapping[str, object]) -> Words:
        """The letter's words for this context; Unfit when the text's first line holds no subject.

        Templates are told which `letter` they are, for a programme may have words of its own for it, and the
        HTML its `subject`, for its title.
        """
        context = {**context, "letter": name}
        first, _, text = self._filled(f"{name}.txt", context).partition("\n")
        subject = invite.one_line(first)
        if not subject:
            raise Unfit(f"The letter {name} has no subject on its first line.")
        html = self._inliner.inline(self._filled(f"{name}.html", {**context, "subject": subject}))
        return Words(subject, lines.tidied(text), html)

    def _filled(self, template: str, context: Mapping[str, object]) -> str:
        return invite.plain_text(self._pages.get_template(template).render(context))


@functools.cache
def stationery() -> Stationery:
    """The service's own templates: those in the installed package, else the checkout's."""
    return Stationery(_PACKAGED if _PACKAGED.is_dir() else _CHECKED_OUT)


def bind(filters: Mapping[str, Callable[..., object]]) -> None:
    """Make these filters known to the service's own templates."""
    stationery().bind(filters)


def bind_globals(named: Mapping[str, Callable[..., object]]) -> None:
    """Make these functions known to the service's own templates: `reads_replies`, bound with the sender."""
    stationery().bind_globals(named)


def render(name: str, context: Mapping[str, object]) -> Words:
    """The words of one of the service's own letters."""
    return stationery().render(name, context)


def assemble(
    *,
    sender: Mailbox,
    recipient: Mailbox,
    reply_to: Mailbox,
    words: Words,
    message_id: str,
    date: datetime,
    references: Sequence[str] = (),
    calendar: tuple[str, bytes] | None = None,
    unsubscribe: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> bytes:
    """The finished mail: CRLF, ASCII, lines within 998 octets, the same bytes for the same arguments.

    `calendar` is (method, VCALENDAR); it goes into the alternatives with its method, and as a file beside
    them. `references` are older Message-IDs, the last is answered. `unsubscribe` is a URL that takes a POST
    (RFC 8058). What cannot stand in a header raises Unfit.
    """
    if date.utcoffset() is None:
        raise Unfit("A letter's date needs a zone.")
    block = [
        ("From", _mailbox("From", sender)),
        ("To", _mailbox("To", recipient)),
        ("Reply-To", _mailbox("Reply-To", reply_to)),
        ("Subject", _subject(words.subject)),
        ("Date", utils.format_datetime(date.astimezone(UTC))),
        ("Message-ID", _known_id(message_id)),
        *_threading(references),
        ("MIME-Version", "1.0"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        *_unsubscribing(unsubscribe),
        *((_own_name(name), _token(name, value)) for name, value in headers),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in block)
    return head.encode("ascii") + _body(words, calendar)


def check(
    raw: bytes, *, recipient: str, sender: str, uid: str | None = None, least_sequence: int = 0
) -> None:
    """Look over a finished mail before it leaves; Unfit with a sentence when anything is amiss.

    Only the bytes are believed: one To, which is `recipient`, one From, which is `sender`, a subject, text
    and HTML, and when there is a calendar, both copies of it equal and as `invite.check` asks. A `uid`
    makes the calendar a must.
    """
    _check_lines(raw)
    mail = email.message_from_bytes(raw)
    _check_headers(mail, recipient, sender)
    leaves = [part for part in mail.walk() if not part.is_multipart()]
    _must(not any(part.defects for part in mail.walk()), "The mail's parts cannot be read again.")
    for content_type in ("text/plain", "text/html"):
        bodies = _contents(leaves, content_type)
        _must(len(bodies) == 1 and bool(bodies[0].strip()), f"The letter has no {content_type}, or two.")
    cards = [part for part in leaves if part.get_content_type() == "text/calendar"]
    files = _contents(leaves, "application/ics")
    if not cards and not files:
        _must(uid is None, "The letter lacks the calendar that it should bring.")
        return
    is_one = len(files) == 1 and _contents(cards, "text/calendar") == files
    _must(is_one, "The letter's calendar and the file beside it are not one and the same.")
    method = str(cards[0].get_param("method"))
    try:
        invite.check(
            files[0],
            method=method,
            organizer=sender,
            attendee=recipient,
            uid=uid,
            least_sequence=least_sequence,
        )
    except ValueError as error:
        raise Unfit(str(error)) from error


def _reads_none() -> bool:
    return False


def _body(words: Words, calendar: tuple[str, bytes] | None) -> bytes:
    alternatives = [_text_part("plain", words.text), _text_part("html", words.html)]
    if calendar is None:
        return _multipart("alternative", alternatives)
    method, ics = calendar
    # Parameters unquoted and in upper case: not every client looks the method up as RFC 2045 would.
    alternatives.append(_base64_part(f"text/calendar; charset=utf-8; method={_token('method', method)}", ics))
    file = _base64_part(
        f'application/ics; name="{invite.FILE}"', ics, f'attachment; filename="{invite.FILE}"'
    )
    return _multipart("mixed", [_multipart("alternative", alternatives), file])


def _text_part(subtype: str, text: str) -> bytes:
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    coded = quopri.encodestring(invite.plain_text(text).encode())
    return f"{head}\r\n".encode() + coded.replace(b"\n", b"\r\n")


def _base64_part(content_type: str, content: bytes, disposition: str | None = None) -> bytes:
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n"
    if disposition is not None:
        head += f"Content-Disposition: {disposition}\r\n"
    return f"{head}\r\n".encode() + base64.encodebytes(content).replace(b"\n", b"\r\n")


def _multipart(kind: str, parts: Sequence[bytes]) -> bytes:
    # "=_" never occurs in quoted-printable or base64, so that one boundary for each kind is enough.
    boundary = f"=_{kind}"
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n'.encode()
    pieces = b"".join(f"\r\n--{boundary}\r\n".encode() + part for part in parts)
    return head + pieces + f"\r\n--{boundary}--\r\n".encode()


def _mailbox(header: str, mailbox: Mailbox) -> str:
    """`name <address>`, folded here: Python 3.11.7 makes a long name with a comma two people (gh-80222)."""
    name = invite.plain_name(mailbox.name)
    address = _address(header, mailbox.address)
    if not name:
        return address
    phrase = _phrase(header, name)
    fits = len(f"{header}: {phrase} <{address}>") <= HEADER_WIDTH
    return f"{phrase} <{address}>" if fits else f"{phrase}\r\n <{address}>"


def _address(header: str, address: str) -> str:
    try:
        known = headerregistry.Address(addr_spec=address).addr_spec
    except (ValueError, errors.HeaderParseError, IndexError):
        known = ""
    is_plain = address.isascii() and address.isprintable() and not set(address) & set(' "')
    if known != address or not is_plain or len(address) > ADDRESS_LIMIT or "@" not in address:
        raise Unfit(f"{header}: {address!r} is not a mail address that letters can go to.")
    return address


def _phrase(header: str, name: str) -> str:
    """A name as atoms, in quotes when short and without a comma, as encoded words else (RFC 2047)."""
    if len(name) > QUOTED_NAME_LIMIT or not name.isascii() or "," in name or "=?" in name:
        return _encoded(header, name)
    return name if _ATOMS.fullmatch(name) else f'"{name}"'


def _subject(text: str) -> str:
    line = invite.one_line(text)
    fits = len(f"Subject: {line}") <= HEADER_WIDTH
    return line if line.isascii() and fits and "=?" not in line else _encoded("Subject", line)


def _encoded(header: str, text: str) -> str:
    return Header(text, "utf-8", maxlinelen=HEADER_WIDTH, header_name=header).encode(linesep="\r\n")


def _known_id(message_id: str) -> str:
    if not _MESSAGE_ID.fullmatch(message_id):
        raise Unfit(f"{message_id!r} is not a Message-ID.")
    return message_id


def _threading(references: Sequence[str]) -> list[tuple[str, str]]:
    known = [_known_id(reference) for reference in references]
    return [("In-Reply-To", known[-1]), ("References", "\r\n ".join(known))] if known else []


def _unsubscribing(url: str | None) -> list[tuple[str, str]]:
    if url is None:
        return []
    link = _token("List-Unsubscribe", url)
    return [("List-Unsubscribe", f"<{link}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]


def _own_name(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise Unfit(f"{name!r} cannot be a header's name.")
    return name


def _token(header: str, value: str) -> str:
    if not value or not value.isascii() or not value.isprintable() or len(value) > LINE_LIMIT - 40:
        raise Unfit(f"{header}: the value is empty, too long or not plain.")
    return value


def _must(holds: bool, sentence: str) -> None:
    if not holds:
        raise Unfit(sentence)


def _check_lines(raw: bytes) -> None:
    _must(raw.isascii(), "The mail is not plain ASCII.")
    for line in raw.split(b"\r\n"):
        _must(len(line) <= LINE_LIMIT, "A line of the mail is longer than 998 octets.")
        _must(b"\n" not in line and b"\r" not in line, "A line of the mail does not end with CRLF.")


def _check_headers(mail: Message, recipient: str, sender: str) -> None:
    for name in ("From", "To", "Reply-To", "Subject", "Date", "Message-ID"):
        _must(len(mail.get_all(name, [])) == 1, f"The mail needs one {name}.")
    _must("Cc" not in mail and "Bcc" not in mail, "A letter goes to one person alone.")
    _must(bool(mail["Subject"].strip()), "The letter has no subject.")
    for name, expected in (("To", recipient), ("From", sender)):
        found = [address for _, address in utils.getaddresses([mail[name]])]
        _must(found == [expected], f"The mail's {name} is not the one address it should be.")


def _contents(parts: Iterable[Message], content_type: str) -> list[bytes]:
    wanted = [part for part in parts if part.get_content_type() == content_type]
    # A part that is no multipart always decodes to bytes.
    return [bytes(part.get_payload(decode=True)) for part in wanted]
