"""The benchmarks run, and say what they found in the words that others read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sources import ROOT

SCRIPTS = sorted((ROOT / "benchmarks").glob("[a-z]*.py"))
KEYS = {"name", "unit", "baseline", "runs", "median", "min", "max", "target", "reached", "beside", "machine"}
KEYS |= {"measured_at"}
OF_THE_MACHINE = {"system", "architecture", "python", "cores", "load"}
"""Its kind, and nothing by which to know it: no names, no paths."""

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_every_benchmark_prints_a_table_and_writes_a_line_for_each_figure(
    script: Path, tmp_path: Path
) -> None:
    path = tmp_path / "figures.jsonl"
    words = [sys.executable, str(script), "--tiny", "--database", "sqlite", "--json", str(path)]
    table = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False)
    assert table.returncode == 0, table.stderr
    results = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert results
    assert [set(result) for result in results] == [KEYS] * len(results)
    assert {frozenset(result["machine"]) for result in results} == {frozenset(OF_THE_MACHINE)}
    rows = table.stdout.splitlines()[1:]
    assert [row.split("  ")[0] for row in rows] == [result["name"] for result in results]
    assert all(result["min"] <= result["median"] <= result["max"] for result in results)
