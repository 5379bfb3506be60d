"""The Dockerfile and compose.yaml, read as far as tests need: instructions, and services with their words."""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from tests.support.sources import ROOT


class Instruction(NamedTuple):
    """One line of a Dockerfile, its continuations joined."""

    name: str
    text: str


def instructions() -> list[list[Instruction]]:
    """The Dockerfile's stages, each beginning with its FROM."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    stages: list[list[Instruction]] = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append(Instruction(name, " ".join(rest.split())))
    return stages


def of_the_image(name: str) -> list[str]:
    """What the finished image says under this name."""
    return [instruction.text for instruction in instructions()[-1] if instruction.name == name]


def environment_of_the_image() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in of_the_image("ENV") for pair in shlex.split(line))


def command_of_the_image() -> list[str]:
    (line,) = of_the_image("CMD")
    return list(json.loads(line))


def health_check() -> list[str]:
    """The words that ask a container whether it is well."""
    (line,) = of_the_image("HEALTHCHECK")
    return list(json.loads(line.partition(" CMD ")[2]))


def compose(environ: Mapping[str, str]) -> dict[str, Any]:
    """compose.yaml with the variables of `environ` put in, as `docker compose config` would show it."""

    def value(found: re.Match[str]) -> str:
        name, kind, words = found.groups()
        if name in environ:
            return environ[name]
        assert kind == ":-", f"{name} must be set: {words}"
        return words

    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{(\w+)(:[-?])([^}]*)\}", value, text))
    return read
