"""Most rows lie in no compartment, and the policies say so where PostgreSQL can count it.

It takes `compartments <@ …` to be true of one row in two hundred, whatever is asked; with that a page of the newest
records seemed so rare that all of them were read and sorted for it. `compartments = '{}'` is counted. What is let
through is the same: no compartment at all is within any others.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_READABLE = """
    {held}
    AND (
        (author_id = (select intelhub_actor()) AND level <= (select intelhub_author_ceiling()))
        OR (exposure >= 1 AND owning_unit_id = ANY ((select intelhub_units())::uuid[])
            AND level <= (select intelhub_unit_ceiling()))
        OR (exposure >= 2 AND origin_department_id = ANY ((select intelhub_departments())::uuid[])
            AND level <= (select intelhub_department_ceiling()))
        OR (exposure >= 3 AND level <= (select intelhub_everywhere_ceiling()))
    )
"""


def upgrade() -> None:
    _put("(compartments = '{}' OR compartments <@ (select intelhub_compartments()))")


def downgrade() -> None:
    _put("compartments <@ (select intelhub_compartments())")


def _put(held: str) -> None:
    where = _READABLE.format(held=held)
    op.execute(f"ALTER POLICY readable ON records USING ({where}) WITH CHECK ({where})")
