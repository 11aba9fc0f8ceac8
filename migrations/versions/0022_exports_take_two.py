"""Requests to take records above the first level along in a file: seen and moved by the two persons alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# A session that may show less than the request holds does not even see that it is there.
_WITHIN_CEILING = """
    level <= greatest((select intelhub_author_ceiling()), (select intelhub_unit_ceiling()),
                      (select intelhub_department_ceiling()), (select intelhub_everywhere_ceiling()))
"""
_ASKER = f"user_id = (select intelhub_actor()) AND {_WITHIN_CEILING}"
_BOTH = f"(user_id = (select intelhub_actor()) OR approver_id = (select intelhub_actor())) AND {_WITHIN_CEILING}"


def upgrade() -> None:
    op.create_table(
        "record_exports",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("approver_id", sa.Uuid, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("row_version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("level BETWEEN 0 AND 3", name="level"),
        sa.CheckConstraint("user_id <> approver_id", name="two_persons"),
    )
    for column in ("user_id", "approver_id"):
        op.create_index(f"ix__record_exports__{column}", "record_exports", [column])
    op.execute("ALTER TABLE record_exports ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE record_exports FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY both_see ON record_exports FOR SELECT TO intelhub_app USING ({_BOTH})")
    op.execute(f"CREATE POLICY one_asks ON record_exports FOR INSERT TO intelhub_app WITH CHECK ({_ASKER})")
    op.execute(
        f"CREATE POLICY both_move ON record_exports FOR UPDATE TO intelhub_app USING ({_BOTH}) WITH CHECK ({_BOTH})"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (state, row_version, sealed) ON record_exports TO intelhub_app")
    # Its two persons may compare a request with what the log knows of it: one that was put back is noticed.
    for table in ("audit_entries", "audit_pending"):
        op.execute(
            f"CREATE POLICY of_own_exports ON {table} FOR SELECT TO intelhub_app USING (object_kind = 'record_export' "
            "AND digest IS NOT NULL AND (SELECT e.id FROM record_exports e WHERE e.id = object_id) IS NOT NULL)"
        )


def downgrade() -> None:
    for table in ("audit_entries", "audit_pending"):
        op.execute(f"DROP POLICY of_own_exports ON {table}")
    op.drop_table("record_exports")
