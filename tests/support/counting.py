"""The counting mail server as a test holds it: started, read from, and ended."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.commands import eventually


class CountingSink:
    """Takes everything, in a process of its own; `broken_off` counts lines that broke right after a letter.

    Such a letter's sender may have died before it could write down that it left, and so it may come again.
    """

    def __init__(self, folder: Path) -> None:
        self._port, self._log = folder / "port", folder / "sink.log"
        self._read = self.broken_off = 0

    def __enter__(self) -> Self:
        words = ("-m", "tests.support.counting_sink", str(self._port), str(self._log))
        self._process = subprocess.Popen([sys.executable, *words])
        eventually(self._port.exists, "the mail server does not listen")
        self.url = f"smtp://127.0.0.1:{self._port.read_text()}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def arrived(self) -> Iterator[tuple[str, bytes]]:
        """What was taken since the last look: the recipient, and the bytes."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            lines = log.readlines()
        for line in lines:
            if not line.endswith(b"\n"):
                break
            self._read += len(line)
            found = json.loads(line)
            self.broken_off += "open" in found
            if "mail" in found:
                yield found["to"], base64.b64decode(found["mail"])
