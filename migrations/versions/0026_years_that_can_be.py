"""No row of the index says to be of a year that no record can have."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TABLES = ("search_tail", "search_segments", "search_documents")


def upgrade() -> None:
    for table in _TABLES:
        # A row that was written by hand before must not stop an upgrade; it is a damaged part and said to be one.
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck__{table}__year CHECK (year BETWEEN 1900 AND 2999) NOT VALID")


def downgrade() -> None:
    for table in _TABLES:
        op.drop_constraint(f"ck__{table}__year", table)
