"""A record may be shared with units one by one: they stand in its row, and whoever receives there reads it.

`record_recipients` says the same by unit. PostgreSQL uses no index on an array under row-level security (`&&` is not
leakproof), so each list of somebody who receives would read all records. A trigger writes it, nobody else can, and it
decides nothing: a unit in it that the row does not name opens no row, and one that is missing hides one from lists.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_ALL = "intelhub_app, intelhub_worker"
_FUNCTIONS = {
    "intelhub_receiving": (
        "uuid[]",
        "coalesce(string_to_array(nullif(current_setting('intelhub.receiving', true), ''), ',')::uuid[], '{}')",
    ),
    "intelhub_dissemination_ceiling": (
        "integer",
        "nullif(current_setting('intelhub.dissemination_ceiling', true), '')::integer",
    ),
    # The highest level that any reach of this session meets: whole partitions and parts of records lie below it.
    "intelhub_reading_ceiling": (
        "integer",
        """greatest(intelhub_author_ceiling(), intelhub_unit_ceiling(), intelhub_department_ceiling(),
        intelhub_everywhere_ceiling(), intelhub_dissemination_ceiling())""",
    ),
}
_RECEIVED = """
    (compartments = '{}' OR compartments <@ (select intelhub_compartments()))
    AND exposure >= 2
    AND level <= (select intelhub_dissemination_ceiling())
    AND recipient_unit_ids && (select intelhub_receiving())::uuid[]
"""
_WITHIN_OLD = """
    compartments <@ (select intelhub_compartments())
    AND level <= greatest((select intelhub_author_ceiling()), (select intelhub_unit_ceiling()),
                          (select intelhub_department_ceiling()), (select intelhub_everywhere_ceiling()))
"""
_WITHIN = """
    compartments <@ (select intelhub_compartments()) AND level <= (select intelhub_reading_ceiling())
"""
_OF_READABLE = "(SELECT r.id FROM records r WHERE r.id = record_id) IS NOT NULL"
# As `readable` on the records themselves: whoever only received one is not among these.
_OF_PLACED = """(SELECT r.id FROM records r WHERE r.id = record_id AND (
        (r.author_id = (select intelhub_actor()) AND r.level <= (select intelhub_author_ceiling()))
        OR (r.exposure >= 1 AND r.owning_unit_id = ANY ((select intelhub_units())::uuid[])
            AND r.level <= (select intelhub_unit_ceiling()))
        OR (r.exposure >= 2 AND r.origin_department_id = ANY ((select intelhub_departments())::uuid[])
            AND r.level <= (select intelhub_department_ceiling()))
        OR (r.exposure >= 3 AND r.level <= (select intelhub_everywhere_ceiling()))
    )) IS NOT NULL"""
_OWN_UNLESS_PUBLISHED = "(is_published OR author_id = (select intelhub_actor()))"
_LABEL_FUNCTION = "intelhub_label_for_explaining(uuid, uuid[])"


def upgrade() -> None:
    for name, (returns, body) in _FUNCTIONS.items():
        op.execute(f"create function {name}() returns {returns} language sql stable parallel safe return {body}")
        op.execute(f"revoke all on function {name}() from public")
        op.execute(f"grant execute on function {name}() to {_ALL}")
    recipients = sa.Column("recipient_unit_ids", sa.ARRAY(sa.Uuid), nullable=False, server_default="{}")
    op.add_column("records", recipients)
    # Beside `readable`, and for reading alone: whoever receives a record writes nothing into it.
    op.execute(f"CREATE POLICY received ON records FOR SELECT TO intelhub_app USING ({_RECEIVED})")
    _list_recipients()
    _put_parts(_WITHIN, apart=True)
    _put_ceilings(_WITHIN)
    _explain(with_recipients=True)


def downgrade() -> None:
    # What is shared carries that in its seal, and what ever was has steps that an older program does not know: neither
    # would open any more. The owner sees rows only while row-level security is not forced upon it.
    for table in ("records", "record_steps"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT 1 FROM records WHERE recipient_unit_ids <> '{}')
                OR EXISTS (SELECT 1 FROM record_steps WHERE event IN ('disseminate', 'withdraw'))
            THEN
                RAISE EXCEPTION 'records were shared with units: an older program cannot read them';
            END IF;
        END $$
    """)
    for table in ("records", "record_steps"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    _explain(with_recipients=False)
    for table in ("record_versions", "record_steps"):
        for policy in ("added", "changed", "dropped"):
            op.execute(f"DROP POLICY {policy} ON {table}")
    _put_parts(_WITHIN_OLD, apart=False)
    _put_ceilings(_WITHIN_OLD)
    for trigger in ("recipients_are_listed", "recipients_are_listed_at_first"):
        op.execute(f"DROP TRIGGER {trigger} ON records")
    op.execute("DROP FUNCTION intelhub_list_recipients()")
    op.drop_table("record_recipients")
    op.execute("DROP POLICY received ON records")
    op.drop_column("records", "recipient_unit_ids")
    for name in reversed(_FUNCTIONS):
        op.execute(f"drop function {name}()")


def _list_recipients() -> None:
    op.create_table(
        "record_recipients",
        sa.Column("unit_id", sa.Uuid, primary_key=True),
        sa.Column("record_id", sa.Uuid, sa.ForeignKey("records.id", ondelete="CASCADE"), primary_key=True),
    )
    op.create_index("ix__record_recipients__record_id", "record_recipients", ["record_id"])
    op.execute("ALTER TABLE record_recipients ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE record_recipients FORCE ROW LEVEL SECURITY")
    op.execute("""
        CREATE POLICY received ON record_recipients FOR SELECT TO intelhub_app
            USING (unit_id = ANY ((select intelhub_receiving())::uuid[]))
    """)
    op.execute("CREATE POLICY listed ON record_recipients TO intelhub_owner USING (true) WITH CHECK (true)")
    op.execute("CREATE POLICY worker ON record_recipients FOR SELECT TO intelhub_worker USING (true)")
    op.execute("GRANT SELECT ON record_recipients TO intelhub_app, intelhub_worker")
    op.execute("""
        CREATE FUNCTION intelhub_list_recipients() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp
            AS $$
            BEGIN
                DELETE FROM public.record_recipients
                    WHERE record_id = NEW.id AND unit_id <> ALL (NEW.recipient_unit_ids);
                INSERT INTO public.record_recipients (unit_id, record_id)
                    SELECT DISTINCT one, NEW.id FROM unnest(NEW.recipient_unit_ids) AS one
                    ON CONFLICT DO NOTHING;
                RETURN NULL;
            END
            $$;
        REVOKE ALL ON FUNCTION intelhub_list_recipients() FROM PUBLIC;
        CREATE TRIGGER recipients_are_listed AFTER UPDATE OF recipient_unit_ids ON records
            FOR EACH ROW WHEN (NEW.recipient_unit_ids IS DISTINCT FROM OLD.recipient_unit_ids)
            EXECUTE FUNCTION intelhub_list_recipients();
        CREATE TRIGGER recipients_are_listed_at_first AFTER INSERT ON records
            FOR EACH ROW WHEN (NEW.recipient_unit_ids <> '{}')
            EXECUTE FUNCTION intelhub_list_recipients();
    """)


def _put_parts(within: str, *, apart: bool) -> None:
    """Parts of a record are read by whoever reads it, and written by those alone who read it by its place."""
    for table, more in (("record_versions", f" AND {_OWN_UNLESS_PUBLISHED}"), ("record_steps", "")):
        readable = f"{within} AND {_OF_READABLE}{more}"
        op.execute(f"DROP POLICY readable ON {table}")
        if not apart:
            op.execute(f"CREATE POLICY readable ON {table} TO intelhub_app USING ({readable}) WITH CHECK ({readable})")
            continue
        placed = f"{within} AND {_OF_PLACED}{more}"
        op.execute(f"CREATE POLICY readable ON {table} FOR SELECT TO intelhub_app USING ({readable})")
        op.execute(f"CREATE POLICY added ON {table} FOR INSERT TO intelhub_app WITH CHECK ({placed})")
        changed = f"USING ({placed}) WITH CHECK ({placed})"
        op.execute(f"CREATE POLICY changed ON {table} FOR UPDATE TO intelhub_app {changed}")
        op.execute(f"CREATE POLICY dropped ON {table} FOR DELETE TO intelhub_app USING ({placed})")


def _put_ceilings(within: str) -> None:
    for table in _SEARCHED:
        op.execute(f"ALTER POLICY readable ON {table} USING ({within})")


_SEARCHED = (
    "search_segments",
    "search_tail",
    "search_documents",
    "search_dictionaries",
    "search_dictionary_parts",
)


def _explain(*, with_recipients: bool) -> None:
    column = ", recipient_unit_ids" if with_recipients else ""
    op.execute(f"DROP FUNCTION {_LABEL_FUNCTION}")
    op.execute(f"""
        CREATE FUNCTION intelhub_label_for_explaining(wanted uuid, departments uuid[])
            RETURNS TABLE (
                level smallint, compartments uuid[], owning_unit_id uuid, origin_department_id uuid, author_id uuid,
                handling text, exposure smallint, state text{column + " uuid[]" if column else ""}
            )
            LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp
            AS $$
            #variable_conflict use_column
            BEGIN
                PERFORM set_config('intelhub.explaining', 'on', true);
                RETURN QUERY
                    SELECT r.level, r.compartments, r.owning_unit_id, r.origin_department_id, r.author_id,
                        r.handling, r.exposure, r.state{column.replace(", ", ", r.")}
                    FROM public.records r
                    WHERE r.id = wanted AND r.origin_department_id = ANY (departments);
                PERFORM set_config('intelhub.explaining', '', true);
            END
            $$;
    """)
    op.execute(f"REVOKE ALL ON FUNCTION {_LABEL_FUNCTION} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_LABEL_FUNCTION} TO intelhub_app")
