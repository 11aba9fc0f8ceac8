"""A row that hangs on a record asks for that one record by its key, however many records there are.

`EXISTS (…)` leaves PostgreSQL the choice of collecting every readable record first and looking in the collection: it
took that choice for the log, and each opening of a record read the whole table of records. A scalar subquery leaves
it none. What the policies let through is the same.
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_WITHIN_CEILING = """
    compartments <@ (select intelhub_compartments())
    AND level <= greatest((select intelhub_author_ceiling()), (select intelhub_unit_ceiling()),
                          (select intelhub_department_ceiling()), (select intelhub_everywhere_ceiling()))
"""
_OWN_UNLESS_PUBLISHED = "(is_published OR author_id = (select intelhub_actor()))"


def upgrade() -> None:
    _put("(SELECT r.id FROM records r WHERE r.id = {key}) IS NOT NULL")


def downgrade() -> None:
    _put("EXISTS (SELECT 1 FROM records r WHERE r.id = {key})")


def _put(readable: str) -> None:
    for table in ("audit_entries", "audit_pending"):
        where = f"digest IS NOT NULL AND {readable.format(key='object_id')}"
        op.execute(f"ALTER POLICY of_readable_records ON {table} USING ({where})")
    for table, more in (("record_versions", f" AND {_OWN_UNLESS_PUBLISHED}"), ("record_steps", "")):
        where = f"{_WITHIN_CEILING} AND {readable.format(key='record_id')}{more}"
        op.execute(f"ALTER POLICY readable ON {table} USING ({where}) WITH CHECK ({where})")
