"""How a letter leaves: over SMTP to a mail server, or as a file into a maildir."""

import contextlib
import mailbox
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

CONNECT_SECONDS = 15
ANSWER_SECONDS = 30
FINAL_SECONDS = 100

_STATUS = re.compile(r"\d{3} #?(5\.\d{1,3}\.\d{1,3})\b")
_NOT_THE_ADDRESS = frozenset({"5.1.7", "5.1.8", "5.4.5"})
"""Statuses that speak of the sender or of a full server (RFC 3463, 3.2 and 3.5), whatever they answer."""


class Blame(StrEnum):
    """Whose trouble a refusal is, and so what becomes of the letter."""

    RECIPIENT = "recipient"  # this address is not to be reached: give up
    LATER = "later"  # this letter is refused, in passing or by our fault: try again on its schedule
    OURS = "ours"  # the server refuses us or cannot be reached: stop the lane, lose nothing
    UNCERTAIN = "uncertain"  # broken off after the last byte: it may have arrived


class Trouble(Exception):
    """A letter did not leave, or may have; `blame` says what follows, `why` is the server's word."""

    def __init__(self, blame: Blame, why: str) -> None:
        super().__init__(f"{blame}: {why}")
        self.blame, self.why = blame, why[:300]


class Transport(Protocol):
    """Something that takes finished letters."""

    def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
        """Hand over one letter; the answer in words. Raises Trouble."""

    def close(self) -> None:
        """Let go of any connection; sending afterwards opens another."""


class Maildir:
    """Writes each letter as a file into a maildir; for a laptop, and for the demo."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._box = mailbox.Maildir(path)

    def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
        """Keep the letter as a file."""
        try:
            self._box.add(raw)
        except OSError as error:
            raise Trouble(Blame.OURS, f"The mail folder cannot be written: {error.strerror}") from error
        return "kept in the mail folder"

    def close(self) -> None:
        """Nothing is held open."""


class Smtp:
    """One kept connection to a mail server, opened when first needed and renewed after any fault."""

    def __init__(self, url: str, *, context: ssl.SSLContext | None = None) -> None:
        self._url: SplitResult = urlsplit(url)
        self._context = context or ssl.create_default_context()
        self._connection: smtplib.SMTP | None = None

    def send(self, envelope_sender: str, recipient: str, raw: bytes) -> str:
        """Hand the letter to the server; its answer to the last dot. Raises Trouble."""
        connection = self._connected()
        with _breaking_off(self.close):
            self._verb("MAIL", *connection.mail(envelope_sender))
            self._verb("RCPT", *connection.rcpt(recipient))
            self._verb("DATA", *connection.docmd("DATA"), good=354)
        return self._hand_over(connection, raw)

    def _hand_over(self, connection: smtplib.SMTP, raw: bytes) -> str:
        try:
            connection.send(_dotted(raw))
            if connection.sock is not None:
                connection.sock.settimeout(FINAL_SECONDS)
            code, answer = connection.getreply()
            if connection.sock is not None:
                connection.sock.settimeout(ANSWER_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Trouble(Blame.UNCERTAIN, f"no answer after the last byte ({error})") from error
        self._verb("dot", code, answer)
        return _words(code, answer)

    def _verb(self, verb: str, code: int, answer: bytes, *, good: int = 2) -> None:
        """Go on after a good answer; else leave the connection fit for the next letter and raise Trouble."""
        if code == good or code // 100 == good:
            return
        why = _words(code, answer)
        if code == 421:
            self.close()
            raise Trouble(Blame.OURS, why)
        self._start_over()
        raise Trouble(_blame(verb, why) if code // 100 == 5 else Blame.LATER, why)

    def _start_over(self) -> None:
        """Let the server forget a refused letter; one that hangs up instead is called anew for the next."""
        code = 0
        if self._connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                code, _ = self._connection.rset()
        if code != 250:
            self.close()

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None:
            with _breaking_off(self.close):
                self._connection = self._open()
        return self._connection

    def _open(self) -> smtplib.SMTP:
        host, scheme = self._url.hostname or "localhost", self._url.scheme
        port = self._url.port or {"smtps": 465, "smtp+starttls": 587}.get(scheme, 25)
        if scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=CONNECT_SECONDS, context=self._context
            )
        else:
            connection = smtplib.SMTP(host, port, timeout=CONNECT_SECONDS)
        if connection.sock is not None:
            connection.sock.settimeout(ANSWER_SECONDS)
        connection.ehlo_or_helo_if_needed()
        if scheme == "smtp+starttls":
            connection.starttls(context=self._context)
        if self._url.username:
            connection.login(unquote(self._url.username), unquote(self._url.password or ""))
        return connection

    def close(self) -> None:
        """Take leave of the server; a second call does nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()


def to(url: str) -> Transport:
    """The transport that `SMTP_URL` names: smtp, smtps, smtp+starttls, or maildir:///path."""
    kinds: dict[str, Callable[[], Transport]] = {
        "smtp": lambda: Smtp(url),
        "smtps": lambda: Smtp(url),
        "smtp+starttls": lambda: Smtp(url),
        "maildir": lambda: Maildir(Path(unquote(urlsplit(url).path))),
    }
    scheme = urlsplit(url).scheme
    if scheme not in kinds:
        raise ValueError(
            f"SMTP_URL begins with {scheme or 'nothing'}:, which is none of {', '.join(sorted(kinds))}."
        )
    return kinds[scheme]()


@contextlib.contextmanager
def _breaking_off(close: Callable[[], None]) -> Iterator[None]:
    """Before the last byte, any fault of the line is ours and the letter surely did not leave."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        close()
        raise Trouble(Blame.OURS, _words(error.smtp_code, error.smtp_error)) from error
    except (OSError, smtplib.SMTPException) as error:
        close()
        raise Trouble(Blame.OURS, f"the mail server cannot be reached ({error})") from error


def _blame(verb: str, why: str) -> Blame:
    """Whose trouble a lasting refusal (5xx) is, by what it answers and by its status where it gives one.

    MAIL names the sender of every letter. After it, a bad address (5.1.x) or one without a route (5.4.4) is
    the recipient's whenever it is told; a policy (5.7.x) or the content is ours, but of this letter alone.
    """
    if verb == "MAIL":
        return Blame.OURS
    found = _STATUS.match(why)
    status = found.group(1) if found else ""
    if status in _NOT_THE_ADDRESS or status.startswith("5.7."):
        return Blame.LATER
    is_address = verb == "RCPT" or status.startswith("5.1.") or status == "5.4.4"
    return Blame.RECIPIENT if is_address else Blame.LATER


def _dotted(raw: bytes) -> bytes:
    lines = raw.removesuffix(b"\r\n").split(b"\r\n")
    stuffed = (b"." + line if line.startswith(b".") else line for line in lines)
    return b"\r\n".join(stuffed) + b"\r\n.\r\n"


def _words(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"
