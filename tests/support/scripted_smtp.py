"""An SMTP server that answers as a script says: one reply a verb, a hang-up, or silence, on purpose."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

USUAL = {"connect": "220 ready", "EHLO": "250 sink", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go"}
USUAL |= {"dot": "250 kept", "RSET": "250 ok", "QUIT": "221 bye"}


class ScriptedSmtp:
    """Answers each verb by `script` (`hang up` closes the line); keeps every letter it took to the dot."""

    def __init__(self, script: Mapping[str, str | list[str]] | None = None) -> None:
        self.script = {
            verb: [reply] if isinstance(reply, str) else list(reply) for verb, reply in (script or {}).items()
        }
        self.taken: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(20)
        self.url = f"smtp://127.0.0.1:{self._listener.getsockname()[1]}"

    def _reply(self, verb: str) -> str:
        replies = self.script.get(verb)
        if not replies:
            return USUAL.get(verb, "500 what")
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def serve(self) -> None:
        """Take connections one after another until closed."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(20)
            with connection, connection.makefile("rb") as lines:
                self._converse(connection, lines)

    def _converse(self, connection: socket.socket, lines: Iterator[bytes]) -> None:
        verb = "connect"
        while self._answer(connection, verb):
            if verb == "DATA" and self._last.startswith("354"):
                letter = b""
                for line in lines:
                    if line == b".\r\n":
                        break
                    letter += line.removeprefix(b".")
                self.taken.append(letter)
                verb = "dot"
                continue
            if verb == "QUIT":
                return
            line = next(iter(lines), b"")
            if not line:
                return
            verb = line.split(b" ")[0].strip().decode().upper()

    def _answer(self, connection: socket.socket, verb: str) -> bool:
        self._last = self._reply(verb)
        if self._last == "hang up":
            return False
        connection.sendall(f"{self._last}\r\n".encode())
        return True

    def close(self) -> None:
        # Closing alone would not wake a thread that waits for the next connection.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def serving(script: Mapping[str, str | list[str]] | None = None) -> Iterator[ScriptedSmtp]:
    """A scripted server for the length of the block."""
    server = ScriptedSmtp(script)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(25)
