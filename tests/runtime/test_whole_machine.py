"""`coffee-rounds run` as a whole: what hangs, is killed, taken away or in its way, and how it says so."""

import json
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

import psutil
import pytest

from scheduler import broker, settings
from tests.support import left_out
from tests.support.commands import eventually, free_port, service

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("brokers")]
IN_ALL = 11.0
"""Ten seconds, and what a busy machine takes to see that they are over."""


class Machine:
    """A service under one supervisor, its processes by what they do."""

    def __init__(self, supervisor: psutil.Process, folder: Path, port: int) -> None:
        self.supervisor, self.folder, self.port = supervisor, folder, port

    def parts(self, *words: str) -> list[psutil.Process]:
        """Its processes whose words hold all of these."""
        found = [one for one in self.supervisor.children(recursive=True) if is_there(one)]
        return [one for one in found if all(word in " ".join(one.cmdline()) for word in words)]

    def answers(self) -> bool:
        with closing(socket.socket()) as line:
            line.settimeout(2)
            try:
                line.connect(("127.0.0.1", self.port))
                line.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                return b"200" in line.recv(50)
            except OSError:
                return False

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


def is_there(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def machine(folder: Path, **settings: str) -> Iterator[Machine]:
    left_out.require(broker.private_server("") is not None, "no Valkey or Redis to start")
    port = free_port()
    with service(folder, "run", "--port", str(port), **settings) as process:
        made = Machine(psutil.Process(process.pid), folder, port)
        eventually(lambda: made.answers() and len(made.parts("cli work")) == 2, lambda: made.log)
        yield made


def test_pages_that_hang_are_left_behind_by_nobody_s_death(tmp_path: Path) -> None:
    left_out.require(sys.platform == "linux", "only Linux tells a process that its parent has died")
    with machine(tmp_path) as one:
        (master,) = [page for page in one.parts("gunicorn") if page.ppid() == one.supervisor.pid]
        for dies in (master, one.supervisor):
            eventually(lambda: len(one.parts("gunicorn")) == 3, "the pages are not there")
            those = one.parts("gunicorn") if dies is master else one.parts("")
            for process in those:
                if process != dies:
                    process.suspend()
            dies.kill()
            eventually(lambda those=those: not any(map(is_there, those)), "one is left behind", within=5)


def test_a_broker_that_hangs_is_ended_with_the_others_in_time(tmp_path: Path) -> None:
    with machine(tmp_path) as one:
        (hangs,) = one.parts("valkey")
        hangs.suspend()
        one.supervisor.terminate()
        told = monotonic()
        one.supervisor.wait(30)
        assert monotonic() - told < IN_ALL
        assert not is_there(hangs)


def test_the_broker_s_folder_may_be_taken_away_at_any_time(tmp_path: Path) -> None:
    url = broker.address("", tmp_path / "data")
    with machine(tmp_path) as one:
        (first,) = one.parts("valkey")
        shutil.rmtree(tmp_path / "data" / "broker")
        eventually(lambda: not is_there(first) and broker.answers(url), lambda: one.log)
        eventually(lambda: registered(url), "the workers do not come back")


def registered(url: str) -> bool:
    with broker.connected(url) as connection:
        return connection.scard("rq:workers") == 2


def test_its_own_lines_go_where_and_how_the_others_do(tmp_path: Path) -> None:
    with machine(tmp_path, LOG_FORMAT="json") as one:
        (clock,) = one.parts("clock")
        clock.kill()
        eventually(lambda: "started again" in one.log, "nothing is said of a death")
        lines = [line for line in one.log.splitlines() if line.startswith("{")]
        (said,) = [json.loads(line) for line in lines if "started again" in line]
        assert (said["name"], said["code"], said["level"]) == ("clock", -signal.SIGKILL, "warning")
        assert all(line.startswith("{") or "Ctrl-C ends it" in line for line in one.log.splitlines())


def test_the_port_that_is_named_is_the_one_that_letters_link_to(tmp_path: Path) -> None:
    with machine(tmp_path) as one:
        assert f"Coffee Rounds is at http://127.0.0.1:{one.port};" in one.log
        for part in one.parts("cli"):
            assert settings.load(part.environ()).base_url == f"http://127.0.0.1:{one.port}"


def test_where_the_port_is_taken_nothing_is_upgraded(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        with service(tmp_path, "run", "--port", port) as process:
            assert process.wait(20) == 1
    assert (tmp_path / "log").read_text().startswith(f"Port {port} is taken")
    assert not list((tmp_path / "data").glob("*.sqlite3*"))
