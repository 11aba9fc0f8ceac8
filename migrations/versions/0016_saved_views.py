"""Filters of the list that somebody named: the name is theirs, so it stands sealed and for nobody else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_OWN = "user_id = (select intelhub_actor())"


def upgrade() -> None:
    op.create_table(
        "record_views",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix__record_views__user_id", "record_views", ["user_id"])
    op.execute("ALTER TABLE record_views ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE record_views FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own ON record_views TO intelhub_app USING ({_OWN}) WITH CHECK ({_OWN})")
    op.execute("GRANT SELECT, INSERT, UPDATE (sealed), DELETE ON record_views TO intelhub_app")


def downgrade() -> None:
    op.drop_table("record_views")
