"""Records, their versions, their steps and their number series, behind row-level security."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _label() -> list[sa.Column]:
    return [
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("compartments", sa.ARRAY(sa.Uuid), nullable=False),
    ]


def _sealed() -> list[sa.Column]:
    return [
        sa.Column("kek_id", sa.Uuid, nullable=False),
        sa.Column("wrapped_dek", sa.LargeBinary, nullable=False),
        sa.Column("head_ciphertext", sa.LargeBinary, nullable=False),
        sa.Column("body_ciphertext", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    ]


# The same rule as access.ReadFilter.where, repeated by the database as the second wall. The context is empty for a
# session that forgot its actor: every comparison is then NULL and no row is seen.
_READABLE = """
    compartments <@ (select intelhub_compartments())
    AND (
        (author_id = (select intelhub_actor()) AND level <= (select intelhub_author_ceiling()))
        OR (exposure >= 1 AND owning_unit_id = ANY ((select intelhub_units())::uuid[])
            AND level <= (select intelhub_unit_ceiling()))
        OR (exposure >= 2 AND origin_department_id = ANY ((select intelhub_departments())::uuid[])
            AND level <= (select intelhub_department_ceiling()))
        OR (exposure >= 3 AND level <= (select intelhub_everywhere_ceiling()))
    )
"""
_WITHIN_CEILING = """
    compartments <@ (select intelhub_compartments())
    AND level <= greatest((select intelhub_author_ceiling()), (select intelhub_unit_ceiling()),
                          (select intelhub_department_ceiling()), (select intelhub_everywhere_ceiling()))
"""
_OF_READABLE_RECORD = "EXISTS (SELECT 1 FROM records r WHERE r.id = record_id)"


def upgrade() -> None:
    op.create_table(
        "records",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("pos", sa.BigInteger, sa.Identity(always=True), nullable=False),
        *_label(),
        sa.Column("owning_unit_id", sa.Uuid, sa.ForeignKey("units.id"), nullable=False),
        sa.Column("origin_department_id", sa.Uuid, sa.ForeignKey("units.id"), nullable=False),
        sa.Column("author_id", sa.Uuid, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("assignee_id", sa.Uuid, sa.ForeignKey("users.id")),
        sa.Column("handling", sa.Text, nullable=False),
        sa.Column("exposure", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("case_id", sa.Uuid),
        sa.Column("row_version", sa.Integer, nullable=False),
        sa.Column("content_version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("label_mac", sa.LargeBinary, nullable=False),
        *_sealed(),
        sa.CheckConstraint("level BETWEEN 0 AND 3", name="level"),
        sa.CheckConstraint("exposure BETWEEN 0 AND 3", name="exposure"),
    )
    op.create_index("ix__records__unit", "records", ["owning_unit_id", "state", "pos"])
    op.create_index("ix__records__department", "records", ["origin_department_id", "state", "pos"])
    op.create_index("ix__records__author", "records", ["author_id", "pos"])
    op.create_index("ix__records__assignee", "records", ["assignee_id", "state"])
    op.create_index("ix__records__pos", "records", ["pos"])
    op.create_table(
        "record_versions",
        sa.Column("record_id", sa.Uuid, sa.ForeignKey("records.id"), primary_key=True),
        sa.Column("content_version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("is_published", sa.Boolean, nullable=False),
        *_label(),
        sa.Column("origin_department_id", sa.Uuid, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        *_sealed(),
    )
    op.create_table(
        "record_steps",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("record_id", sa.Uuid, sa.ForeignKey("records.id"), nullable=False),
        sa.Column("row_version", sa.Integer, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("from_state", sa.Text, nullable=False),
        sa.Column("to_state", sa.Text, nullable=False),
        sa.Column("actor_id", sa.Uuid, nullable=False),
        sa.Column("unit_id", sa.Uuid, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        *_label(),
        sa.Column("origin_department_id", sa.Uuid, nullable=False),
        sa.Column("kek_id", sa.Uuid, nullable=False),
        sa.Column("wrapped_dek", sa.LargeBinary, nullable=False),
        sa.Column("words_ciphertext", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix__record_steps__record_id", "record_steps", ["record_id"])
    op.create_table(
        "record_series",
        sa.Column("unit_id", sa.Uuid, primary_key=True),
        sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("last_number", sa.Integer, nullable=False),
    )
    _protect()


def _protect() -> None:
    for table in ("records", "record_versions", "record_steps", "record_series"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY readable ON records TO intelhub_app USING ({_READABLE}) WITH CHECK ({_READABLE})")
    versions = f"""{_WITHIN_CEILING} AND {_OF_READABLE_RECORD}
        AND (is_published OR author_id = (select intelhub_actor()))"""
    op.execute(f"CREATE POLICY readable ON record_versions TO intelhub_app USING ({versions}) WITH CHECK ({versions})")
    steps = f"{_WITHIN_CEILING} AND {_OF_READABLE_RECORD}"
    op.execute(f"CREATE POLICY readable ON record_steps TO intelhub_app USING ({steps}) WITH CHECK ({steps})")
    series = _WITHIN_CEILING.split("AND", 1)[1]
    op.execute(f"CREATE POLICY within ON record_series TO intelhub_app USING ({series}) WITH CHECK ({series})")
    for table in ("records", "record_versions", "record_steps"):
        op.execute(f"CREATE POLICY everything ON {table} TO intelhub_worker USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT, UPDATE (kek_id, wrapped_dek) ON {table} TO intelhub_worker")
    # Whoever reads a record may compare it with the newest change that the log knows of it (rollback detection).
    for table in ("audit_entries", "audit_pending"):
        op.execute(
            f"CREATE POLICY of_readable_records ON {table} FOR SELECT TO intelhub_app "
            "USING (digest IS NOT NULL AND EXISTS (SELECT 1 FROM records r WHERE r.id = object_id))"
        )
    # Nothing is ever deleted by the application but the author's own unpublished work.
    op.execute("""
        CREATE POLICY only_own_drafts ON records AS RESTRICTIVE FOR DELETE TO intelhub_app
            USING (author_id = (select intelhub_actor()) AND exposure = 0)
    """)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON records TO intelhub_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON record_versions TO intelhub_app")
    op.execute("GRANT SELECT, INSERT ON record_steps TO intelhub_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON record_series TO intelhub_app")


def downgrade() -> None:
    for table in ("audit_entries", "audit_pending"):
        op.execute(f"DROP POLICY of_readable_records ON {table}")
    for table in ("record_series", "record_steps", "record_versions", "records"):
        op.drop_table(table)
