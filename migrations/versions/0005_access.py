"""People, their posts and clearances, compartments, credentials, sessions and the memory of failed sign-ins.

People, posts and memberships are a directory: every process must read them to know what an actor may do, and they hold
no content, so they carry no row-level security. Credentials do: a statement sees the one person's row that the
transaction named in `intelhub.credentials_of`, so that no stray query lists hashes or sealed factors.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = (
    "users",
    "credentials",
    "recovery_codes",
    "posts",
    "compartments",
    "compartment_members",
    "sessions",
    "sign_in_throttle",
)
_MOMENT = sa.DateTime(timezone=True)
_NAMED_PERSON = "user_id = nullif(current_setting('intelhub.credentials_of', true), '')::uuid"


def _user(name: str = "user_id", **options: object) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid, sa.ForeignKey("users.id"), **options)  # type: ignore[arg-type]


def upgrade() -> None:
    _create_people()
    _create_credentials()
    _create_sessions()
    _protect()


def _create_people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        # Made in Python for Vietnamese order; compared byte by byte, whatever the database's locale.
        sa.Column("sort_key", sa.Text(collation="C"), nullable=False),
        sa.Column("clearance", sa.SmallInteger, nullable=False),
        sa.Column("clearance_expires_on", sa.Date),
        sa.Column("place_rule", sa.Text, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("username", name=op.f("uq__users__username")),
        sa.CheckConstraint("username ~ '^[a-z0-9][a-z0-9._-]{1,63}$'", name=op.f("ck__users__username")),
        sa.CheckConstraint("clearance BETWEEN 0 AND 3", name=op.f("ck__users__clearance")),
        sa.CheckConstraint("place_rule IN ('any', 'onsite_only')", name=op.f("ck__users__place_rule")),
        sa.CheckConstraint("locale IN ('vi', 'en')", name=op.f("ck__users__locale")),
        sa.CheckConstraint("id <> '00000000-0000-0000-0000-000000000000'", name=op.f("ck__users__somebody")),
    )
    op.create_index(op.f("ix__users__sort_key"), "users", ["sort_key"])
    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid, primary_key=True),
        _user(nullable=False),
        sa.Column("function", sa.Text, nullable=False),
        sa.Column("unit_id", sa.Uuid, sa.ForeignKey("units.id"), nullable=False),
        sa.Column("is_deputy", sa.Boolean, nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT),
        # The operator who granted it; the nil id is the console of the machine itself.
        sa.Column("granted_by", sa.Uuid, nullable=False),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck__posts__ends_at")),
    )
    op.create_index(op.f("ix__posts__user_id"), "posts", ["user_id"])
    op.create_index(op.f("ix__posts__unit_id"), "posts", ["unit_id", "function"])
    op.create_table(
        "compartments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "compartment_members",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("compartment_id", sa.Uuid, sa.ForeignKey("compartments.id"), nullable=False),
        _user(nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT),
        sa.Column("granted_by", sa.Uuid, nullable=False),
    )
    op.create_index(op.f("ix__compartment_members__user_id"), "compartment_members", ["user_id"])


def _create_credentials() -> None:
    op.create_table(
        "credentials",
        _user(primary_key=True),
        sa.Column("password_hash", sa.Text),
        sa.Column("password_set_at", _MOMENT),
        sa.Column("totp_sealed", sa.LargeBinary),
        sa.Column("totp_pending_sealed", sa.LargeBinary),
        sa.Column("totp_last_step", sa.BigInteger),
        sa.Column("setup_code_digest", sa.LargeBinary),
        sa.Column("setup_code_expires_at", _MOMENT),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid, primary_key=True),
        _user(nullable=False),
        sa.Column("code_digest", sa.LargeBinary, nullable=False),
        sa.Column("used_at", _MOMENT),
    )
    op.create_index(op.f("ix__recovery_codes__user_id"), "recovery_codes", ["user_id"])


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("token_digest", sa.LargeBinary, nullable=False),
        _user(nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_seen_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("strength", sa.Text, nullable=False),
        sa.Column("user_agent_family", sa.Text, nullable=False),
        sa.UniqueConstraint("token_digest", name=op.f("uq__sessions__token_digest")),
        sa.CheckConstraint("octet_length(token_digest) = 32", name=op.f("ck__sessions__token_digest")),
        sa.CheckConstraint("place IN ('onsite', 'duty_room', 'remote')", name=op.f("ck__sessions__place")),
        sa.CheckConstraint("strength IN ('password', 'totp', 'demo')", name=op.f("ck__sessions__strength")),
    )
    op.create_index(op.f("ix__sessions__user_id"), "sessions", ["user_id"])
    op.create_table(
        "sign_in_throttle",
        sa.Column("key_digest", sa.LargeBinary, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_failed_at", _MOMENT, nullable=False),
        sa.Column("blocked_until", _MOMENT, nullable=False),
    )


def _protect() -> None:
    for table in ("credentials", "recovery_codes"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY of_the_named_person ON {table} TO intelhub_app"
            f" USING ({_NAMED_PERSON}) WITH CHECK ({_NAMED_PERSON})"
        )
    # Nobody is ever deleted, and a grant is only ever ended: the past must stay explainable.
    op.execute("""
        GRANT SELECT, INSERT ON users TO intelhub_app;
        GRANT UPDATE (display_name, sort_key, clearance, clearance_expires_on, place_rule, is_active, locale)
            ON users TO intelhub_app;
        GRANT SELECT, INSERT, UPDATE ON credentials TO intelhub_app;
        GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON recovery_codes TO intelhub_app;
        GRANT SELECT, INSERT, UPDATE (ends_at) ON posts, compartment_members TO intelhub_app;
        GRANT SELECT, INSERT ON compartments TO intelhub_app;
        GRANT SELECT, INSERT, UPDATE (last_seen_at, ended_at) ON sessions TO intelhub_app;
        GRANT SELECT, INSERT, UPDATE ON sign_in_throttle TO intelhub_app;
        GRANT SELECT ON users, posts, compartments, compartment_members TO intelhub_worker;
        GRANT SELECT, DELETE ON sessions, sign_in_throttle TO intelhub_worker;
    """)


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
