"""The repository's own files, found and parsed, for the tests that look at their shape."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*places: str) -> list[Path]:
    """The Python files under `places` (folders or files), in order; what is not there counts as none."""
    found: list[Path] = []
    for place in places:
        path = ROOT / place
        found += [path] if path.is_file() else path.rglob("*.py")
    return sorted(found)


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of `path`, parsed once for all tests."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of `path`, also those inside others."""
    return (node for node in ast.walk(parsed(path)) if isinstance(node, Function))


def lines(path: Path) -> int:
    """How many lines the file has."""
    return len(path.read_text(encoding="utf-8").splitlines())


def length(node: Function) -> int:
    """How many lines the function has, from its `def` to its end, docstring included, decorators not."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def shown(path: Path, line: int | None = None) -> str:
    """`path` as seen from the checkout, with a line where there is one."""
    name = path.relative_to(ROOT).as_posix()
    return name if line is None else f"{name}:{line}"
