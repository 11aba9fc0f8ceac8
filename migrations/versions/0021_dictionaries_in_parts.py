"""Dictionaries of walls in parts: a base and the changes since, so that a change is not a whole dictionary again.

A dictionary of before has no head that opens: the nightly check makes it anew from its documents and sends their tokens
again; until then these documents are said to be missing, and `intelhub reindex` is the quicker way.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_WITHIN_CEILING = """
    compartments <@ (select intelhub_compartments())
    AND level <= greatest((select intelhub_author_ceiling()), (select intelhub_unit_ceiling()),
                          (select intelhub_department_ceiling()), (select intelhub_everywhere_ceiling()))
"""


def upgrade() -> None:
    # Where a level is rebuilt each night, small numbers would be used up.
    op.alter_column("search_dictionaries", "epoch", type_=sa.Integer)
    op.create_table(
        "search_dictionary_parts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("wall_id", sa.Uuid, nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("compartments", ARRAY(sa.Uuid), nullable=False),
        sa.Column("department_id", sa.Uuid, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("level BETWEEN 0 AND 3", name="level"),
    )
    op.create_index("ix__search_dictionary_parts__wall_id", "search_dictionary_parts", ["wall_id"])
    op.execute("ALTER TABLE search_dictionary_parts ALTER COLUMN sealed SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE search_dictionary_parts ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE search_dictionary_parts FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY readable ON search_dictionary_parts FOR SELECT TO intelhub_app USING ({_WITHIN_CEILING})"
    )
    op.execute("CREATE POLICY worker ON search_dictionary_parts TO intelhub_worker USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT ON search_dictionary_parts TO intelhub_app")
    op.execute("GRANT SELECT, INSERT, DELETE ON search_dictionary_parts TO intelhub_worker")


def downgrade() -> None:
    op.drop_table("search_dictionary_parts")
    op.alter_column("search_dictionaries", "epoch", type_=sa.SmallInteger)
