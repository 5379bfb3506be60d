"""How a letter leaves: over SMTP to a mail server, or as a file into a maildir."""

import contextlib
import mailbox
import re
import smtplib
import ssl
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import SplitResult, unquote, urlsplit

from scheduler.crashpoint import crashpoint
from scheduler.mail import dialogue
from scheduler.mail.dialogue import Dialogue, Patience

LETTER_SECONDS = 150.0
"""One letter has no more in all, connecting included."""
LETTERS_A_CONNECTION = 100

_ADDRESS = re.compile(r"[!-;=?-~]+")
"""What stands between < and > without being quoted: ASCII, no spaces and no angles."""
_STATUS = re.compile(r"\d{3}[ -]#?([45]\.\d{1,3}\.\d{1,3})\b")
_NOT_THE_ADDRESS = frozenset({"5.1.7", "5.1.8", "5.4.5"})
"""Statuses that speak of the sender or of a full server (RFC 3463, 3.2 and 3.5), whatever they answer."""
_TOO_MANY = re.compile(r"\brate\b|too (many|much|fast|often)|throttl|slow down|limit|unusual", re.I)
_TOO_MANY_STATUS = re.compile(r"4\.7\.(28|5\d\d|65\d)$")
_ONE_READER_S = re.compile(r"gr[ea]y|mailbox|quota|storage", re.I)
"""What may sound like too many letters, but is of this one letter: greylisting, a full mailbox."""


class Blame(StrEnum):
    """Whose trouble a refusal is, and so what becomes of the letter."""

    RECIPIENT = "recipient"  # this address is not to be reached: give up
    LATER = "later"  # this letter is refused, in passing or by our fault: try again on its schedule
    DOMAIN = "domain"  # the recipient's server wants fewer letters: that domain rests
    LINE = "line"  # it broke off at this letter, which the server does not have: its fault or the server's
    OURS = "ours"  # the server refuses us or cannot be reached: stop the lane, lose nothing
    UNCERTAIN = "uncertain"  # broken off after the last byte: it may have arrived


class Trouble(Exception):
    """A letter did not leave, or may have; `blame` says what follows, `why` is the server's word."""

    def __init__(self, blame: Blame, why: str) -> None:
        super().__init__(f"{blame}: {why}")
        self.blame, self.why = blame, dialogue.plain(why)


class Transport(Protocol):
    """Something that takes finished letters."""

    def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
        """Hand over one letter; the answer in words. Raises Trouble."""

    def close(self) -> None:
        """Let go of any connection; sending afterwards opens another."""

    def another(self) -> "Transport | None":
        """One more of the same, for sending beside this one; None where that would gain nothing."""


class Maildir:
    """Writes each letter as a file into a maildir; for a laptop, and for the demo."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._box = mailbox.Maildir(path)

    def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
        """Keep the letter as a file."""
        try:
            crashpoint("maildir.before_file")
            self._box.add(raw)
            crashpoint("maildir.after_file")
        except OSError as error:
            raise Trouble(Blame.OURS, f"the mail folder cannot be written ({error.strerror})") from error
        return "kept in the mail folder"

    def close(self) -> None:
        """Nothing is held open."""

    def another(self) -> None:
        """A second pen would not fill the folder faster."""


class Smtp:
    """One kept connection to a mail server, opened when first needed, renewed in time and after any fault."""

    def __init__(
        self, url: str, *, context: ssl.SSLContext | None = None, seconds: float = LETTER_SECONDS
    ) -> None:
        self._url: SplitResult = urlsplit(url)
        self._context = context
        self._seconds, self._patience = seconds, Patience()
        self._open: Dialogue | None = None
        self._letters = 0

    def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
        """Hand the letter to the server; its answer to the last dot. Raises Trouble."""
        if not _ADDRESS.fullmatch(recipient):
            raise Trouble(Blame.RECIPIENT, "no mail server can be told this address")
        self._patience.begin(self._seconds)
        if self._letters >= LETTERS_A_CONNECTION:
            self.close()
            self._patience.begin(self._seconds)
        line = self._connected()
        self._letters += 1
        try:
            self._patience.seconds = dialogue.ANSWER_SECONDS
            self._announce(line, envelope_sender, recipient)
        except (OSError, ValueError, smtplib.SMTPException) as error:
            self._drop()
            raise Trouble(Blame.LINE, f"the line to the mail server broke off ({error})") from error
        return self._hand_over(line, raw)

    def _announce(self, line: Dialogue, envelope_sender: str, recipient: str) -> None:
        mail, rcpt = f"MAIL FROM:<{envelope_sender}>", f"RCPT TO:<{recipient}>"
        crashpoint("smtp.before_mail")
        self._patience.left()
        line.say_ahead(mail, rcpt, "DATA")
        self._go_on("MAIL", *line.docmd(mail))
        crashpoint("smtp.before_rcpt")
        self._patience.left()
        self._go_on("RCPT", *line.docmd(rcpt))
        crashpoint("smtp.before_data")
        self._patience.left()
        self._go_on("DATA", *line.docmd("DATA"), good=3)
        crashpoint("smtp.after_data")

    def _hand_over(self, line: Dialogue, raw: bytes) -> str:
        try:
            line.send(_dotted(raw))
        except (OSError, smtplib.SMTPException) as error:
            # The dot never left, so the server has no whole letter, and nothing is uncertain.
            self._drop()
            raise Trouble(Blame.LINE, f"the line broke off within the letter ({error})") from error
        try:
            crashpoint("smtp.after_dot")
            self._patience.seconds = dialogue.FINAL_SECONDS
            code, words = line.getreply()
        except Exception as error:
            # Whatever it was: the server has the whole letter.
            self._drop()
            raise Trouble(Blame.UNCERTAIN, f"no answer after the last byte ({error})") from error
        crashpoint("smtp.after_answer")
        self._patience.seconds = dialogue.ANSWER_SECONDS
        self._go_on("dot", code, words)
        return dialogue.answer(code, words)

    def _go_on(self, verb: str, code: int, words: bytes, *, good: int = 2) -> None:
        """Go on after a good answer; else leave the connection fit for the next letter and raise Trouble."""
        if code // 100 == good:
            return
        why = dialogue.answer(code, words)
        if code // 100 not in (4, 5):
            self._drop()
            raise Trouble(
                Blame.UNCERTAIN if verb == "dot" else Blame.LINE, f"an answer that means nothing ({why})"
            )
        if code == 421:
            self._drop()
        else:
            self._start_over()
        found = blame(verb, why)
        if found is Blame.OURS:
            why = f"the mail server {'refuses our address' if code // 100 == 5 else 'takes nothing'} ({why})"
        raise Trouble(found, why)

    def _start_over(self) -> None:
        """Let the server forget a refused letter; one that hangs up instead is called anew for the next."""
        code = 0
        if self._open is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                code, _ = self._open.rset()
        if code != 250:
            self._drop()

    def _connected(self) -> Dialogue:
        if self._open is None:
            crashpoint("smtp.before_connect")
            try:
                self._open = dialogue.open_to(self._url, self._tls(), self._patience)
            except (OSError, ValueError, smtplib.SMTPException) as error:
                raise Trouble(Blame.OURS, dialogue.why_not_open(error)) from error
            crashpoint("smtp.after_connect")
            self._letters = 0
        return self._open

    def _tls(self) -> ssl.SSLContext | None:
        """What certificates are checked with; reading the known ones takes a while, so it is done once."""
        if self._context is None and self._url.scheme != "smtp":
            self._context = ssl.create_default_context()
        return self._context

    def _drop(self) -> None:
        """Hang up on a server with which something went wrong."""
        if self._open is not None:
            self._open.close()
        self._open = None

    def close(self) -> None:
        """Take leave of the server; a second call does nothing."""
        if self._open is not None:
            self._open.leave()
        self._open, self._letters = None, 0

    def another(self) -> Self:
        """A connection of its own to the same server."""
        return type(self)(self._url.geturl(), context=self._context, seconds=self._seconds)


def to(url: str) -> Transport:
    """The transport that `SMTP_URL` names: smtp, smtps, smtp+starttls, or maildir:///path."""
    kinds: dict[str, Callable[[], Transport]] = {
        **dict.fromkeys(dialogue.PORTS, lambda: Smtp(url)),
        "maildir": lambda: Maildir(Path(unquote(urlsplit(url).path))),
    }
    scheme = urlsplit(url).scheme
    if scheme not in kinds:
        raise ValueError(
            f"SMTP_URL begins with {scheme or 'nothing'}:, which is none of {', '.join(sorted(kinds))}."
        )
    return kinds[scheme]()


def blame(verb: str, why: str) -> Blame:
    """Whose trouble a refusal (4xx, 5xx) is, by what it answers and by its status where it gives one.

    MAIL names the sender of every letter. 421 ends the connection, as a line that breaks off does. But where
    a recipient's server says that there are too many letters, by whatever code, it is for its domain alone.
    """
    found = _STATUS.match(why)
    status = found.group(1) if found else ""
    if why.startswith("5"):
        return _lasting(verb, status)
    is_last = why.startswith("421")
    if not _ONE_READER_S.search(why) and not status.startswith("4.2."):
        by_status = _TOO_MANY_STATUS.match(status) or (is_last and status.startswith("4.7."))
        if by_status or _TOO_MANY.search(why):
            return Blame.OURS if verb == "MAIL" else Blame.DOMAIN
    if is_last:
        return Blame.OURS if verb == "MAIL" else Blame.LINE
    return Blame.LATER


def _lasting(verb: str, status: str) -> Blame:
    """The same of a 5xx.

    After MAIL, a bad address (5.1.x) or one without a route (5.4.4) is the recipient's whenever it is told;
    a policy (5.7.x) or the content is ours, but of this letter alone.
    """
    if verb == "MAIL":
        return Blame.OURS
    if status in _NOT_THE_ADDRESS or status.startswith("5.7."):
        return Blame.LATER
    is_address = verb == "RCPT" or status.startswith("5.1.") or status == "5.4.4"
    return Blame.RECIPIENT if is_address else Blame.LATER


def _dotted(raw: bytes) -> bytes:
    """The letter as DATA carries it: a dot that begins a line doubled, one alone at the end."""
    stuffed = raw.removesuffix(b"\r\n").replace(b"\r\n.", b"\r\n..")
    return (b"." if raw.startswith(b".") else b"") + stuffed + b"\r\n.\r\n"
