"""Whose a received mail is, what about, what it says, and when the coordinator had done with it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them, empty: mails received so far are nobody's on the board."""
    with op.batch_alter_table("incoming") as incoming:
        incoming.add_column(sa.Column("person_id", sa.Integer(), nullable=True))
        incoming.add_column(sa.Column("about", sa.String(length=32), nullable=False, server_default=""))
        incoming.add_column(sa.Column("words", sa.Text(), nullable=False, server_default=""))
        incoming.add_column(sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True))
        incoming.create_index(op.f("ix_incoming_person_id"), ["person_id"], unique=False)
