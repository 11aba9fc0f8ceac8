"""What waits longest at a unit is found by an index: leaders see it at each home page."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix__records__unit_waiting", "records", ["owning_unit_id", "state", "updated_at"])


def downgrade() -> None:
    op.drop_index("ix__records__unit_waiting", "records")
