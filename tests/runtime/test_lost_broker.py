"""A broker that is not there, dies or hangs: workers wait for it; two services of one folder share one."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import psutil
import pytest

from scheduler import broker, db, queue
from scheduler.operating import schema
from tests.support import brokers, left_out, post
from tests.support.commands import eventually, service

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("brokers")]
SOON = 5.0
LEAVING = """
import os, signal, sys
from scheduler import db, jobs
from tests.support.mailroom import Mailroom
class Told(jobs.PromptWorker):
    def execute_job(self, job, queue):
        raise ConnectionError("the broker is lost")
    def register_death(self):
        os.kill(os.getpid(), signal.SIGTERM)
        print("leaving", flush=True)
        super().register_death()
jobs.KINDS["prompt"] = Told
db.bind(sys.argv[1])
jobs.work("prompt", sys.argv[2], Mailroom())
"""
"""A worker that loses its broker amid a job, and is told to end as it takes leave of it."""


@contextmanager
def letters(file: str, url: str) -> Iterator[None]:
    """A database whose letters are rung for at this broker."""
    schema.upgrade(file)
    db.bind(file)
    queue.bind(url)
    try:
        yield
    finally:
        queue.unbind()
        db.unbind()


def leaves(number: int, folder: Path) -> None:
    """A letter put and rung for now is sent by the worker."""
    post.put(post.letter(number, about=f"chat:{number}"))
    eventually(lambda: queue.ring("deliver"), "nobody takes the bell")
    eventually(lambda: post.states() == ["sent"] * number, lambda: (folder / "log").read_text())


def ends(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    assert process.wait(SOON) == 0


@pytest.mark.parametrize("name", sorted(set(queue.JOBS.values())))
def test_a_worker_without_a_broker_says_so_once_and_ends_when_told(
    tmp_path: Path, file: str, name: str
) -> None:
    schema.upgrade(file)
    nowhere = f"unix://{tmp_path / 'nobody'}"
    with service(tmp_path, "work", name, DATABASE_URL=file, REDIS_URL=nowhere) as worker:
        said = tmp_path / "log"
        eventually(lambda: "is waited for" in said.read_text(), "nothing is said")
        ends(worker)
    assert len(said.read_text().splitlines()) == 1


def test_a_worker_goes_on_when_its_broker_is_back_and_ends_while_it_hangs(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "broker"
    url, said = broker.address("", folder), tmp_path / "log"
    settings = {"DATABASE_URL": file, "REDIS_URL": url, "SMTP_URL": f"maildir://{tmp_path / 'mail'}"}
    with letters(file, url), service(tmp_path, "work", "prompt", **settings) as worker:
        eventually(lambda: "is waited for" in said.read_text(), "nothing is said")
        for number in (1, 2):
            with brokers.running(folder):
                leaves(number, tmp_path)
        with brokers.running(folder):
            eventually(lambda: registered(url), "the worker is not there again")
            (server,) = servers(folder)
            server.suspend()
            ends(worker)
    assert "Traceback" not in said.read_text()


def test_a_broker_lost_amid_jobs_is_told_of_without_a_traceback(tmp_path: Path, file: str) -> None:
    said = tmp_path / "log"
    with (
        brokers.started(tmp_path / "broker") as server,
        letters(file, server.url),
        service(tmp_path, "work", "prompt", DATABASE_URL=file, REDIS_URL=server.url) as worker,
    ):
        for lost in range(1, 6):
            eventually(lambda: registered(server.url), "the worker is not there again")
            busy = monotonic() + 1
            while monotonic() < busy:
                queue.ring("deliver")
            server.restart()
            eventually(lambda n=lost: len(said.read_text().splitlines()) >= n, "nothing is said")
        ends(worker)
    assert "Traceback" not in said.read_text()


def test_a_worker_told_to_end_while_it_takes_leave_of_its_broker_just_ends(tmp_path: Path, file: str) -> None:
    with brokers.running(tmp_path / "broker") as url, letters(file, url):
        assert queue.ring("deliver")
        words = [sys.executable, "-c", LEAVING, file, url]
        worker = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert (worker.stdout, worker.returncode) == ("leaving\n", 0), worker.stderr


def registered(url: str) -> bool:
    with broker.connected(url) as connection:
        return bool(connection.scard("rq:workers"))


def servers(folder: Path) -> list[psutil.Process]:
    """The brokers that run in this data folder."""
    socket = broker.address("", folder).removeprefix("unix://")
    return [one for one in psutil.process_iter() if is_broker(one) and socket in " ".join(one.cmdline())]


def is_broker(process: psutil.Process) -> bool:
    try:
        return re.search("valkey|redis", process.name()) is not None and bool(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def test_two_services_of_one_folder_start_one_broker_and_the_second_inherits_it(
    tmp_path: Path, file: str
) -> None:
    left_out.require(broker.private_server("") is not None, "no Valkey or Redis to start")
    folder, words = tmp_path / "data", ("run", "--no-pages")
    url = broker.address("", folder)
    schema.upgrade(file)
    with (
        service(tmp_path, *words, DATABASE_URL=file) as one,
        service(tmp_path, *words, DATABASE_URL=file) as other,
    ):
        eventually(lambda: len(workers(one) + workers(other)) == 4, "not all workers are there")
        (first,) = servers(folder)
        keeper, heir = (one, other) if first.ppid() == one.pid else (other, one)
        keeper.terminate()
        keeper.wait(15)
        eventually(lambda: not first.is_running(), "the broker outlives its keeper")
        eventually(lambda: broker.answers(url), "the other does not start one")
        (second,) = servers(folder)
        assert second.ppid() == heir.pid
        second.kill()
        eventually(lambda: second not in servers(folder) and broker.answers(url), "a lock outlives its owner")


def workers(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    return [one for one in psutil.Process(process.pid).children() if "work" in one.cmdline()]
