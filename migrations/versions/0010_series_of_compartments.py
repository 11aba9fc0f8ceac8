"""Numbers of records in compartments run in series of their own: no gap elsewhere tells that one is hidden."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_KEY = "record_series_pkey"
_WITHIN_CEILING = """level <= greatest((select intelhub_author_ceiling()), (select intelhub_unit_ceiling()),
                  (select intelhub_department_ceiling()), (select intelhub_everywhere_ceiling()))"""


def _put_policy(condition: str) -> None:
    op.execute("DROP POLICY within ON record_series")
    op.execute(f"CREATE POLICY within ON record_series TO intelhub_app USING ({condition}) WITH CHECK ({condition})")


def _put_key(*columns: str) -> None:
    op.drop_constraint(_KEY, "record_series", type_="primary")
    op.create_primary_key(_KEY, "record_series", list(columns))


def upgrade() -> None:
    compartments = sa.Column("compartments", sa.ARRAY(sa.Uuid), nullable=False, server_default="{}")
    op.add_column("record_series", compartments)
    op.alter_column("record_series", "compartments", server_default=None)
    _put_key("unit_id", "level", "year", "compartments")
    _put_policy(f"compartments <@ (select intelhub_compartments()) AND {_WITHIN_CEILING}")


def downgrade() -> None:
    op.execute("DELETE FROM record_series WHERE compartments <> '{}'")
    _put_policy(_WITHIN_CEILING)
    _put_key("unit_id", "level", "year")
    op.drop_column("record_series", "compartments")
