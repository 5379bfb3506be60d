"""The outbox complete: what holds letters back, and what is remembered of each when its bytes are gone."""

from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BATCH = 500
FRESH: tuple[sa.Column[Any], ...] = (
    sa.Column("recalled", sa.String(length=300), nullable=False, server_default=""),
    sa.Column("domain", sa.String(length=254), nullable=False, server_default=""),
    sa.Column("digest", sa.String(length=64), nullable=False, server_default=""),
    sa.Column("size", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("is_kept", sa.Boolean(), nullable=False, server_default=sa.true()),
)
OUTGOING = sa.table(
    "outgoing",
    sa.column("id", sa.Integer()),
    sa.column("recipient", sa.String()),
    sa.column("raw", sa.LargeBinary()),
    sa.column("domain", sa.String()),
    sa.column("digest", sa.String()),
    sa.column("size", sa.Integer()),
    sa.column("is_kept", sa.Boolean()),
)


def upgrade() -> None:
    """Make the table of holds; give every letter its domain, digest and size.

    The columns keep their defaults: the version before writes letters without them.
    """
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=300), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("scope", name=op.f("uq_hold_scope")),
    )
    with op.batch_alter_table("outgoing") as outgoing:
        for column in FRESH:
            outgoing.add_column(column)
        outgoing.drop_index("ix_outgoing_due")
        outgoing.create_index(
            "ix_outgoing_due", ["state", "lane", "try_at", "useful_until", "id"], unique=False
        )
        outgoing.create_index("ix_outgoing_settled", ["is_kept", "settled_at"], unique=False)
    connection = op.get_bind()
    last: int | None = 0
    while last is not None:
        last = _seal(connection, last)


def _seal(connection: sa.Connection, after: int) -> int | None:
    """Fill in one batch of letters behind this one; the last of them, None when there are no more."""
    known = OUTGOING.c
    rows = sa.select(known.id, known.recipient, known.raw).where(known.id > after)
    letters = connection.execute(rows.order_by(known.id).limit(BATCH)).all()
    for letter_id, recipient, raw in letters:
        values = {"domain": recipient.rpartition("@")[2].lower(), "size": len(raw), "is_kept": bool(raw)}
        if raw:
            values["digest"] = sha256(raw).hexdigest()
        connection.execute(sa.update(OUTGOING).where(known.id == letter_id).values(**values))
    return letters[-1][0] if letters else None
