"""What was refused lately is counted on home pages: it is found among refusals alone, however much was allowed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix__audit_entries__denied_at", "audit_entries", ["at"], postgresql_where=sa.text("decision = 'deny'")
    )


def downgrade() -> None:
    op.drop_index("ix__audit_entries__denied_at", "audit_entries")
