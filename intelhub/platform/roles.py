"""The database roles: who owns, who migrates, who serves. Made here by a superuser, never by a migration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from intelhub.platform.errors import Unavailable
from intelhub.platform.messages import Message

OWNER = "intelhub_owner"
MIGRATOR = "intelhub_migrator"
APP = "intelhub_app"
WORKER = "intelhub_worker"
SEQUENCER = "intelhub_sequencer"
LOGIN_ROLES = (MIGRATOR, APP, WORKER, SEQUENCER)

_OLDEST_SERVER = 170000  # the built-in C.UTF-8 order arrived with PostgreSQL 17
_WITHOUT_RIGHTS = "nosuperuser nocreatedb nocreaterole noreplication"

Connection = psycopg.Connection[tuple[Any, ...]]


def initialise_database(superuser_url: str, database: str, passwords: Mapping[str, str]) -> None:
    """Create or put right the five roles and the database, as often as you like.

    `passwords` has one entry for each of `LOGIN_ROLES`. Roles get exactly the rights named here, whatever they had
    before. Raises `Unavailable` when the server does not answer or is older than 17.
    """
    missing = [role for role in LOGIN_ROLES if not passwords.get(role)]
    if missing:
        raise ValueError(f"no password for {', '.join(missing)}")
    try:
        with psycopg.connect(driver_address(superuser_url), autocommit=True) as connection:
            _require_new_enough(connection)
            with connection.transaction():
                # Two first starts at once against one external server: one waits for the other.
                connection.execute("select pg_advisory_xact_lock(hashtext('intelhub roles'))")
                _make_roles(connection, passwords)
            _make_database(connection, database)
        with psycopg.connect(driver_address(superuser_url), dbname=database) as connection:
            _close_schema(connection)
    except psycopg.Error as error:
        raise Unavailable(
            Message("The database could not be prepared: %(reason)s", {"reason": str(error).strip().splitlines()[0]})
        ) from error


def driver_address(url: str) -> str:
    """The address as libpq reads it: SQLAlchemy's form names the driver too."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _require_new_enough(connection: Connection) -> None:
    if connection.info.server_version < _OLDEST_SERVER:
        raise Unavailable(
            Message(
                "PostgreSQL 17 or newer is needed, and the server is %(version)s.",
                {"version": connection.info.parameter_status("server_version")},
            )
        )


def _make_roles(connection: Connection, passwords: Mapping[str, str]) -> None:
    _make_role(connection, OWNER, f"nologin nobypassrls {_WITHOUT_RIGHTS}")
    # Row-level security is forced on the owner too; without BYPASSRLS a backfill would silently touch no row.
    _make_role(connection, MIGRATOR, f"login inherit bypassrls {_WITHOUT_RIGHTS}")
    for role in (APP, WORKER, SEQUENCER):
        _make_role(connection, role, f"login noinherit nobypassrls {_WITHOUT_RIGHTS}")
    for role in LOGIN_ROLES:
        # The verifier is computed here, so that no password ever stands in the server's log or activity view.
        verifier = connection.pgconn.encrypt_password(passwords[role].encode(), role.encode(), b"scram-sha-256")
        connection.execute(
            sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(verifier.decode("ascii")))
        )
    connection.execute(
        sql.SQL("grant {} to {} with inherit true, set true, admin false").format(
            sql.Identifier(OWNER), sql.Identifier(MIGRATOR)
        )
    )
    _leave_groups(connection)


def _make_role(connection: Connection, role: str, rights: str) -> None:
    known = connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone()
    statement = "alter role {} {}" if known else "create role {} {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(role), sql.SQL(rights)))


def _leave_groups(connection: Connection) -> None:
    """Undo every membership of ours but the migrator's: one `grant owner to app` would open all tables."""
    rows = connection.execute(
        "select g.rolname, m.rolname from pg_auth_members a"
        " join pg_roles g on g.oid = a.roleid join pg_roles m on m.oid = a.member"
        " where m.rolname = any(%s) and (g.rolname, m.rolname) <> (%s, %s)",
        ([OWNER, *LOGIN_ROLES], OWNER, MIGRATOR),
    ).fetchall()
    for group, member in rows:
        connection.execute(sql.SQL("revoke {} from {} cascade").format(sql.Identifier(group), sql.Identifier(member)))


def _make_database(connection: Connection, database: str) -> None:
    name, owner = sql.Identifier(database), sql.Identifier(OWNER)
    if not connection.execute("select 1 from pg_database where datname = %s", (database,)).fetchone():
        connection.execute(
            sql.SQL(
                "create database {} owner {} template template0 encoding 'UTF8'"
                " locale 'C' locale_provider builtin builtin_locale 'C.UTF-8'"
            ).format(name, owner)
        )
    open_to_roles(connection, database)


def open_to_roles(connection: Connection, database: str) -> None:
    """Give a database to the owner role and let our roles, and nobody else, connect to it."""
    name, logins = sql.Identifier(database), sql.SQL(", ").join(sql.Identifier(role) for role in LOGIN_ROLES)
    connection.execute(sql.SQL("alter database {} owner to {}").format(name, sql.Identifier(OWNER)))
    connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    connection.execute(sql.SQL("grant connect on database {} to {}").format(name, logins))


def _close_schema(connection: Connection) -> None:
    owner = sql.Identifier(OWNER)
    logins = sql.SQL(", ").join(sql.Identifier(role) for role in LOGIN_ROLES)
    connection.execute(sql.SQL("alter schema public owner to {}").format(owner))
    connection.execute("revoke all on schema public from public")
    connection.execute(sql.SQL("grant usage on schema public to {}").format(logins))
    # What a migration creates belongs to the owner alone until that migration grants it.
    for kind in ("functions", "types"):
        connection.execute(
            sql.SQL("alter default privileges for role {} revoke all on {} from public").format(owner, sql.SQL(kind))
        )
