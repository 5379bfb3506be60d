"""Quiet hours of a round's own; without them a round has its programme's."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them, empty: the rounds there are have their programme's."""
    with op.batch_alter_table("round") as round_:
        round_.add_column(sa.Column("quiet_from", sa.String(length=5), nullable=True))
        round_.add_column(sa.Column("quiet_to", sa.String(length=5), nullable=True))
