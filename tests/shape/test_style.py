"""How we write, where a machine can see it: imports, names, excuses to linters, who changes a state."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.support import sources

EVERYWHERE = ("scheduler", "tests", "benchmarks", "worker.py")
BANNED = {"manager", "helper", "handler", "util", "service", "data", "info", "process", "do", "perform"}
# The nouns: each changes its own state, and nothing else does.
NOUNS = {"chat.py", "proposal.py", "ask.py", "round.py", "person.py", "envelope.py", "plan.py"}
REMARK = re.compile(r"#\s*(noqa|type:\s*ignore)\b", re.IGNORECASE)
# Hooks that a library calls by these names, so the choice was not ours.
GIVEN = {"process_bind_param", "process_result_value", "do_GET", "do_POST"} | {
    f"handle_{what}" for what in ("data", "starttag", "endtag")
}
# The codes, then at least two words, after a dash, a second # or nothing.
CODES = r"noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|type:\s*ignore\[[\w, -]+\]"
EXCUSED = re.compile(rf"#\s*(?:{CODES})\s*(?:#|-|–)?\s*\S+\s+\S+", re.IGNORECASE)


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    for path in sources.python_files(*EVERYWHERE):
        for node in ast.walk(sources.parsed(path)):
            yield path, node


def words(name: str) -> list[str]:
    """The words of a snake_case or CamelCase name, small, in the singular where an s makes the plural."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")
    return [word.removesuffix("s") if word.removesuffix("s") in BANNED else word for word in apart]


def assigned(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return [part for target in node.targets for part in ast.walk(target) if isinstance(part, ast.expr)]
    return [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []


def changes_state(node: ast.AST) -> bool:
    """Whether it is `x.state = …`, `setattr(x, "state", …)` or an UPDATE of chats that sets their state."""
    if any(isinstance(target, ast.Attribute) and target.attr == "state" for target in assigned(node)):
        return True
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name) and node.func.id == "setattr":
        return any(isinstance(part, ast.Constant) and part.value == "state" for part in node.args[1:2])
    is_update = isinstance(node.func, ast.Attribute) and node.func.attr == "values"
    on_chats = any(isinstance(part, ast.Name) and part.id == "Chat" for part in ast.walk(node.func))
    return is_update and on_chats and any(word.arg == "state" for word in node.keywords)


def acts_on_a_chat(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "act"):
        return False
    owner = node.func.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return words(name)[-1] == "chat"


def is_typing_trick(node: ast.AST) -> bool:
    names = [node.id] if isinstance(node, ast.Name) else []
    names += [node.attr] if isinstance(node, ast.Attribute) else []
    return "TYPE_CHECKING" in names


def remarks(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and REMARK.search(token.string):
            yield token.start[0], token.string


def test_imports_have_no_tricks_stars_or_aliases() -> None:
    found = []
    for path, node in nodes():
        aliases = node.names if isinstance(node, ast.Import | ast.ImportFrom) else []
        if "migrations" in path.parts:
            continue  # Alembic writes them, in its own way
        if is_typing_trick(node) or any(name.name == "*" or name.asname for name in aliases):
            found.append(sources.shown(path, getattr(node, "lineno", None)))
    assert found == []


def test_every_module_has_a_name_of_its_own() -> None:
    modules = [path.stem for path in sources.python_files("scheduler") if path.stem != "__init__"]
    assert [name for name, times in Counter(modules).items() if times > 1] == []


def is_banned(name: str) -> bool:
    return name not in GIVEN and bool(BANNED & {*words(name)})


def test_names_say_what_a_thing_is() -> None:
    found = [sources.shown(path) for path in sources.python_files("scheduler") if is_banned(path.stem)]
    for path in sources.python_files("scheduler"):
        named = [n for n in ast.walk(sources.parsed(path)) if isinstance(n, ast.ClassDef | sources.Function)]
        found += [f"{sources.shown(path, n.lineno)} {n.name}" for n in named if is_banned(n.name)]
    assert found == []


def test_a_linter_is_silenced_only_with_a_reason() -> None:
    found = [
        f"{sources.shown(path, line)} {remark}"
        for path in sources.python_files(*EVERYWHERE)
        for line, remark in remarks(path.read_text(encoding="utf-8"))
        if not EXCUSED.search(remark)
    ]
    assert found == []


def test_only_nouns_change_a_state() -> None:
    found = [
        sources.shown(path, getattr(node, "lineno", None))
        for path, node in nodes()
        if path.name not in NOUNS and sources.ROOT / "scheduler" in path.parents and changes_state(node)
    ]
    assert found == []


def test_only_the_record_lets_a_chat_act() -> None:
    found = [
        sources.shown(path, getattr(node, "lineno", None))
        for path, node in nodes()
        if path.name != "record.py" and sources.ROOT / "scheduler" in path.parents and acts_on_a_chat(node)
    ]
    assert found == []


def test_only_the_sign_in_is_posted_without_saying_who_answers_for_the_programme() -> None:
    found = {
        path.name
        for path, node in nodes()
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "posting.post"
    }
    assert found == {"contact.py", "admitting.py"}
