"""The label of a record for whoever explains decisions: a security officer reads no record, and needs no more."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_FUNCTION = "intelhub_label_for_explaining(uuid, uuid[])"


def upgrade() -> None:
    # The function runs as the owner, for whom row-level security is forced as well. The policy is for the owner alone
    # and lets it see rows while this function says so; the function gives out the columns that a decision reads, of
    # one record, of the departments that were named.
    op.execute("""
        CREATE POLICY labels_for_explaining ON records FOR SELECT TO intelhub_owner
            USING (current_setting('intelhub.explaining', true) = 'on');

        CREATE FUNCTION intelhub_label_for_explaining(wanted uuid, departments uuid[])
            RETURNS TABLE (
                level smallint, compartments uuid[], owning_unit_id uuid, origin_department_id uuid, author_id uuid,
                handling text, exposure smallint, state text
            )
            LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp
            AS $$
            #variable_conflict use_column
            BEGIN
                PERFORM set_config('intelhub.explaining', 'on', true);
                RETURN QUERY
                    SELECT r.level, r.compartments, r.owning_unit_id, r.origin_department_id, r.author_id,
                        r.handling, r.exposure, r.state
                    FROM public.records r
                    WHERE r.id = wanted AND r.origin_department_id = ANY (departments);
                PERFORM set_config('intelhub.explaining', '', true);
            END
            $$;
    """)
    op.execute(f"REVOKE ALL ON FUNCTION {_FUNCTION} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_FUNCTION} TO intelhub_app")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {_FUNCTION}")
    op.execute("DROP POLICY labels_for_explaining ON records")
