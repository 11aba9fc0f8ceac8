"""Searches beside saved views: shared with a unit up to a level, watched for their owner, told of in sealed alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_OWN = "user_id = (select intelhub_actor())"
# Whoever holds a post at the unit, in a session that may show the level of the words.
_SHARED = "shared_unit_id = ANY ((select intelhub_posts())::uuid[]) AND level <= (select intelhub_ceiling())"
_FUNCTIONS = {
    "intelhub_posts": (
        "uuid[]",
        "coalesce(string_to_array(nullif(current_setting('intelhub.posts', true), ''), ',')::uuid[], '{}')",
    ),
    "intelhub_ceiling": ("integer", "nullif(current_setting('intelhub.ceiling', true), '')::integer"),
}


def upgrade() -> None:
    for name, (returns, body) in _FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS {returns} LANGUAGE sql STABLE PARALLEL SAFE RETURN {body}")
        op.execute(f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name}() TO intelhub_app")
    op.add_column("record_views", sa.Column("level", sa.SmallInteger, nullable=False, server_default="0"))
    op.alter_column("record_views", "level", server_default=None)
    op.add_column("record_views", sa.Column("shared_unit_id", sa.Uuid, sa.ForeignKey("units.id")))
    op.create_index("ix__record_views__shared_unit_id", "record_views", ["shared_unit_id"])
    op.create_check_constraint("level", "record_views", "level BETWEEN 0 AND 3")
    op.execute(f"CREATE POLICY shared ON record_views FOR SELECT TO intelhub_app USING ({_SHARED})")
    op.execute("GRANT UPDATE (shared_unit_id) ON record_views TO intelhub_app")
    _make_watches()
    _make_alerts()


def _make_watches() -> None:
    op.create_table(
        "record_watches",
        sa.Column("view_id", sa.Uuid, sa.ForeignKey("record_views.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix__record_watches__user_id", "record_watches", ["user_id"])
    _give_to_owner("record_watches")
    # The worker learns for whom there is something to look, and looks in the application's role with their rights.
    op.execute("CREATE POLICY worker ON record_watches FOR SELECT TO intelhub_worker USING (true)")
    op.execute("GRANT SELECT (user_id) ON record_watches TO intelhub_worker")


def _make_alerts() -> None:
    op.create_table(
        "record_alerts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("view_id", sa.Uuid, sa.ForeignKey("record_views.id", ondelete="CASCADE"), nullable=False),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix__record_alerts__user_id", "record_alerts", ["user_id"])
    op.create_index("ix__record_alerts__view_id", "record_alerts", ["view_id"])
    _give_to_owner("record_alerts")


def _give_to_owner(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own ON {table} TO intelhub_app USING ({_OWN}) WITH CHECK ({_OWN})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE (sealed), DELETE ON {table} TO intelhub_app")


def downgrade() -> None:
    op.drop_table("record_alerts")
    op.drop_table("record_watches")
    op.execute("DROP POLICY shared ON record_views")
    # A seal is bound to these two columns: when they come back empty, what had them set would look tampered with.
    op.execute("ALTER TABLE record_views NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM record_views WHERE level > 0 OR shared_unit_id IS NOT NULL")
    op.execute("ALTER TABLE record_views FORCE ROW LEVEL SECURITY")
    op.drop_column("record_views", "shared_unit_id")
    op.drop_column("record_views", "level")
    for name in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}()")
