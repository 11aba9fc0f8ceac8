"""Operators see whether the search server takes what it is sent, not only whether it answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("upkeep_report", sa.Column("server_takes_writes", sa.Boolean, nullable=True))


def downgrade() -> None:
    op.drop_column("upkeep_report", "server_takes_writes")
