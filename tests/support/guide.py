"""docs/operating.md as a test reads it: its blocks in order, and a machine on which its commands are run."""

import configparser
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support import containers, fresh
from tests.support.commands import eventually
from tests.support.sources import ROOT

GUIDE = ROOT / "docs" / "operating.md"
LASTING = re.compile(r"coffee-rounds (run|web|work|clock)\b")
"""Commands that go on until they are told to end."""
ASKING = re.compile(r"^coffee-rounds doctor\b")
"""Commands that ask whether all is well, which may take a moment after a start."""


class Block(NamedTuple):
    """One fenced block: of what kind, and its lines."""

    kind: str
    text: str

    @property
    def commands(self) -> list[str]:
        return [line.removeprefix("$ ") for line in self.text.splitlines() if line.startswith("$ ")]


def blocks() -> list[Block]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [Block(*one) for one in found]


def spans(beginning: str) -> list[str]:
    """The commands that stand in the text and begin so."""
    text = re.sub(r"^```.*?^```$", "", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [span for span in re.findall(r"`([^`]+)`", text) if span.startswith(beginning + " ")]


class Machine:
    """Runs the guide's commands in folders of a test's own, `put` in place of those of a real machine."""

    def __init__(self, folder: Path, put: Mapping[str, str], port: int) -> None:
        self.put, self.clone, self.here = put, folder / "clone", folder / "clone"
        path = [put["/opt/coffee-rounds"] + "/bin", str(Path(sys.executable).parent), os.environ["PATH"]]
        own = {"PATH": os.pathsep.join(path), "HOME": str(folder), "PORT": str(port)}
        self.environ = fresh.surroundings() | own
        copied = [line.text.split()[:-1] for line in containers.instructions()[0] if line.name == "COPY"]
        self.clone.mkdir()
        for name in (name for names in copied for name in names):
            subprocess.run(["cp", "-R", ROOT / name, self.clone / name], check=True)

    def text(self, given: str) -> str:
        """With what must be put in place."""
        for real, ours in self.put.items():
            given = given.replace(real, ours)
        return given

    def follow(self, block: Block) -> None:
        """Run a block's commands in order; those that last must be well at its end, and end when told."""
        self.here = self.clone
        started: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for command in map(self.text, block.commands):
                if command.startswith("cd "):
                    self.here = Path(command.removeprefix("cd "))
                elif LASTING.match(command):
                    started[f"{len(started)}: {command}"] = self.start(command)
                elif ASKING.match(command) and started:
                    eventually(lambda: self.run(command).returncode == 0, command, within=90)  # noqa: B023 - at once
                else:
                    fresh.must(self.run(command))
            assert {name: process.poll() for name, process in started.items()} == dict.fromkeys(started)
        finally:
            ended = {name: end(process) for name, process in started.items()}
        assert ended == dict.fromkeys(started, 0)

    def start(self, command: str) -> "subprocess.Popen[bytes]":
        """Start a command that lasts, and wait until it would hear that it is to end."""
        words = ["bash", "-c", f"exec {command}"]
        process = subprocess.Popen(words, cwd=self.here, env=self.environ)
        eventually(lambda: process.poll() is not None or hears(process.pid), f"{command} does not start")
        return process

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        words = ["bash", "-e", "-o", "pipefail", "-c", command]
        return subprocess.run(
            words, cwd=self.here, env=self.environ, capture_output=True, text=True, timeout=600, check=False
        )

    @contextmanager
    def unit(self, block: Block) -> Iterator[None]:
        """What systemd would run, while the block lasts."""
        read = configparser.ConfigParser()
        read.optionxform = str  # type: ignore[assignment,method-assign]  # systemd tells large letters from small
        read.read_string(self.text(block.text))
        self.here = Path(read["Service"]["WorkingDirectory"])
        process = self.start(read["Service"]["ExecStart"])
        try:
            yield
        finally:
            assert end(process) == 0


def hears(pid: int) -> bool:
    """Whether a process catches TERM, or has it held back; taken for so where there is no /proc to see it."""
    if not Path("/proc/self/task").exists():
        return True
    text = "".join(status.read_text() for status in Path(f"/proc/{pid}/task").glob("*/status"))
    masks = re.findall(r"^Sig(?:Cgt|Blk):\s*([0-9a-f]+)$", text, re.MULTILINE)
    return any(int(mask, 16) >> (signal.SIGTERM - 1) & 1 for mask in masks)


def end(process: "subprocess.Popen[bytes]") -> int:
    """Tell it to end, as an init system does; how it ended."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(40)
    finally:
        process.kill()
        process.wait()
