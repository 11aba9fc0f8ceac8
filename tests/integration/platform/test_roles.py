"""The database roles: nothing connects by trust, and the application owns and may create nothing."""

from __future__ import annotations

import psycopg
import pytest

from intelhub.platform.errors import Unavailable
from intelhub.platform.roles import (
    APP,
    LOGIN_ROLES,
    MIGRATOR,
    OWNER,
    SEQUENCER,
    WORKER,
    driver_address,
    initialise_database,
)

SERVING = (APP, WORKER, SEQUENCER)


def open_as(database, role):
    url = {
        MIGRATOR: database.migrator_url,
        APP: database.app_url,
        WORKER: database.worker_url,
        SEQUENCER: database.sequencer_url,
        "postgres": database.superuser_url,
    }[role]
    return psycopg.connect(driver_address(url), autocommit=True)


@pytest.mark.parametrize("role", [*LOGIN_ROLES, "postgres"])
@pytest.mark.parametrize("password", [None, "", "wrong"])
def test_no_role_connects_without_its_password(database, role, password):
    with open_as(database, "postgres") as connection:
        socket = connection.info.host
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=socket, port=5432, user=role, dbname=database.name, password=password, passfile="/none")


def test_the_owner_cannot_log_in_even_with_a_password(database):
    with open_as(database, "postgres") as connection:
        socket = connection.info.host
        row = connection.execute("select rolcanlogin from pg_roles where rolname = %s", (OWNER,)).fetchone()
    assert row == (False,)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=socket, port=5432, user=OWNER, dbname=database.name, password="guess")


def test_every_access_rule_demands_scram(database):
    with open_as(database, "postgres") as connection:
        rules = connection.execute("select type, auth_method from pg_hba_file_rules").fetchall()
        stored = connection.execute(
            "select rolname from pg_authid where rolcanlogin and rolpassword not like 'SCRAM-SHA-256$%'"
        ).fetchall()
        listening = connection.execute("show listen_addresses").fetchone()
    assert rules == [("local", "scram-sha-256")]
    assert stored == []
    assert listening == ("",)


def test_roles_have_exactly_their_rights(database):
    with open_as(database, "postgres") as connection:
        rows = connection.execute(
            "select rolname, rolcanlogin, rolbypassrls, rolsuper or rolcreatedb or rolcreaterole or rolreplication"
            " from pg_roles where rolname like 'intelhub%'"
        ).fetchall()
        groups = connection.execute(
            "select g.rolname, m.rolname from pg_auth_members a join pg_roles g on g.oid = roleid"
            " join pg_roles m on m.oid = member where m.rolname like 'intelhub%'"
        ).fetchall()
    assert sorted(rows) == [
        (APP, True, False, False),
        (MIGRATOR, True, True, False),
        (OWNER, False, False, False),
        (SEQUENCER, True, False, False),
        (WORKER, True, False, False),
    ]
    assert groups == [(OWNER, MIGRATOR)]


@pytest.mark.parametrize("role", SERVING)
def test_serving_roles_own_nothing_and_create_nothing(database, role):
    with open_as(database, role) as connection:
        owned = connection.execute(
            "select relname from pg_class where relowner = current_user::regrole"
            " union all select proname from pg_proc where proowner = current_user::regrole"
        ).fetchall()
        assert owned == []
        for statement in (
            "create table mine (id int)",
            "create temporary table mine (id int)",
            "create schema mine",
            "create function mine() returns int language sql return 1",
            "create role mine",
            "create database mine",
            "set role intelhub_owner",
            "set role intelhub_migrator",
            "copy alembic_version to '/tmp/never'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize("role", SERVING)
def test_serving_roles_cannot_switch_row_security_off(database, role):
    with open_as(database, MIGRATOR) as connection:
        connection.execute("set role intelhub_owner")
        connection.execute("create table guarded (id int)")
        connection.execute("insert into guarded values (1)")
        connection.execute("alter table guarded enable row level security, force row level security")
        connection.execute(f"grant select on guarded to {role}")
        assert connection.execute("select * from guarded").fetchall() == [], "forced on the owner too"
        connection.execute("reset role")
        assert connection.execute("select * from guarded").fetchall() == [(1,)], "a backfill must see its rows"
    with open_as(database, role) as connection:
        assert connection.execute("select * from guarded").fetchall() == []
        connection.execute("set row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from guarded")


@pytest.mark.parametrize("role", SERVING)
@pytest.mark.parametrize("other", ["postgres", "template1"])
def test_serving_roles_enter_no_other_database(database, role, other):
    url = {APP: database.app_url, WORKER: database.worker_url, SEQUENCER: database.sequencer_url}[role]
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(driver_address(url), dbname=other)


def test_preparing_again_puts_rights_back_and_changes_passwords(database, cluster):
    with open_as(database, "postgres") as connection:
        connection.execute("create role test_roles_app login bypassrls")
        connection.execute("drop role test_roles_app")
    initialise_database(database.superuser_url, database.name, cluster.passwords)
    with open_as(database, APP) as connection:
        assert connection.execute("select current_user").fetchone() == (APP,)


def test_a_server_that_is_away_is_one_sentence(tmp_path):
    with pytest.raises(Unavailable) as refused:
        initialise_database(
            f"postgresql+psycopg://postgres:x@/postgres?host={tmp_path}", "intelhub", dict.fromkeys(LOGIN_ROLES, "x")
        )
    assert str(refused.value).startswith("The database could not be prepared")
    assert "\n" not in str(refused.value)


def test_a_role_without_a_password_is_refused(database):
    with pytest.raises(ValueError, match="intelhub_sequencer"):
        initialise_database(database.superuser_url, database.name, {MIGRATOR: "a", APP: "b", WORKER: "c"})
