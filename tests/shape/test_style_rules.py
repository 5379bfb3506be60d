"""The rules about style see what they are there to see."""

import ast

import pytest

from tests.shape import test_style


def parsed(line: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(line)))


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("chat.state = State.held", True),
        ("first, chat.state = 1, State.held", True),
        ("row.chat.state: str = 'held'", True),
        ("setattr(chat, 'state', 'held')", True),
        ("session.execute(update(Chat).where(Chat.id == 1).values(state='held'))", True),
        ("session.execute(update(Letter).values(state='sent'))", False),
        ("update(Chat).values(due_at=now)", False),
        ("chat.state == State.held", False),
        ("state = chat.state", False),
    ],
)
def test_every_way_to_change_a_state_is_seen(line: str, seen: bool) -> None:
    assert any(test_style.changes_state(node) for node in parsed(line)) is seen


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("chat.act('accept')", True),
        ("old_chat.act(what)", True),
        ("row.chat.act(x)", True),
        ("ask.act(x)", False),
    ],
)
def test_an_act_on_a_chat_is_seen(line: str, seen: bool) -> None:
    assert any(test_style.acts_on_a_chat(node) for node in parsed(line)) is seen


@pytest.mark.parametrize(
    ("name", "banned"),
    [
        ("LetterHandler", True),
        ("do_it", True),
        ("utils", True),
        ("load_data", True),
        ("update", False),
        ("done", False),
    ],
)
def test_banned_words_are_seen_inside_names(name: str, banned: bool) -> None:
    assert test_style.is_banned(name) is banned


@pytest.mark.parametrize(
    ("remark", "excused"),
    [
        ("# noqa", False),
        ("# noqa: S603", False),
        ("# noqa: S603, S607 - our own program", True),
        ("# type: ignore", False),
        ("# type: ignore[attr-defined]", False),
        ("# type: ignore[attr-defined]  # the stubs lag behind", True),
        ("# type: ignore # it is fine", False),
    ],
)
def test_a_reason_is_more_than_a_code(remark: str, excused: bool) -> None:
    assert bool(test_style.EXCUSED.search(remark)) is excused
