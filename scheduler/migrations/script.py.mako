"""${message[0].upper() + message[1:]}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """${"Make the tables." if down_revision is None else "Go one step on."}"""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """${"Drop them all." if down_revision is None else "Go one step back."}"""
    ${downgrades if downgrades else "pass"}
