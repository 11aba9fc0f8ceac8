"""Sealed documents whose words are keyed tokens on a search server, and the sealed dictionaries of walls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import UserDefinedType

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


class Xid8(UserDefinedType):
    """A 64-bit transaction id, which never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in SQL."""
        return "xid8"


# As for segments: whole partitions within the reader's greatest ceiling, the filter runs on what is opened.
_WITHIN_CEILING = """
    compartments <@ (select intelhub_compartments())
    AND level <= greatest((select intelhub_author_ceiling()), (select intelhub_unit_ceiling()),
                          (select intelhub_department_ceiling()), (select intelhub_everywhere_ceiling()))
"""


def upgrade() -> None:
    op.create_table(
        "search_documents",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("compartments", ARRAY(sa.Uuid), nullable=False),
        sa.Column("department_id", sa.Uuid, nullable=False),
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column("partition_id", sa.Uuid, nullable=False),
        sa.Column("xid", Xid8, nullable=False, server_default=sa.text("pg_current_xact_id()")),
        sa.Column("record_id", sa.Uuid, nullable=False),
        sa.Column("row_version", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("level BETWEEN 0 AND 3", name="level"),
    )
    op.create_index("ix__search_documents__partition_id", "search_documents", ["partition_id"])
    op.create_index("ix__search_documents__record_id", "search_documents", ["record_id"])
    op.create_table(
        "search_dictionaries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("compartments", ARRAY(sa.Uuid), nullable=False),
        sa.Column("department_id", sa.Uuid, nullable=False),
        sa.Column("epoch", sa.SmallInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("documents", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("level BETWEEN 0 AND 3", name="level"),
    )
    for table in ("search_documents", "search_dictionaries"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN sealed SET STORAGE EXTERNAL")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY readable ON {table} FOR SELECT TO intelhub_app USING ({_WITHIN_CEILING})")
        op.execute(f"CREATE POLICY worker ON {table} TO intelhub_worker USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT ON {table} TO intelhub_app")
        op.execute(f"GRANT SELECT, INSERT, DELETE ON {table} TO intelhub_worker")


def downgrade() -> None:
    op.drop_table("search_dictionaries")
    op.drop_table("search_documents")
