"""What changed last is found by an index, so that a home page need not look at every record."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix__records__updated_at", "records", ["updated_at", "pos"])


def downgrade() -> None:
    op.drop_index("ix__records__updated_at", "records")
