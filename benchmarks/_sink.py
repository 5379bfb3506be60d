"""A mail server that takes everything at once and adds no delay of its own; runs in its own process."""

import asyncio
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

END = b"\r\n.\r\n"
ANSWERS = {
    b"EHLO": b"250-sink\r\n250 PIPELINING\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}
taken = [0, 0]
"""Letters and octets taken so far."""


class _Dialogue(asyncio.Protocol):
    """Takes verbs, alone or several at once with DATA as the last (RFC 2920), and whole letters."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.line, self.letter = cast(asyncio.Transport, transport), bytearray()
        self.is_letter = False
        self.line.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        if self.is_letter:
            self.letter += data
            if self.letter.endswith(END):
                taken[0] += 1
                taken[1] += len(self.letter)
                self.letter.clear()
                self.is_letter = False
                self.line.write(b"250 taken\r\n")
            return
        verbs = [line[:4].upper() for line in data.splitlines()]
        self.is_letter = verbs[-1] == b"DATA"
        counted = b"250 %d %d\r\n" % tuple(taken) if verbs == [b"NOOP"] else b"250 well\r\n"
        self.line.write(b"".join(ANSWERS.get(verb, counted) for verb in verbs))
        if verbs == [b"QUIT"]:
            self.line.close()


class Sink:
    """Where it listens, and how much it has taken."""

    def __init__(self, port: int) -> None:
        self.port, self.url = port, f"smtp://127.0.0.1:{port}"

    def connect(self) -> smtplib.SMTP:
        """A connection as smtplib makes it."""
        return smtplib.SMTP("127.0.0.1", self.port, timeout=30)

    def taken(self) -> tuple[int, int]:
        """How many letters, and octets, have arrived since it was started."""
        with self.connect() as connection:
            letters, octets = connection.noop()[1].split()
        return int(letters), int(octets)


@contextmanager
def running() -> Iterator[Sink]:
    """A sink, for the length of the block."""
    process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Sink(int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Dialogue, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
