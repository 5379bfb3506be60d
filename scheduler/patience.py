"""How long a PostgreSQL server is waited for: one that hangs takes every call and answers none of them.

No timeout of its own ends that, and the connection looks well: its machine goes on acknowledging.
"""

from collections.abc import Callable, Generator
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import Dialect, Engine, event

Steps = Generator[Any, Any, Any]
"""How the driver goes about a statement: it names what it waits for, and is sent whether that has come."""
LOOKS_EACH_SECOND = 10
SILENT_SECONDS = 3
"""Who has heard nothing for so long calls the server anew, which then has as long again to answer."""
REST_SECONDS = 3.0
"""After a server that did not, nobody waits for it for so long; then one tries, and the others go without."""
SILENT = "its server is silent"


def watch(engine: Engine, seconds: int) -> None:
    """From now on no statement at `engine` waits for longer than `seconds` without a word from its server.

    It may wait for so long (for a lock, say) while the server answers other calls. One that does not is
    given up within twice SILENT_SECONDS, and until it answers again whoever wants a connection is refused
    at once. Either way the driver's OperationalError is raised, and a connection given up is closed.
    """
    event.listen(engine, "do_connect", _Server(engine.dialect.loaded_dbapi, seconds).connect)


class _Server:
    """What this process knows of a server."""

    def __init__(self, driver: Any, seconds: int) -> None:
        self._driver, self._seconds = driver, seconds
        self._rests_until = 0.0

    def connect(self, dialect: Dialect, _record: Any, words: list[Any], settings: dict[str, Any]) -> Any:
        """A connection whose waiting ends. Raises at once while the server rests."""
        if monotonic() < self._rests_until:
            raise self._driver.OperationalError(SILENT)
        if self._rests_until:
            self._rests_until = monotonic() + REST_SECONDS
        settings.setdefault("connect_timeout", min(SILENT_SECONDS, self._seconds))
        call = partial(dialect.connect, *words, **settings)
        try:
            connection: Any = call()
        except self._driver.errors.ConnectionTimeout:
            self._rests_until = monotonic() + REST_SECONDS
            raise
        self._rests_until = 0.0
        self._watch(connection, call)
        return connection

    def _watch(self, connection: Any, call: Callable[[], Any]) -> None:
        driver_waits = connection.wait

        def wait(steps: Steps, interval: float = 1 / LOOKS_EACH_SECOND, **more: Any) -> Any:
            return driver_waits(self._while_worth_it(steps, connection, call), interval, **more)

        connection.wait = wait

    def _while_worth_it(self, steps: Steps, connection: Any, call: Callable[[], Any]) -> Steps:
        """The driver's steps. Looks are counted and no seconds: this machine may have stood still."""
        in_vain = 0
        try:
            wanted = next(steps)
            while True:
                ready = yield wanted
                in_vain = 0 if ready else in_vain + 1
                if in_vain and (why := self._hopeless(in_vain, call)):
                    connection.close()
                    raise self._driver.OperationalError(why)
                wanted = steps.send(ready)
        except StopIteration as end:
            return end.value

    def _hopeless(self, in_vain: int, call: Callable[[], Any]) -> str:
        """Why nothing more is waited for after so many looks in vain; nothing if it is."""
        if in_vain >= self._seconds * LOOKS_EACH_SECOND:
            return f"no answer came within {self._seconds} s"
        if in_vain % (SILENT_SECONDS * LOOKS_EACH_SECOND):
            return ""
        try:
            call().close()
        except self._driver.Error:
            self._rests_until = monotonic() + REST_SECONDS
            return SILENT
        return ""
