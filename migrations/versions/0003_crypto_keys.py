"""The table of key-encryption keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "key_encryption_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("compartments", ARRAY(sa.Uuid()), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk__key_encryption_keys"),
        # Two processes that make a scope's first key at once agree through this constraint.
        sa.UniqueConstraint(
            "level",
            "compartments",
            "department_id",
            "version",
            name="uq__key_encryption_keys__scope_version",
        ),
        sa.CheckConstraint("level between 0 and 3", name="ck__key_encryption_keys__level"),
        sa.CheckConstraint("version >= 1", name="ck__key_encryption_keys__version"),
        sa.CheckConstraint("array_position(compartments, null) is null", name="ck__key_encryption_keys__compartments"),
    )
    # No row-level security: wrapped keys are no content, and a process must find the key of any row it may open.
    # Nobody may delete, and only the worker may rewrap.
    op.execute("grant select, insert on key_encryption_keys to intelhub_app, intelhub_worker")
    op.execute("grant update (wrapped_key, root_id, retired_at) on key_encryption_keys to intelhub_worker")


def downgrade() -> None:
    op.drop_table("key_encryption_keys")
