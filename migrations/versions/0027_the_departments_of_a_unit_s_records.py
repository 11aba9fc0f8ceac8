"""In which departments a unit's records lie is found by an index: each of its people's searches asks."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix__records__unit_department", "records", ["owning_unit_id", "origin_department_id"])


def downgrade() -> None:
    op.drop_index("ix__records__unit_department", "records")
