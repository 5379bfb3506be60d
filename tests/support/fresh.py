"""A fresh machine: commands with no more of our surroundings than pip needs."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support import left_out

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "https_proxy")
UNREACHABLE = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Could not find a version that satisfies the requirement",
)
"""What pip says when it cannot reach a package index."""


def surroundings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("PIP_")}


def run(
    *command: str | Path, folder: Path, environ: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """A command as a fresh machine runs it, in `folder`."""
    within = surroundings() | dict(environ or {})
    return subprocess.run(
        command, cwd=folder, env=within, capture_output=True, text=True, check=False, timeout=600
    )


def must(answer: "subprocess.CompletedProcess[str]") -> str:
    """What the command wrote; one that fails fails the test, unless only the package index is missing."""
    said = answer.stdout + answer.stderr
    reached = answer.returncode == 0 or not any(sign in said for sign in UNREACHABLE)
    left_out.require(reached, "no package index in reach, so no wheel can be built and installed")
    assert answer.returncode == 0, said
    return answer.stdout
