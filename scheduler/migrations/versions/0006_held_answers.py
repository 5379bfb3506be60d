"""Answers held until their person has said that they are theirs, and a calendar's "maybe"."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their table; nobody has said maybe so far, as far as we know."""
    op.create_table(
        "held_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=24), nullable=False),
        sa.Column("said", sa.String(length=16), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["chat_id"], ["chat.id"], name=op.f("fk_held_answer_chat_id_chat"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_answer")),
    )
    with op.batch_alter_table("held_answer") as table:
        table.create_index(op.f("ix_held_answer_chat_id"), ["chat_id"], unique=False)
    with op.batch_alter_table("copy") as copy:
        copy.add_column(sa.Column("says_maybe", sa.Boolean(), nullable=False, server_default=sa.false()))
