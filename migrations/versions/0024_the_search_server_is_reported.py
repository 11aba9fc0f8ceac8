"""Operators see whether the search server answers, and how many documents of the whole house lie behind tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("upkeep_report", sa.Column("server_answers", sa.Boolean, nullable=True))
    op.add_column("upkeep_report", sa.Column("server_documents", sa.BigInteger, nullable=False, server_default="0"))
    op.alter_column("upkeep_report", "server_documents", server_default=None)


def downgrade() -> None:
    op.drop_column("upkeep_report", "server_documents")
    op.drop_column("upkeep_report", "server_answers")
