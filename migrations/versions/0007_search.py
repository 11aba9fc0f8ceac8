"""The sealed index: projections not yet merged, and segments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import UserDefinedType

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


class Xid8(UserDefinedType):
    """A 64-bit transaction id, which never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in SQL."""
        return "xid8"


# Readers see whole partitions within their greatest ceiling; what of a partition is theirs, the filter inside the
# segment decides. A context that is missing or empty compares to NULL and shows no row.
_WITHIN_CEILING = """
    compartments <@ (select intelhub_compartments())
    AND level <= greatest((select intelhub_author_ceiling()), (select intelhub_unit_ceiling()),
                          (select intelhub_department_ceiling()), (select intelhub_everywhere_ceiling()))
"""


def _of_partition() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("compartments", ARRAY(sa.Uuid), nullable=False),
        sa.Column("department_id", sa.Uuid, nullable=False),
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column("partition_id", sa.Uuid, nullable=False),
        sa.Column("xid", Xid8, nullable=False, server_default=sa.text("pg_current_xact_id()")),
    ]


def upgrade() -> None:
    op.create_table(
        "search_tail",
        *_of_partition(),
        sa.Column("record_id", sa.Uuid, nullable=False),
        sa.Column("row_version", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("level BETWEEN 0 AND 3", name="level"),
    )
    op.create_table(
        "search_segments",
        *_of_partition(),
        sa.Column("documents", sa.Integer, nullable=False),
        sa.Column("size_class", sa.SmallInteger, nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True)),
        sa.Column("to_at", sa.DateTime(timezone=True)),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("level BETWEEN 0 AND 3", name="level"),
    )
    for table in ("search_tail", "search_segments"):
        op.create_index(f"ix__{table}__xid", table, ["xid"])
        op.create_index(f"ix__{table}__partition_id", table, ["partition_id"])
        # Sealed bytes do not compress; trying would only cost time at each write.
        op.execute(f"ALTER TABLE {table} ALTER COLUMN sealed SET STORAGE EXTERNAL")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY readable ON {table} FOR SELECT TO intelhub_app USING ({_WITHIN_CEILING})")
        op.execute(f"CREATE POLICY worker ON {table} TO intelhub_worker USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT ON {table} TO intelhub_app")
        op.execute(f"GRANT SELECT, INSERT, DELETE ON {table} TO intelhub_worker")
    op.execute(f"CREATE POLICY written ON search_tail FOR INSERT TO intelhub_app WITH CHECK ({_WITHIN_CEILING})")
    op.execute("GRANT INSERT ON search_tail TO intelhub_app")


def downgrade() -> None:
    op.drop_table("search_segments")
    op.drop_table("search_tail")
