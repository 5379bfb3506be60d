"""A mail server with bad days: on three connections in ten it does one thing wrong, drawn by a seed."""

import random
import re
import socket
import threading
from collections import Counter
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO, Self

VERBS = ("connect", "EHLO", "MAIL", "RCPT", "DATA", "dot")
FAULTS = ("refuse", "hang", "421", "4xx", "5xx", "drop", "rubbish", "taken and dropped")
REPLIES = {
    "421": b"421 4.3.2 closing",
    "4xx": b"451 4.3.0 later",
    "5xx": b"554 5.6.0 no",
    "rubbish": b"\xff?",
}
GOOD = {"connect": b"220 sink", "EHLO": b"250-sink\r\n250 PIPELINING", "DATA": b"354 go", "QUIT": b"221 bye"}
DEAD = re.compile(rb"<dead", re.I)
"""Addresses that begin so do not exist: they are refused at RCPT on good days and bad."""
MOST_BEFORE = 6
"""A bad day begins with one of the connection's first letters."""


class FaultySmtp:
    """Listens while the block lasts; `taken` counts each letter it has, by its Message-ID."""

    def __init__(self, seed: int) -> None:
        self._draw, self._lock = random.Random(seed), threading.Lock()
        self.taken: Counter[str] = Counter()
        self.dropped = 0
        """Letters it took and never said so."""
        self.refused: set[str] = set()
        """Addresses it refused for good, on good days or bad."""
        self.faults: Counter[str] = Counter()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"smtp://127.0.0.1:{self._door.getsockname()[1]}"
        self._ended, self._said = threading.Event(), threading.local()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._door.close()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            with self._lock:
                is_bad = self._draw.random() < 0.3
                fault = self._draw.choice(FAULTS) if is_bad else ""
                verb, after = self._draw.choice(VERBS), self._draw.randrange(MOST_BEFORE)
            threading.Thread(target=self._talk, args=(line, fault, verb, after), daemon=True).start()

    def _talk(self, line: socket.socket, fault: str, bad_verb: str, after: int) -> None:
        if fault == "refuse":
            bad_verb, after = "connect", 0
        elif fault == "taken and dropped":
            bad_verb = "dot"
        if bad_verb in ("connect", "EHLO"):
            after = 0
        line.settimeout(20)
        with line, line.makefile("rb") as words, suppress(OSError):
            self._converse(line, words, fault, bad_verb, after)

    def _converse(self, line: socket.socket, words: BinaryIO, fault: str, bad_verb: str, after: int) -> None:
        verb, count, raw = "connect", Counter[str](), b""
        while True:
            is_bad = bool(fault) and verb == bad_verb and count[verb] >= after
            count[verb] += 1
            if is_bad:
                with self._lock:
                    self.faults[f"{fault} at {verb}"] += 1
            if not self._answer(line, verb, raw, fault if is_bad else ""):
                return
            fault = "" if is_bad else fault
            if verb == "DATA" and self._said.words.startswith(b"354"):
                verb, raw = "dot", self._letter(words)
                continue
            if verb == "QUIT" or not (raw := words.readline()):
                return
            verb = raw[:4].strip().decode("latin-1").upper()

    def _letter(self, words: BinaryIO) -> bytes:
        lines = []
        while (line := words.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def _answer(self, line: socket.socket, verb: str, raw: bytes, fault: str) -> bool:
        """Say what is to be said; whether to go on."""
        if fault == "hang":
            self._ended.wait(5)
            return False
        if fault in ("refuse", "drop"):
            return False
        if fault == "taken and dropped":
            self._take(raw)
            with self._lock:
                self.dropped += 1
            return False
        self._said.words = REPLIES.get(fault) or GOOD.get(verb, b"250 ok")
        if verb == "RCPT" and not fault and DEAD.search(raw):
            self._said.words = b"550 5.1.1 no such user"
        self._keep_order(verb, fault)
        if verb == "RCPT" and self._said.words.startswith(b"55"):
            self.refused.add(raw.partition(b"<")[2].partition(b">")[0].decode())
        if verb == "dot" and self._said.words.startswith(b"250"):
            self._take(raw)
        line.sendall(self._said.words + b"\r\n")
        return fault != "421"

    def _keep_order(self, verb: str, fault: str) -> None:
        """RCPT comes after a MAIL that was taken, DATA after both."""
        if verb in ("RCPT", "DATA") and not fault and verb != self._said.due:
            self._said.words = b"503 5.5.1 not now"
        if verb in ("MAIL", "RCPT", "RSET"):
            follows = {"MAIL": "RCPT", "RCPT": "DATA"}.get(verb, "")
            self._said.due = follows if self._said.words.startswith(b"250") else ""

    def _take(self, raw: bytes) -> None:
        found = re.search(rb"(?im)^message-id:\s*(<[^>]+>)", raw)
        with self._lock:
            self.taken[found.group(1).decode() if found else "none"] += 1
