"""Security officers see what was refused in their department, and nothing else of the log.

The units stand in a setting of their own, which only the page of refusals puts down, for its one transaction.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A setting made with set_config(..., true) reads '' instead of NULL once its transaction is over: both mean none.
    op.execute("""
        CREATE FUNCTION intelhub_refusal_units() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
            RETURN coalesce(
                string_to_array(nullif(current_setting('intelhub.refusal_units', true), ''), ',')::uuid[], '{}'
            );
        REVOKE ALL ON FUNCTION intelhub_refusal_units() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION intelhub_refusal_units() TO intelhub_app;

        CREATE POLICY audit_refusals_read_by_department ON audit_entries FOR SELECT TO intelhub_app
            USING (decision = 'deny' AND unit_id = ANY ((SELECT intelhub_refusal_units())::uuid[]));

        CREATE INDEX ix__audit_entries__unit_id ON audit_entries (unit_id, seq);
    """)


def downgrade() -> None:
    op.execute("""
        DROP INDEX ix__audit_entries__unit_id;
        DROP POLICY audit_refusals_read_by_department ON audit_entries;
        DROP FUNCTION intelhub_refusal_units();
    """)
