"""Budgets: a file, function, page or template that needs more wants to be two ideas."""

import ast
from pathlib import Path

from tests.support import sources

FILE, FUNCTION, VIEW, TEMPLATE, TEST_FILE = 330, 45, 20, 80, 250
OURS = ("scheduler", "benchmarks", "worker.py")
ROUTES = {"get", "post", "route"}


def code() -> list[Path]:
    """Our code but for migrations, which are as long as the tables they make."""
    history = sources.ROOT / "scheduler" / "migrations"
    return [path for path in sources.python_files(*OURS) if history not in path.parents]


def is_view(node: sources.Function) -> bool:
    marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
    return any(isinstance(mark, ast.Attribute) and mark.attr in ROUTES for mark in marks)


def too_long(paths: list[Path], most: int) -> list[str]:
    sizes = {path: sources.lines(path) for path in paths}
    return [f"{sources.shown(path)}: {size} lines of {most}" for path, size in sizes.items() if size > most]


def too_long_functions(paths: list[Path], most: int, *, views: bool = False) -> list[str]:
    return [
        f"{sources.shown(path, node.lineno)} {node.name}: {sources.length(node)} lines of {most}"
        for path in paths
        for node in sources.functions(path)
        if sources.length(node) > most and (is_view(node) or not views)
    ]


def test_no_file_is_longer_than_its_budget() -> None:
    assert too_long(code(), FILE) == []


def test_no_function_is_longer_than_its_budget() -> None:
    assert too_long_functions(code() + sources.python_files("tests"), FUNCTION) == []


def test_no_view_is_longer_than_its_budget() -> None:
    assert too_long_functions(sources.python_files("scheduler/web"), VIEW, views=True) == []


def test_no_test_file_is_longer_than_its_budget() -> None:
    assert too_long(sources.python_files("tests"), TEST_FILE) == []


def test_no_template_is_longer_than_its_budget() -> None:
    templates = [path for path in sorted((sources.ROOT / "templates").rglob("*")) if path.is_file()]
    assert too_long(templates, TEMPLATE) == []


def test_a_view_is_known_by_its_route() -> None:
    page = ast.parse(
        "@pages.get('/')\n@link\ndef show(): ...\n@property\ndef name(self): ...\ndef plain(): ..."
    )
    assert [is_view(node) for node in page.body if isinstance(node, sources.Function)] == [True, False, False]
