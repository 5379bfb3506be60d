"""How Alembic meets the database: on the connection it is handed, with types written out in plain SQL."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Enum
from sqlalchemy.types import TypeDecorator


def plainly(kind: str, thing: Any, _: AutogenContext) -> str | Literal[False]:
    """A migration names no type of ours: an instant is a DateTime, a word of a StrEnum a String."""
    if kind == "type" and isinstance(thing, TypeDecorator):
        return f"sa.{thing.impl!r}"
    if kind == "type" and isinstance(thing, Enum):
        return f"sa.String(length={thing.length})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    render_as_batch=True,
    render_item=plainly,
    compare_type=True,
    # SQLite too can take a table's making back, as long as nobody commits in between.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
