"""What every benchmark shares: paired runs, a table for people, and a line of JSON for machines."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

from scheduler import clock

T = TypeVar("T")

RUNS, SYNCS = 5, 50


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line asks for."""

    runs: int
    is_tiny: bool
    databases: Sequence[str]
    json: Path | None

    def size(self, full: int, tiny: int) -> int:
        """How much to measure: all of it or, to see only that the benchmark runs, next to nothing."""
        return tiny if self.is_tiny else full


@dataclass(frozen=True, kw_only=True)
class Result:
    """One figure, against its target where it has one: `values` has one of each run, in `unit`."""

    name: str
    unit: str
    values: Sequence[float]
    at_least: float | None = None
    at_most: float | None = None
    baseline: str = ""
    """What the values are ratios to, where they are."""
    beside: Mapping[str, object] = field(default_factory=dict)
    """What else was seen: the baseline's own figures and ours, how many, how large."""

    @property
    def reached(self) -> bool | None:
        """Whether the median is where it should be; None where nobody says where that is."""
        if self.at_least is None and self.at_most is None:
            return None
        middle = median(self.values)
        above = self.at_least is None or middle >= self.at_least
        return above and (self.at_most is None or middle <= self.at_most)

    @property
    def target(self) -> str:
        """The target in words."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""

    def as_json(self) -> dict[str, object]:
        """All of it, with the machine it was measured on."""
        return {
            "name": self.name,
            "unit": self.unit,
            "baseline": self.baseline,
            "runs": [round(value, 4) for value in self.values],
            "median": round(median(self.values), 4),
            "min": round(min(self.values), 4),
            "max": round(max(self.values), 4),
            "target": self.target,
            "reached": self.reached,
            "beside": dict(self.beside),
            "machine": machine(),
            "measured_at": clock.machine_now().isoformat(timespec="seconds"),
        }


def asked(about: str | None) -> Asked:
    """The command line, read."""
    words = argparse.ArgumentParser(description=about)
    words.add_argument("--runs", type=int, default=RUNS, help="how often, in turns with the baseline")
    words.add_argument("--tiny", action="store_true", help="next to nothing, once: does it run at all?")
    words.add_argument("--database", action="append", choices=("sqlite", "postgresql"), default=None)
    words.add_argument("--json", type=Path, help="append the lines of JSON to this file, not to the output")
    given = words.parse_args()
    return Asked(
        runs=1 if given.tiny else given.runs,
        is_tiny=given.tiny,
        databases=given.database or ("sqlite", "postgresql"),
        json=given.json,
    )


def in_turns(runs: int, **measured: Callable[[], T]) -> dict[str, list[T]]:
    """Measure all of them, one after the other, so many times: what slows the machine slows all alike."""
    found: dict[str, list[T]] = {name: [] for name in measured}
    for _ in range(runs):
        for name, measure in measured.items():
            found[name].append(measure())
    return found


def ratios(subject: Sequence[float], baseline: Sequence[float]) -> list[float]:
    """Run by run, the one over the other."""
    return [ours / theirs for ours, theirs in zip(subject, baseline, strict=True)]


def tell(results: Sequence[Result], to: Asked) -> None:
    """Print the table, and a line of JSON for each result (to the file asked for, if one was)."""
    widest = max(len(result.name) for result in results)
    print(f"{'':{widest}}  {'median':>9} {'min':>9} {'max':>9}  {'target':>8}")
    for result in results:
        figures = " ".join(f"{at(result.values):9.3f}" for at in (median, min, max))
        verdict = {True: "reached", False: "MISSED", None: ""}[result.reached]
        print(f"{result.name:{widest}}  {figures}  {result.target:>8}  {verdict:7}  {result.unit}")
    lines = "".join(json.dumps(result.as_json(), ensure_ascii=False) + "\n" for result in results)
    if to.json is None:
        sys.stdout.write(lines)
        return
    with to.json.open("a", encoding="utf-8") as file:
        file.write(lines)


def syncs() -> float:
    """How often a second a file can be made safe on this disk: no faster can one commit follow another."""
    with tempfile.TemporaryFile() as file:
        began = perf_counter()
        for _ in range(SYNCS):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        return round(SYNCS / (perf_counter() - began), 1)


def machine() -> dict[str, object]:
    """What may be said of this machine: its kind, and how busy it was; no names, no paths."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
    }
