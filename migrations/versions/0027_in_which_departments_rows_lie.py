"""In which departments the records of a unit or an author lie is found by an index: each of their searches asks."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix__records__unit_department", "records", ["owning_unit_id", "origin_department_id"])
    op.create_index("ix__records__author_department", "records", ["author_id", "origin_department_id"])


def downgrade() -> None:
    op.drop_index("ix__records__author_department", "records")
    op.drop_index("ix__records__unit_department", "records")
