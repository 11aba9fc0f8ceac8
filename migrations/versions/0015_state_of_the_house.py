"""An operator sees whether jobs run and the index keeps up: totals of the whole house, and never which record.

The application may count jobs by kind and state and see when a worker was last heard of; what a job was given stays
closed to it. What only the worker can count (it alone sees the index and the keys of every record) it writes down.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COUNTED = {
    "procrastinate_jobs": "task_name, status, scheduled_at",
    "procrastinate_events": "job_id, type, at",
    "procrastinate_workers": "last_heartbeat",
}


def upgrade() -> None:
    op.create_table(
        "upkeep_report",
        sa.Column("id", sa.SmallInteger, nullable=False),
        sa.Column("index_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tail_rows", sa.Integer, nullable=False),
        sa.Column("tails_overdue", sa.Integer, nullable=False),
        sa.Column("rest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("older_wraps", sa.Integer, nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON upkeep_report TO intelhub_worker")
    op.execute("GRANT SELECT ON upkeep_report TO intelhub_app")
    for table, columns in _COUNTED.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO intelhub_app")


def downgrade() -> None:
    for table, columns in _COUNTED.items():
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM intelhub_app")
    op.drop_table("upkeep_report")
