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
        name = f"ck__{table}__year"
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (year BETWEEN 1900 AND 2999) NOT VALID")
        # A row that was written by hand before stops no upgrade: searches say that it is damaged, a reindex takes it.
        op.execute(f"""
            DO $$ BEGIN
                ALTER TABLE {table} VALIDATE CONSTRAINT {name};
            EXCEPTION WHEN check_violation THEN
                RAISE WARNING 'a row of {table} is of a year that cannot be';
            END $$
        """)


def downgrade() -> None:
    for table in _TABLES:
        op.drop_constraint(f"ck__{table}__year", table)
