"""The audit log: pending acts, entries, the tree's edge and the signed checkpoints, with who may touch which.

Nobody has UPDATE or DELETE on entries and checkpoints. The application may write pending entries as the actor of its
transaction and nobody else; what it may read of the log follows row-level security.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("audit_pending", "audit_entries", "audit_tree", "audit_checkpoints")

# The application may not say one thing in the columns that policies read and another in the bytes that are hashed.
COLUMNS_EQUAL_ENTRY = """
    (convert_from(entry, 'UTF8')::jsonb ->> 'actor') = 'u:' || actor_id::text
    AND (convert_from(entry, 'UTF8')::jsonb ->> 'act') = action
    AND (convert_from(entry, 'UTF8')::jsonb ->> 'dec') = decision
    AND right(convert_from(entry, 'UTF8')::jsonb ->> 'obj', 36) IS NOT DISTINCT FROM object_id::text
    AND (convert_from(entry, 'UTF8')::jsonb ->> 'objv')::bigint IS NOT DISTINCT FROM object_version
    AND (convert_from(entry, 'UTF8')::jsonb ->> 'dig') IS NOT DISTINCT FROM encode(digest, 'hex')
"""


def _entry_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid, nullable=False),
        sa.Column("unit_id", sa.Uuid),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("object_kind", sa.Text),
        sa.Column("object_id", sa.Uuid),
        sa.Column("object_version", sa.BigInteger),
        sa.Column("digest", sa.LargeBinary),
        sa.Column("shown", postgresql.ARRAY(sa.Uuid), nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("request_id", sa.Uuid),
    ]


def _create_tables() -> None:
    op.create_table(
        "audit_pending",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("pos", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        *_entry_columns(),
        sa.PrimaryKeyConstraint("id", name="pk__audit_pending"),
        sa.CheckConstraint("octet_length(entry) <= 8192", name="ck__audit_pending__entry_size"),
        sa.CheckConstraint(COLUMNS_EQUAL_ENTRY, name="ck__audit_pending__columns_equal_entry"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        *_entry_columns(),
        sa.PrimaryKeyConstraint("seq", name="pk__audit_entries"),
        sa.CheckConstraint("seq >= 0", name="ck__audit_entries__seq"),
        sa.CheckConstraint("octet_length(leaf_hash) = 32", name="ck__audit_entries__leaf_hash"),
    )
    op.create_table(
        "audit_tree",
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("origin", name="pk__audit_tree"),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk__audit_checkpoints"),
        sa.CheckConstraint("octet_length(root) = 32", name="ck__audit_checkpoints__root"),
    )


def _create_indexes() -> None:
    has_digest = sa.text("digest IS NOT NULL")
    op.create_index("ix__audit_pending__pos", "audit_pending", ["pos"], unique=True)
    op.create_index(
        "ix__audit_pending__object_id", "audit_pending", ["object_id", "object_version"], postgresql_where=has_digest
    )
    op.create_index("ix__audit_entries__actor_id", "audit_entries", ["actor_id", "seq"])
    op.create_index(
        "ix__audit_entries__object_id",
        "audit_entries",
        ["object_id", "seq"],
        postgresql_where=sa.text("object_id IS NOT NULL"),
    )
    op.create_index(
        "ix__audit_entries__newest",
        "audit_entries",
        ["object_id", "object_version", "seq"],
        postgresql_where=has_digest,
    )
    op.create_index("ix__audit_entries__action", "audit_entries", ["action", "seq"])
    op.create_index(
        "ix__audit_entries__denied", "audit_entries", ["seq"], postgresql_where=sa.text("decision = 'deny'")
    )
    op.create_index("ix__audit_entries__at", "audit_entries", ["at"])
    op.create_index(
        "ix__audit_entries__shown",
        "audit_entries",
        ["shown"],
        postgresql_using="gin",
        postgresql_where=sa.text("shown <> '{}'"),
    )


def _protect() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("""
        GRANT SELECT, INSERT ON audit_pending TO intelhub_app, intelhub_worker;
        GRANT SELECT, DELETE ON audit_pending TO intelhub_sequencer;
        GRANT SELECT ON audit_entries, audit_tree, audit_checkpoints TO intelhub_app, intelhub_worker;
        GRANT SELECT, INSERT ON audit_entries, audit_checkpoints TO intelhub_sequencer;
        GRANT SELECT, UPDATE ON audit_tree TO intelhub_sequencer;

        CREATE POLICY audit_pending_written_as_oneself ON audit_pending FOR INSERT TO intelhub_app, intelhub_worker
            WITH CHECK (
                actor_id = coalesce((SELECT intelhub_actor()), '00000000-0000-0000-0000-000000000000'::uuid)
            );
        CREATE POLICY audit_pending_read_by_auditors ON audit_pending FOR SELECT TO intelhub_app
            USING ((SELECT intelhub_reads_audit()));
        CREATE POLICY audit_pending_read_by_worker ON audit_pending FOR SELECT TO intelhub_worker USING (true);
        CREATE POLICY audit_pending_read_by_sequencer ON audit_pending FOR SELECT TO intelhub_sequencer USING (true);
        CREATE POLICY audit_pending_taken_by_sequencer ON audit_pending FOR DELETE TO intelhub_sequencer USING (true);
        CREATE POLICY audit_pending_counted_by_owner ON audit_pending FOR SELECT TO intelhub_owner USING (true);

        CREATE POLICY audit_entries_read_by_auditors ON audit_entries FOR SELECT TO intelhub_app
            USING ((SELECT intelhub_reads_audit()));
        CREATE POLICY audit_entries_read_by_worker ON audit_entries FOR SELECT TO intelhub_worker USING (true);
        CREATE POLICY audit_entries_read_by_sequencer ON audit_entries FOR SELECT TO intelhub_sequencer USING (true);
        CREATE POLICY audit_entries_written_by_sequencer ON audit_entries FOR INSERT TO intelhub_sequencer
            WITH CHECK (true);

        CREATE POLICY audit_tree_read ON audit_tree FOR SELECT
            TO intelhub_app, intelhub_worker, intelhub_sequencer USING (true);
        CREATE POLICY audit_tree_grown_by_sequencer ON audit_tree FOR UPDATE TO intelhub_sequencer
            USING (true) WITH CHECK (true);

        CREATE POLICY audit_checkpoints_read ON audit_checkpoints FOR SELECT
            TO intelhub_app, intelhub_worker, intelhub_sequencer USING (true);
        CREATE POLICY audit_checkpoints_written_by_sequencer ON audit_checkpoints FOR INSERT TO intelhub_sequencer
            WITH CHECK (true);
    """)


def _create_functions() -> None:
    # Readiness has no actor and may see no entry; it learns how many wait and since when, and nothing else.
    op.execute("""
        CREATE FUNCTION intelhub_audit_backlog(OUT waiting bigint, OUT oldest timestamptz)
            LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
            AS $$ SELECT count(*), min(at) FROM public.audit_pending $$;
        REVOKE ALL ON FUNCTION intelhub_audit_backlog() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION intelhub_audit_backlog() TO intelhub_app, intelhub_worker, intelhub_sequencer;
    """)


def upgrade() -> None:
    _create_tables()
    _create_indexes()
    # The origin names this log among all logs; policies for the owner do not exist yet, so it is written before them.
    op.execute(
        "INSERT INTO audit_tree (origin, size, frontier) VALUES ('intelhub/' || gen_random_uuid() || '/audit/1', 0, '')"
    )
    _protect()
    _create_functions()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION intelhub_audit_backlog()")
