"""Words and questions: a programme's own sentences, and a student's topics apart from a mentor's."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; whoever is a student asks about what they had ticked, and keeps it as a mentor if both."""
    with op.batch_alter_table("programme") as programme:
        programme.add_column(sa.Column("texts", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("person") as person:
        person.add_column(sa.Column("asks_about", sa.JSON(), nullable=False, server_default="[]"))
    op.execute("UPDATE person SET asks_about = topics WHERE is_student")
    op.execute("UPDATE person SET topics = '[]' WHERE NOT is_mentor")
    with op.batch_alter_table("programme") as programme:
        programme.alter_column("texts", server_default=None)
    with op.batch_alter_table("person") as person:
        person.alter_column("asks_about", server_default=None)
