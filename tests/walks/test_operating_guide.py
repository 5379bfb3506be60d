"""docs/operating.md from its first command to its last, on a machine of the test's own.

Put in place of what only a real machine has: folders of the test's for /opt/coffee-rounds and
/srv/coffee-rounds, a private mail server, PostgreSQL and Valkey for those named, and a free port for 8000.
"""

import shlex
import shutil
import socket
from contextlib import ExitStack, closing
from pathlib import Path

import click
import pytest

from scheduler import cli
from tests.support import brokers, databases, fresh, guide, left_out
from tests.support.commands import eventually
from tests.support.guide import Block, Machine
from tests.support.sink import Sink
from tests.support.sources import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]
PROGRAMS = ("curl", "sqlite3", "pg_dump")
MAIL = "smtp+starttls://user:password@mail.example.edu:587"
DATABASE = "postgresql://coffee:password@db.example.edu/coffee"
BROKER = "redis://valkey.example.edu:6379/0"


def free_port() -> int:
    with closing(socket.socket()) as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def test_every_command_does_what_the_guide_says(tmp_path: Path, smtp_allowed: None) -> None:
    for program in PROGRAMS:
        left_out.require(shutil.which(program), f"{program} is not on this machine")
    with ExitStack() as stack:
        sink = stack.enter_context(Sink())
        broker = stack.enter_context(brokers.running(tmp_path / "valkey"))
        database = stack.enter_context(databases.empty("postgresql", tmp_path))
        port = free_port()
        put = {
            "/opt/coffee-rounds": str(tmp_path / "opt"),
            "/srv/coffee-rounds": str(tmp_path / "srv"),
            "127.0.0.1:8000": f"127.0.0.1:{port}",
            MAIL: sink.url,
            DATABASE: database.replace("postgresql+psycopg:", "postgresql:"),
            BROKER: broker,
        }
        machine = Machine(tmp_path, put, port)
        for block in guide.blocks():
            follow(machine, block)
        fresh.must(machine.run("coffee-rounds tick"))  # the new key, and the former one, are read


def follow(machine: Machine, block: Block) -> None:
    if block.kind == "console":
        machine.follow(block)
    elif block.text.startswith("ENVIRONMENT="):
        (Path(machine.put["/srv/coffee-rounds"]) / ".env").write_text(machine.text(block.text))
    elif block.text.startswith("[Unit]"):
        ready = machine.text("curl --silent --fail http://127.0.0.1:8000/readyz")
        with machine.unit(block):
            eventually(lambda: machine.run(ready).returncode == 0, "the unit does not get ready", within=90)


def test_what_no_test_runs_is_for_docker_alone() -> None:
    left = [block for block in guide.blocks() if block.kind not in ("console", "ini")]
    assert {line.split()[0] for block in left for line in block.text.splitlines()} == {"docker"}


def test_every_command_of_ours_that_stands_in_the_text_exists_as_it_is_written() -> None:
    named = guide.spans("coffee-rounds")
    assert len(named) >= 3
    for words in map(shlex.split, named):
        command: click.Command = cli.commands
        for word in words[1:]:
            if isinstance(command, click.Group):
                found = command.get_command(click.Context(command), word)
                assert found is not None, words
                command = found
            elif word.startswith("--"):
                assert word in {opt for param in command.params for opt in param.opts}, words


def test_every_target_of_make_that_stands_in_the_text_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [span.split()[1] for span in guide.spans("make")]
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
    assert targets
