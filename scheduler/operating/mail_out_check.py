"""Whether letters could leave: the mail server reached, encrypted and signed in to, or the folder written."""

import ipaddress
import smtplib
import ssl
import tempfile
from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from scheduler.mail import dialogue
from scheduler.mail.dialogue import Patience
from scheduler.operating import disk_check
from scheduler.operating.finding import Finding, Mark
from scheduler.settings import Settings

SECONDS = 20.0
RESERVED = (".test", ".example", ".invalid", ".localhost")
"""Names that nobody can have (RFC 2606)."""


def look(known: Settings) -> Iterator[Finding]:
    """What takes the letters, by the very dialogue a letter begins with; none is sent."""
    url = urlsplit(known.smtp_url)
    if url.scheme in dialogue.PORTS:
        yield _server(url)
        if parseaddr(known.mail_from)[1].endswith(RESERVED):
            words = "MAIL_FROM is an address nobody can have, so mail servers refuse it: set your own."
            yield Finding("mail out", Mark.WRONG, words)
        return
    yield _folder(Path(unquote(url.path)) if known.smtp_url else known.mail_dir)
    if known.environment == "production":
        words = "Letters go into a folder of this machine and to nobody: set SMTP_URL."
        yield Finding("mail out", Mark.WRONG, words)


def _server(url: SplitResult) -> Finding:
    name = f"{url.hostname}:{url.port or dialogue.PORTS[url.scheme]}"
    patience = Patience()
    patience.begin(SECONDS)
    try:
        line = dialogue.open_to(url, ssl.create_default_context(), patience)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        words = f"Mail cannot go out by {name}: {dialogue.why_not_open(error)}."
        return Finding("mail out", Mark.WRONG, words)
    might_encrypt = line.has_extn("starttls")
    line.leave()
    how = f"{'not ' if url.scheme == 'smtp' else ''}encrypted, {'' if url.username else 'not '}signed in"
    if url.scheme == "smtp" and might_encrypt and not _is_this_machine(url.hostname or ""):
        words = (
            f"The mail server {name} takes us ({how}). It could encrypt: write smtp+starttls:// in SMTP_URL."
        )
        return Finding("mail out", Mark.NOTE, words)
    return Finding("mail out", Mark.WELL, f"The mail server {name} takes us ({how}).")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _folder(folder: Path) -> Finding:
    try:
        for part in (folder, *(folder / name for name in ("tmp", "new") if (folder / name).is_dir())):
            with tempfile.TemporaryFile(dir=disk_check.nearest(part)) as file:
                file.write(b"room for a letter")
    except OSError as error:
        return Finding(
            "mail out", Mark.WRONG, f"The mail folder {folder} cannot be written: {error.strerror}."
        )
    return Finding("mail out", Mark.WELL, f"Letters become files in the folder {folder}.")
