"""A real mail server and real mailboxes, Postfix and Dovecot, and the live service that uses them."""

import imaplib
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select

from scheduler import db
from scheduler.mail.envelope import Fate, Outgoing
from tests.support.live import Live
from tests.support.sources import ROOT

SCRIPT = ROOT / "tests" / "support" / "mailrig.sh"


def is_to_be_had() -> bool:
    """Whether this machine has the programs, and we may start them (Postfix's master wants root)."""
    programs = [shutil.which(program, path="/usr/sbin:/usr/bin") for program in ("postfix", "dovecot")]
    return all(programs) and os.geteuid() == 0


class RealMail(Live):
    """The live service on a real mail server; what came is read from the readers' mailboxes by IMAP."""

    def open_mail_server(self) -> str:
        """Start the two servers in a folder of their own, which Postfix's own users may enter."""
        said = subprocess.run([SCRIPT, "start"], capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stderr
        self.rig = dict(line.split("=", 1) for line in shlex.split(said.stdout))
        self._seen: dict[str, int] = {}
        return f"smtp://{self.rig['RIG_HOST']}:{self.rig['RIG_SMTP_PORT']}"

    def close_mail_server(self) -> None:
        """End them, and remove all they kept."""
        subprocess.run([SCRIPT, "stop", self.rig["RIG_DIR"]], check=True)

    def is_settled(self) -> bool:
        """Whether nothing is due, and every letter the service has handed over lies in a mailbox."""
        if not super().is_settled():
            return False
        with db.reading() as session:
            sent = session.scalar(select(func.count(Outgoing.id)).where(Outgoing.state == Fate.SENT))
        there = sum(1 for _ in Path(self.rig["RIG_MAIL"]).glob("*/Maildir/new/*"))
        there += sum(1 for _ in Path(self.rig["RIG_MAIL"]).glob("*/Maildir/cur/*"))
        return there >= (sent or 0)

    def arrived(self) -> Iterator[tuple[str, bytes]]:
        """The new mails of every mailbox, as IMAP gives them."""
        boxes = Path(self.rig["RIG_MAIL"])
        for box in sorted(path.name for path in boxes.iterdir()):
            for raw in self._fetch(box):
                yield box, raw

    def _fetch(self, address: str) -> list[bytes]:
        with imaplib.IMAP4(self.rig["RIG_HOST"], int(self.rig["RIG_IMAP_PORT"]), timeout=30) as mailbox:
            mailbox.login(address, self.rig["RIG_PASSWORD"])
            _, (count,) = mailbox.select(readonly=True)
            first, last = self._seen.get(address, 0) + 1, int(count or 0)
            if first > last:
                return []
            self._seen[address] = last
            _, found = mailbox.fetch(f"{first}:{last}", "(BODY.PEEK[])")
        return [without_trace(part[1]) for part in found if isinstance(part, tuple)]


def without_trace(raw: bytes) -> bytes:
    """The mail without what the servers on its way have put above it (RFC 5321, 4.4: trace headers)."""
    trace = re.compile(
        rb"(?:Return-Path|Delivered-To|Received|X-Original-To):[^\n]*\n(?:[ \t][^\n]*\n)*", re.I
    )
    while found := trace.match(raw):
        raw = raw[found.end() :]
    return raw
