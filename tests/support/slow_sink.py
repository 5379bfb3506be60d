"""A mail server that takes a while over each letter, and whose letters can be counted."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.scripted_smtp import ScriptedSmtp


class SlowSmtp(ScriptedSmtp):
    """Answers each letter's last dot only after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def _reply(self, script: dict[str, list[str]], verb: str) -> str:
        if verb == "dot":
            self._is_over.wait(self._seconds)
        return super()._reply(script, verb)

    @property
    def copies(self) -> Counter[bytes]:
        """How often it has taken each letter."""
        return Counter(self.taken)


@contextmanager
def slowly(seconds: float) -> Iterator[SlowSmtp]:
    """Such a server for the length of the block."""
    server = SlowSmtp(seconds)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(25)
