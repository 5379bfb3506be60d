"""How long a command and the whole service take to start, in an empty folder and in one used before."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import _measure
import _programme
import _serving

COMMAND = [sys.executable, "-m", "scheduler.cli"]
HELP, READY = 0.5, 3.0


def main() -> None:
    """Python itself is measured beside it, for what no command can be faster than."""
    asked = _measure.asked(__doc__)
    found = _measure.in_turns(
        asked.runs,
        python=lambda: seconds([sys.executable, "-c", ""]),
        help=lambda: seconds([*COMMAND, "--help"]),
    )
    first, again = zip(*[ready() for _ in range(asked.runs)], strict=True)
    _measure.tell(
        [
            _measure.Result(
                name="coffee-rounds --help",
                unit="s",
                values=found["help"],
                at_most=HELP,
                beside={"Python alone, s": found["python"]},
            ),
            _measure.Result(
                name="run, in an empty folder, until ready", unit="s", values=first, at_most=READY
            ),
            _measure.Result(name="run, once more, until ready", unit="s", values=again, at_most=READY),
        ],
        asked,
    )


def seconds(words: list[str]) -> float:
    """How long it takes from start to end."""
    began = perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


def ready() -> tuple[float, float]:
    """The seconds until /healthz answers: with an empty folder, and with the one that this leaves."""
    port = _serving.free_port()
    with tempfile.TemporaryDirectory() as folder:
        known = {**os.environ, **_programme.environ(Path(folder), ""), "PORT": str(port)}
        return until_healthy(known, port), until_healthy(known, port)


def until_healthy(known: dict[str, str], port: int) -> float:
    """The seconds from starting `run` until its pages answer."""
    began = perf_counter()
    with _serving.started([*COMMAND, "run"], known):
        _serving.wait_for(f"http://127.0.0.1:{port}/healthz")
        return perf_counter() - began


if __name__ == "__main__":
    main()
