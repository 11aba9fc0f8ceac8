"""What waits longest at a unit, and what still lies under a replaced key, is found by an index.

Leaders see the one at each home page; the worker counts the other at each start and each hour.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_UNDER_KEYS = ("records", "record_versions", "record_steps")


def upgrade() -> None:
    op.create_index("ix__records__unit_waiting", "records", ["owning_unit_id", "state", "updated_at"])
    for table in _UNDER_KEYS:
        op.create_index(f"ix__{table}__kek_id", table, ["kek_id"])


def downgrade() -> None:
    for table in _UNDER_KEYS:
        op.drop_index(f"ix__{table}__kek_id", table)
    op.drop_index("ix__records__unit_waiting", "records")
