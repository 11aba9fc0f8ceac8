"""Every row that grants something is sealed; what was granted before is believed once, here, and sealed.

Whoever runs the migration brings the keys (`upgrade(…, sealing=…)`); without them a database in which anybody has
rights is refused. The columns below are those of this revision: later ones seal anew under a name of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from intelhub.platform.migrate import Sealing, sealing_of

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_SEALED = {
    "users": "id username clearance clearance_expires_on place_rule is_active",
    "posts": "id user_id function unit_id is_deputy starts_at ends_at granted_by",
    "compartment_members": "id compartment_id user_id starts_at ends_at granted_by",
    "credentials": "user_id password_hash password_set_at totp_sealed totp_pending_sealed setup_code_digest"
    " setup_code_expires_at",
    "recovery_codes": "id user_id code_digest",
    "sessions": "id token_digest user_id created_at expires_at place strength",
}


def upgrade() -> None:
    for table in _SEALED:
        op.add_column(table, sa.Column("seal", sa.LargeBinary, nullable=True))
    op.execute("GRANT UPDATE (seal) ON users, posts, compartment_members TO intelhub_app")
    # The migrator is let through the row-level security of credentials, which is forced on the owner too.
    op.execute("RESET ROLE")
    sealed = sum(_seal_rows(table, columns.split()) for table, columns in _SEALED.items())
    if sealed:
        _sealing().record(op.get_bind(), "rights", sealed)
    for table in _SEALED:
        op.alter_column(table, "seal", nullable=False)


def _seal_rows(table: str, columns: list[str]) -> int:
    named = sa.table(table, *map(sa.column, (*columns, "seal")))
    rows = op.get_bind().execute(sa.select(*(named.c[name] for name in columns))).all()
    for row in rows:
        seal = _sealing().seal(table, tuple(row))
        op.get_bind().execute(named.update().where(named.c[columns[0]] == row[0]).values(seal=seal))
    return len(rows)


def _sealing() -> Sealing:
    return sealing_of(op.get_context().config)


def downgrade() -> None:
    op.execute("REVOKE UPDATE (seal) ON users, posts, compartment_members FROM intelhub_app")
    for table in _SEALED:
        op.drop_column(table, "seal")
