"""PostgreSQL stands still, and does not die, under many visitors: no thread of the pages is lost to it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import pytest

from scheduler import clock, db, links
from scheduler.operating import schema
from scheduler.patience import REST_SECONDS, SILENT_SECONDS
from scheduler.programme import beginning
from tests.conftest import SECRET
from tests.support import databases
from tests.support.commands import eventually, free_port, service
from tests.support.databases import Server

pytestmark = pytest.mark.slow
VISITORS = 16
BUSY = 3.0
"""Seconds that a busy machine may add."""
GIVEN_UP = 2.0 * SILENT_SECONDS
LOOKED = 4.0
"""Seconds that `/readyz` gives its look at the database."""


class Heard(NamedTuple):
    """What came of a request, and after how many seconds."""

    status: int
    body: str
    seconds: float


class Pages:
    """The pages of a service, and people who look at one that reads the database, again and again."""

    def __init__(self, port: int, path: str) -> None:
        self._port, self.path = port, path
        self._is_over = threading.Event()
        self.heard: list[Heard] = []

    def get(self, path: str) -> Heard:
        """Ask for a page, once."""
        began = monotonic()
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return Heard(answer.status, answer.read().decode(), monotonic() - began)
        finally:
            connection.close()

    def live(self) -> bool:
        """Whether they are there."""
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    def well(self) -> bool:
        """Whether all that is asked is answered well, time and again."""
        return all(self.get(self.path).status == 200 for _ in range(2 * VISITORS))

    def _visit(self) -> None:
        while not self._is_over.is_set():
            self.heard.append(self.get(self.path))

    @contextmanager
    def visited(self) -> Iterator[None]:
        """So many people look at the page while the block lasts."""
        visitors = [threading.Thread(target=self._visit) for _ in range(VISITORS)]
        for visitor in visitors:
            visitor.start()
        try:
            yield
        finally:
            self._is_over.set()
            for visitor in visitors:
                visitor.join()

    def how_many(self, status: int) -> int:
        """How many visits came to this."""
        return sum(one.status == status for one in self.heard)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the test's own."""
    with databases.server() as made:
        schema.upgrade(made.url)
        yield made


@pytest.fixture
def pages(server: Server, tmp_path: Path) -> Iterator[Pages]:
    """The pages on it, and the signup page of a programme."""
    db.bind(server.url)
    links.bind("", [SECRET])
    with db.transaction() as session:
        programme = beginning.begin(session, "Riverside", "UTC", "ada@example.org", clock.now()).programme
    path = links.url("join", m=programme.id, k=1, r="student")
    port, settings = free_port(), {"DATABASE_URL": server.url, "SECRET_KEY": SECRET}
    with service(tmp_path, "web", "--port", str(port), **settings):
        found = Pages(port, path)
        eventually(found.live, "there are no pages")
        yield found


def test_while_it_hangs_all_is_answered_and_afterwards_all_is_well(
    server: Server, pages: Pages, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    alive, ready = [], []
    with pages.visited():
        eventually(lambda: pages.how_many(200) > VISITORS, "nobody sees the page")
        with server.hanging():
            ends = monotonic() + 3 * GIVEN_UP
            while monotonic() < ends:
                alive.append(pages.get("/healthz"))
                ready.append(pages.get("/readyz"))
        eventually(pages.well, "not all is well again", within=REST_SECONDS + LOOKED + BUSY)
    kinds = {"/healthz": alive, "/readyz": ready, "pages": pages.heard}
    slowest = {name: max(one.seconds for one in of) for name, of in kinds.items()}
    for name, seconds in slowest.items():
        record_property(name, f"{seconds:.1f} s")
    assert {one.status for one in alive} == {200}
    assert {one.status for one in ready} == {503}
    assert all("The database does not answer." in one.body for one in ready)
    assert slowest["/healthz"] < GIVEN_UP + BUSY
    assert slowest["/readyz"] < LOOKED + BUSY
    assert {one.status for one in pages.heard} == {200, 503}
    assert all("Nothing was lost" in one.body for one in pages.heard if one.status == 503)
    assert slowest["pages"] < GIVEN_UP + SILENT_SECONDS + BUSY
    assert "Traceback" not in (tmp_path / "log").read_text()
