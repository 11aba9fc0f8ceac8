"""The organisation: units, what happened to them, tier names. Directory data, so no row-level security."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("organisation", "tiers", "units", "unit_events")


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("row", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("stamp", sa.Uuid, nullable=False),
        sa.CheckConstraint('"row" = 1', name=op.f("ck__organisation__one_row")),
    )
    op.create_table(
        "tiers",
        sa.Column("tier", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.CheckConstraint("tier BETWEEN 1 AND 3", name=op.f("ck__tiers__tier")),
    )
    op.create_table(
        "units",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("other_codes", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("tier", sa.SmallInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("specialised", sa.Boolean, nullable=False),
        sa.Column("force", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.UniqueConstraint("code", name=op.f("uq__units__code")),
        sa.CheckConstraint("tier BETWEEN 1 AND 3", name=op.f("ck__units__tier")),
    )
    op.create_table(
        "unit_events",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("unit_id", sa.Uuid, sa.ForeignKey("units.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("on_day", sa.Date),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("short_name", sa.Text, nullable=False),
        sa.Column("parent_id", sa.Uuid, sa.ForeignKey("units.id")),
        sa.Column("successors", sa.ARRAY(sa.Uuid), nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.CheckConstraint(
            "kind IN ('founded', 'renamed', 'moved', 'merged', 'split', 'closed')", name=op.f("ck__unit_events__kind")
        ),
        sa.CheckConstraint("on_day IS NOT NULL OR kind = 'founded'", name=op.f("ck__unit_events__day")),
    )
    op.create_index(op.f("ix__unit_events__unit_id"), "unit_events", ["unit_id"])
    # Nobody who serves requests writes here: templates and events come in through the migrator, a member of the owner.
    op.execute(f"GRANT SELECT ON {', '.join(_TABLES)} TO intelhub_app, intelhub_worker")


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
