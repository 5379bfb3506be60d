"""An SMTP server that answers as a script says: one reply a verb, a hang-up, or silence, on purpose."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from tests.support import left_out

USUAL = {"connect": "220 ready", "EHLO": "250 sink", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go"}
USUAL |= {"dot": "250 kept", "RSET": "250 ok", "QUIT": "221 bye", "STARTTLS": "220 go on", "AUTH": "235 in"}
AT_ONCE = "250-sink\r\n250 PIPELINING"
"""What EHLO says where several verbs may come at once."""
HANG_UP, SILENCE, DRIP = "hang up", "silence", "drip"
"""Instead of an answer: close the line, say nothing, or begin an answer that never ends."""

Script = Mapping[str, str | Sequence[str]]


class Identity:
    """A certificate for 127.0.0.1 that nobody vouches for but `trusting`."""

    def __init__(self, folder: Path) -> None:
        left_out.require(shutil.which("openssl"), "no openssl to make a certificate with")
        path, key = folder / "certificate", folder / "key"
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        words += ["-nodes", "-days", "2", "-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run([*words, "-keyout", key, "-out", path], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(path, key)
        self.trusting = ssl.create_default_context(cafile=path)


class ScriptedSmtp:
    """Answers each verb by `script`: its replies in turn, the last for ever; by `later` from the second
    connection on (one script each, the last for ever); by recipient where `recipients` names them.

    "body" in a script hangs up after a letter's first line. Keeps every letter it took to the dot, how often
    it heard each verb, and what was said with them.
    """

    def __init__(
        self,
        script: Script | None = None,
        *later: Script,
        recipients: Mapping[str, str] | None = None,
        identity: Identity | None = None,
        is_tls: bool = False,
    ) -> None:
        self._scripts = [_replies(one) for one in (script or {}, *later)]
        self._recipients, self._identity, self._is_tls = recipients or {}, identity, is_tls
        self.taken: list[bytes] = []
        self.verbs: Counter[str] = Counter()
        self.lines: list[str] = []
        self.connections = 0
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(20)
        scheme = "smtps" if is_tls else "smtp"
        self.name = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"{scheme}://{self.name}"

    def serve(self) -> None:
        """Take connections, each in a thread of its own, until closed."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            thread = threading.Thread(target=self._talk, args=(connection, script), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket, script: dict[str, list[str]]) -> None:
        connection.settimeout(20)
        with suppress(OSError), connection:
            line = connection
            if self._is_tls and self._identity is not None:
                line = self._identity.context.wrap_socket(connection, server_side=True)
            with line:
                self._converse(line, script)

    def _converse(
        self, line: socket.socket, script: dict[str, list[str]], verb: str | None = "connect"
    ) -> None:
        """The whole dialogue; after STARTTLS it goes on in another, encrypted."""
        heard = line.makefile("rb")
        verb, has_reader = verb or self._heard(heard), False
        while verb:
            self.verbs[verb] += 1
            answer = self._reply(script, verb)
            if verb == "DATA" and not has_reader and "DATA" not in script:
                answer = "554 nobody to send it to"
            has_reader = answer.startswith("250") if verb == "RCPT" else has_reader and verb == "DATA"
            if not self._answer(line, answer) or verb == "QUIT":
                return
            if verb == "STARTTLS" and answer.startswith("220") and self._identity is not None:
                with self._identity.context.wrap_socket(line, server_side=True) as encrypted:
                    self._converse(encrypted, script, None)
                return
            is_letter = verb == "DATA" and answer.startswith("354")
            if is_letter and "body" in script:
                heard.readline()
                return
            verb = self._take(heard) if is_letter else self._heard(heard)

    def _heard(self, heard: BufferedReader) -> str:
        self.lines.append(heard.readline().decode().strip())
        return self.lines[-1].split(" ")[0].upper()

    def _take(self, heard: BufferedReader) -> str:
        lines = []
        for line in heard:
            if line == b".\r\n":
                self.taken.append(b"".join(lines))
                return "dot"
            lines.append(line.removeprefix(b"."))
        return ""

    def _reply(self, script: dict[str, list[str]], verb: str) -> str:
        for recipient, answer in self._recipients.items():
            if verb == "RCPT" and f"<{recipient}>" in self.lines[-1]:
                return answer
        replies = script.get(verb)
        if not replies:
            return USUAL.get(verb, "500 what")
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def _answer(self, line: socket.socket, answer: str) -> bool:
        if answer == DRIP:
            while not self._is_over.wait(0.05):
                line.sendall(b"250-still thinking\r\n")
        if answer == SILENCE:
            self._is_over.wait(20)
        if answer in (HANG_UP, SILENCE, DRIP):
            return False
        line.sendall(f"{answer}\r\n".encode())
        return True

    def close(self) -> None:
        """No more connections; those that are silent end."""
        self._is_over.set()
        # Closing alone would not wake a thread that waits for the next connection.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(25)


def _replies(script: Script) -> dict[str, list[str]]:
    return {verb: [said] if isinstance(said, str) else list(said) for verb, said in script.items()}


@contextmanager
def serving(script: Script | None = None, *later: Script, **more: object) -> Iterator[ScriptedSmtp]:
    """A scripted server for the length of the block."""
    server = ScriptedSmtp(script, *later, **more)  # type: ignore[arg-type]  # the words of its constructor
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(25)
