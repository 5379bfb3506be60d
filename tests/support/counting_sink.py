"""A mail server in a process of its own, which takes everything and writes down what it took, line by line.

`python -m tests.support.counting_sink PORTFILE LOG`. Each line of LOG is JSON: {"mail": base64, "to", "id"}
after a letter was taken, written before its 250 is sent, so that nothing is answered and not counted; or
{"open": id} when a connection broke off right after that letter, without another word: its sender may not
have written down that it left.
"""

import asyncio
import base64
import json
import os
import re
import sys
from pathlib import Path
from typing import BinaryIO

ANSWERS = {
    b"EHLO": b"250-sink\r\n250 PIPELINING",
    b"HELO": b"250 sink",
    b"MAIL": b"250 ok",
    b"RSET": b"250 ok",
    b"NOOP": b"250 ok",
}


class Talk:
    """One connection, from greeting to its end."""

    def __init__(self, log: BinaryIO) -> None:
        self._log, self._to, self._last = log, "", ""

    def _note(self, **what: str) -> None:
        self._log.write(json.dumps(what).encode() + b"\n")
        self._log.flush()

    async def hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the other side leaves."""
        try:
            await self._answer(writer, b"220 sink")
            while line := await reader.readline():
                self._last = "" if line.strip() else self._last
                if not await self._obey(line, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if self._last:
                self._note(open=self._last)
            writer.close()

    async def _obey(self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._to = line.partition(b"<")[2].partition(b">")[0].decode()
            await self._answer(writer, b"250 ok")
        elif verb == b"DATA":
            await self._answer(writer, b"354 go")
            self._take((await reader.readuntil(b"\r\n.\r\n"))[:-3])
            await self._answer(writer, b"250 kept")
        elif verb == b"QUIT":
            await self._answer(writer, b"221 bye")
            return False
        else:
            await self._answer(writer, ANSWERS.get(verb, b"500 what"))
        return True

    def _take(self, dotted: bytes) -> None:
        raw = re.sub(rb"(?m)^\.", b"", dotted)
        found = re.search(rb"(?im)^message-id:\s*(<[^>]+>)", raw)
        self._last = found.group(1).decode() if found else "none"
        self._note(mail=base64.b64encode(raw).decode(), to=self._to, id=self._last)

    async def _answer(self, writer: asyncio.StreamWriter, words: bytes) -> None:
        writer.write(words + b"\r\n")
        await writer.drain()


async def serve(port_file: Path, log_file: Path) -> None:
    """Listen on a free port of this machine, write it down, and serve until killed or left alone."""
    with log_file.open("ab") as log:
        server = await asyncio.start_server(
            lambda reader, writer: Talk(log).hold(reader, writer), "127.0.0.1", 0, limit=32 * 1024 * 1024
        )
        draft = port_file.with_suffix(".new")
        draft.write_text(str(server.sockets[0].getsockname()[1]))
        os.replace(draft, port_file)
        async with server:
            await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
