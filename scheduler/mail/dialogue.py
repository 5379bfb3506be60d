"""The dialogue with a mail server: opened, encrypted, signed in, and never longer than it may be."""

import contextlib
import io
import smtplib
import socket
import ssl
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, unquote

PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
CONNECT_SECONDS, ANSWER_SECONDS, FINAL_SECONDS = 15.0, 30.0, 100.0
LEAVE_SECONDS = 2.0
"""For how long an answer to QUIT is waited for: nothing hangs on it."""
WORDS_LIMIT = 300
"""How much is written down of what a server says, which may be anything (RFC 5321, 4.2: 512 bytes a line)."""


class Patience:
    """How long an answer may take: so many seconds each, and none longer than till the end of all."""

    def __init__(self) -> None:
        self.seconds, self.ends = CONNECT_SECONDS, 0.0

    def begin(self, seconds: float) -> None:
        """From now on there are so many seconds in all."""
        self.ends = monotonic() + seconds

    def left(self) -> float:
        """The seconds the next answer may take. Raises TimeoutError when there are none."""
        seconds = min(self.seconds, self.ends - monotonic())
        if seconds <= 0:
            raise TimeoutError("all the time a letter may take is over")
        return seconds


class Dialogue(smtplib.SMTP):
    """smtplib's, but no server can draw it out by sending its answers drop by drop."""

    def __init__(self, host: str, port: int, patience: Patience, **more: Any) -> None:
        self.patience = patience
        self._ahead: list[str] = []
        super().__init__(host, port, timeout=patience.left(), **more)

    def say_ahead(self, *commands: str) -> None:
        """Send commands in one go where the server takes that (PIPELINING, RFC 2920), DATA last of all.

        `docmd` then only waits for the answer to each, in this order. Raises what smtplib does, and
        ValueError for a command of more than one line.
        """
        if any("\r" in command or "\n" in command for command in commands):
            raise ValueError("a command is one line")
        if self.has_extn("pipelining"):
            self.send("".join(f"{command}\r\n" for command in commands))
            self._ahead = list(commands)

    def docmd(self, cmd: str, args: str = "") -> tuple[int, bytes]:
        """Say a command, if that was not done ahead; its answer."""
        if self._ahead and self._ahead[0] == cmd:
            del self._ahead[0]
            return self.getreply()
        return super().docmd(cmd, args)

    def rset(self) -> tuple[int, bytes]:
        """Have all that was said of a letter forgotten, once the answers still to come are heard."""
        while self._ahead:
            command = self._ahead.pop(0)
            code, _ = self.getreply()
            if command == "DATA" and code == 354:
                # It waits for a letter to nobody; the dot alone ends that (RFC 2920, section 3.1).
                self.send(".\r\n")
                self.getreply()
        return super().rset()

    def getreply(self) -> tuple[int, bytes]:
        """The next answer: its code (-1 for rubbish) and words. Raises SMTPException when there is none."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Answers(self.sock, self.patience))
        return super().getreply()

    def leave(self) -> None:
        """Close the connection, with a word of farewell if the server listens."""
        self.patience.begin(LEAVE_SECONDS)
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self.quit()
        self.close()


class TlsDialogue(Dialogue, smtplib.SMTP_SSL):
    """The same, encrypted from its first byte."""


class _Answers(io.RawIOBase):
    """What the server sends, each wait no longer than there is patience."""

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        self._sock, self._patience = sock, patience

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        self._sock.settimeout(self._patience.left())
        return self._sock.recv_into(into)


def open_to(url: SplitResult, context: ssl.SSLContext | None, patience: Patience) -> Dialogue:
    """A dialogue that has come as far as MAIL. Raises OSError, ValueError and smtplib's exceptions."""
    host, port = url.hostname or "localhost", url.port or PORTS[url.scheme]
    patience.seconds = CONNECT_SECONDS
    if url.scheme == "smtps":
        opened: Dialogue = TlsDialogue(host, port, patience, context=context)
    else:
        opened = Dialogue(host, port, patience)
    patience.seconds = ANSWER_SECONDS
    try:
        opened.ehlo_or_helo_if_needed()
        if url.scheme == "smtp+starttls":
            opened.starttls(context=context)
            opened.ehlo_or_helo_if_needed()
        if url.username:
            opened.login(unquote(url.username), unquote(url.password or ""))
    except Exception:
        opened.close()
        raise
    return opened


def why_not_open(error: Exception) -> str:
    """Why there is no dialogue, in plain words that go on "Mail has not gone out: …"."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server refuses our password ({answer(error.smtp_code, error.smtp_error)})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server does not take us ({answer(error.smtp_code, error.smtp_error)})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"the mail server cannot do what our settings ask for ({error})"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server’s certificate is not to be trusted ({error.verify_message})"
    if isinstance(error, ValueError):
        return "our name or password for the mail server has letters that it cannot take"
    return f"the mail server cannot be reached ({error})"


def answer(code: int, words: bytes | str) -> str:
    """What a server said, fit to be written down."""
    return plain(f"{code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}")


def plain(text: str) -> str:
    """What can be kept and shown of words that are not ours: on one line, printable, and not too long."""
    line = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return line[:WORDS_LIMIT]
