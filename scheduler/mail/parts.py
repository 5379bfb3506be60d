"""The parts of a mail from anyone at all: found within limits, decoded in one way or another."""

import contextlib
import html
import re
import urllib.parse
from collections.abc import Iterator
from email import utils
from email.header import decode_header, make_header
from email.message import Message

from scheduler.mail import invite
from scheduler.mail.meaning import Unreadable

MAIL_LIMIT = 10_000_000
HEADERS_LIMIT = 64_000
PARTS_LIMIT = 100
DEPTH_LIMIT = 10
REFERENCES_LIMIT = 10
MESSAGE_ID_LIMIT = 998
HEADER_LIMIT = 2_000
WORDS_LIMIT = 60_000
"""Bytes of a text that are looked at: what a person has to say stands on top."""
# Counted before the parser, which takes seconds over a hundred thousand parts.
DASHED_LINES_LIMIT = 5_000

_MARK = re.compile(r"(<[^<>]*>)")
_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_UNSEEN = frozenset({"script", "style", "head", "title"})
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "blockquote", "h1", "h2", "h3"})


def check_size(raw: bytes) -> None:
    """Raises Unreadable for a mail that is larger, or has more parts, than any that can matter."""
    if len(raw) > MAIL_LIMIT:
        raise Unreadable("The mail is larger than ten megabytes.")
    ends = [end for end in (raw.find(b"\n\n"), raw.find(b"\n\r\n")) if end >= 0]
    if min(ends, default=len(raw)) > HEADERS_LIMIT:
        raise Unreadable("The mail's headers are longer than 64 kilobytes.")
    if raw.count(b"\n--") > DASHED_LINES_LIMIT or raw.lower().count(b"boundary") > 2 * PARTS_LIMIT:
        raise Unreadable("The mail has too many parts.")


def walk(mail: Message) -> Iterator[Message]:
    """The mail and its parts in order, but nothing inside message/…: that is another mail.

    Raises Unreadable for too many, or too deep ones.
    """
    waiting = [(mail, 0)]
    seen = 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if seen > PARTS_LIMIT or depth > DEPTH_LIMIT:
            raise Unreadable("The mail has too many parts, or they are nested too deep.")
        yield part
        inside = part.get_payload() if part.get_content_maintype() != "message" else ""
        if isinstance(inside, list):
            waiting.extend((child, depth + 1) for child in reversed(inside) if isinstance(child, Message))


def decoded(content: bytes, declared: str | None) -> str:
    """The text in the charset declared, else UTF-8, else Latin-1, which never fails."""
    for charset in (declared or "utf-8", "utf-8"):
        try:
            return content.decode(charset).removeprefix("\ufeff")
        except (UnicodeError, LookupError):
            continue
    return content.decode("latin-1")


def written(parts: list[Message]) -> str:
    """What the mail says in words: its first text, else its first HTML without the marks."""
    for kind in ("text/plain", "text/html"):
        for part in parts:
            content = part.get_payload(decode=True)
            is_file = part.get_content_disposition() == "attachment"
            if part.get_content_type() == kind and isinstance(content, bytes) and not is_file:
                text = decoded(content[:WORDS_LIMIT], part.get_content_charset())
                return invite.plain_text(_without_marks(text) if kind == "text/html" else text).strip()
    return ""


def header(mail: Message, name: str) -> str:
    """A header on one line, its encoded words decoded (RFC 2047); empty when it is not there."""
    value = str(mail.get(name, ""))[:HEADER_LIMIT]
    with contextlib.suppress(LookupError, ValueError):  # what cannot be decoded stays as it is
        value = str(make_header(decode_header(value)))
    return invite.one_line(value)


def unfolded(value: str) -> str:
    """A header's text on one line, nothing in it decoded."""
    return " ".join(value.split())


def address_of(mail: Message, name: str) -> str:
    """The address in a header that names one, in small letters; else nothing."""
    return normal_address(utils.parseaddr(str(mail.get(name, "")))[1])


def delivered_to(mail: Message) -> str:
    """The address it came to, as whoever delivered it wrote on top; what stands below may be anybody's."""
    return address_of(mail, "Delivered-To") or address_of(mail, "X-Original-To")


def message_id(mail: Message) -> str:
    """Its Message-ID, cut to size."""
    return "".join(header(mail, "Message-ID").split())[:MESSAGE_ID_LIMIT]


def references(mail: Message) -> tuple[str, ...]:
    """The Message-IDs of the mails it answers (RFC 5322, 3.6.4), the nearest first; a few are enough."""
    named = f"{header(mail, 'In-Reply-To')} {' '.join(reversed(header(mail, 'References').split()))}"
    return tuple(re.findall(r"<[^<>\s]{3,250}>", named)[:REFERENCES_LIMIT])


def sender(mail: Message) -> str:
    """From's address, or nothing when it names several: an unquoted comma in a name leaves one with an @."""
    pairs = utils.getaddresses([str(value) for value in mail.get_all("From", [])])
    known = {address for _, given in pairs if (address := normal_address(given))}
    return known.pop() if len(known) == 1 else ""


def normal_address(value: str) -> str:
    """The lower-case address in a calendar's or a header's way of writing it, or an empty string.

    Blanks and any number of "mailto:" are taken away and percent signs decoded.
    """
    address = re.sub(r"\s+", "", value)
    address = re.sub(r"^(mailto:)+", "", address, flags=re.IGNORECASE)
    address = urllib.parse.unquote(address).strip("<>").lower()
    return address if re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", address) and address.isprintable() else ""


def _without_marks(page: str) -> str:
    """What a reader of this HTML sees, roughly, in lines; in one pass, whatever it holds."""
    words: list[str] = []
    hidden = ""
    for token in _MARK.split(page):
        if not _MARK.fullmatch(token):
            words.append("" if hidden else token.replace("\n", " "))
            continue
        named = _NAME.match(token)
        closes, tag = (named.group(1), named.group(2).lower()) if named else ("", "")
        if hidden:
            hidden = "" if closes and tag == hidden else hidden
        elif tag in _UNSEEN:
            hidden = "" if closes else tag
        elif tag in _BREAKS:
            words.append("\n")
    lines = (" ".join(line.split()) for line in html.unescape("".join(words)).split("\n"))
    return "\n".join(line for line in lines if line)
