"""The migrations: who owns what they make, what policies ask, and the way back."""

from __future__ import annotations

import uuid
from importlib import resources

import psycopg
import pytest
from procrastinate import App, SyncPsycopgConnector
from sqlalchemy import Column, Integer, MetaData, Table

from intelhub.platform.errors import Unavailable
from intelhub.platform.migrate import compare, current_revision, downgrade, newest_revision, upgrade
from intelhub.platform.roles import OWNER, driver_address
from intelhub.platform.shipped import shipped

SETTINGS = ("compartments", "units", "departments")
CEILINGS = ("author_ceiling", "unit_ceiling", "department_ceiling", "everywhere_ceiling")
LOGINS = ("migrator_url", "app_url", "worker_url", "sequencer_url")


def ask(connection, expression):
    return connection.execute(f"select {expression}").fetchone()[0]


@pytest.fixture
def platform_database(bare_database):
    upgrade(bare_database.migrator_url, "0001")
    return bare_database


def test_everything_belongs_to_the_owner(platform_database):
    with psycopg.connect(driver_address(platform_database.superuser_url)) as connection:
        strays = connection.execute(
            "select relname, relowner::regrole::text from pg_class where relnamespace = 'public'::regnamespace"
            " and relowner::regrole::text <> %s"
            " union all select proname, proowner::regrole::text from pg_proc"
            " where pronamespace = 'public'::regnamespace and proowner::regrole::text <> %s",
            (OWNER, OWNER),
        ).fetchall()
        public = connection.execute(
            "select p.proname from pg_proc p, aclexplode(p.proacl) a"
            " where p.pronamespace = 'public'::regnamespace and a.grantee = 0"
            " union all select proname from pg_proc where pronamespace = 'public'::regnamespace and proacl is null"
        ).fetchall()
    assert strays == []
    assert public == []


@pytest.mark.parametrize("login", LOGINS)
def test_a_missing_actor_is_nobody(platform_database, login):
    with psycopg.connect(driver_address(getattr(platform_database, login))) as connection:
        assert ask(connection, "intelhub_actor()") is None
        assert [ask(connection, f"intelhub_{name}()") for name in SETTINGS] == [[], [], []]
        assert [ask(connection, f"intelhub_{name}()") for name in CEILINGS] == [None] * 4
        assert ask(connection, "intelhub_reads_audit()") is False


def test_a_context_ends_with_its_transaction_and_leaves_nobody(platform_database):
    actor, first, second = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    with psycopg.connect(driver_address(platform_database.app_url)) as connection:
        for name, value in {
            "actor": str(actor),
            "compartments": "",
            "units": f"{first},{second}",
            "departments": str(first),
            "unit_ceiling": "2",
            "reads_audit": "t",
        }.items():
            connection.execute("select set_config(%s, %s, true)", (f"intelhub.{name}", value))
        assert ask(connection, "intelhub_actor()") == actor
        assert ask(connection, "intelhub_compartments()") == []
        assert ask(connection, "intelhub_units()") == [first, second]
        assert ask(connection, "intelhub_departments()") == [first]
        assert ask(connection, "intelhub_unit_ceiling()") == 2
        assert ask(connection, "intelhub_author_ceiling()") is None
        assert ask(connection, "intelhub_reads_audit()") is True
        connection.commit()
        # The setting now reads '' and not NULL: both must mean nobody.
        assert ask(connection, "current_setting('intelhub.actor', true)") == ""
        assert ask(connection, "intelhub_actor()") is None
        assert ask(connection, "intelhub_units()") == []
        assert ask(connection, "intelhub_unit_ceiling()") is None
        assert ask(connection, "intelhub_reads_audit()") is False


@pytest.mark.parametrize("value", ["true", "T", "1", "on", "f", " t"])
def test_only_t_opens_the_log_to_auditors(platform_database, value):
    with psycopg.connect(driver_address(platform_database.app_url)) as connection:
        connection.execute("select set_config('intelhub.reads_audit', %s, true)", (value,))
        assert ask(connection, "intelhub_reads_audit()") is False


def test_a_search_path_cannot_replace_the_functions_a_policy_calls(platform_database):
    with psycopg.connect(driver_address(platform_database.superuser_url), autocommit=True) as connection:
        connection.execute("create schema evil")
        connection.execute(
            "create function evil.current_setting(text, boolean) returns text language sql"
            " return '00000000-0000-4000-8000-000000000000'"
        )
        connection.execute("set search_path = evil, pg_catalog, public")
        assert ask(connection, "intelhub_actor()") is None


def test_the_application_defers_jobs_and_only_the_worker_runs_them(platform_database):
    jobs = App(connector=SyncPsycopgConnector(conninfo=driver_address(platform_database.app_url)))
    with jobs.open():
        job_id = jobs.configure_task("reconcile", lock="one").defer(record="r")
    with psycopg.connect(driver_address(platform_database.app_url), autocommit=True) as connection:
        for statement in (
            "select args from procrastinate_jobs",
            "update procrastinate_jobs set status = 'failed'",
            "delete from procrastinate_jobs",
            "select * from procrastinate_events",
            "select procrastinate_fetch_job_v2(null, 1)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    with (
        psycopg.connect(driver_address(platform_database.sequencer_url), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select id from procrastinate_jobs")
    with psycopg.connect(driver_address(platform_database.worker_url), autocommit=True) as connection:
        worker = ask(connection, "procrastinate_register_worker_v1()")
        fetched = connection.execute("select id from procrastinate_fetch_job_v2(null, %s)", (worker,)).fetchone()
        assert fetched == (job_id,)
        connection.execute("select procrastinate_finish_job_v1(%s, 'succeeded', true)", (job_id,))
        connection.execute("select procrastinate_unregister_worker_v1(%s)", (worker,))
        assert ask(connection, "count(*) from procrastinate_jobs") == 0


def test_the_queue_in_the_migration_is_the_one_the_package_expects():
    """When this fails, the package brought a new schema: write a migration that takes the old one there."""
    packaged = resources.files("procrastinate").joinpath("sql/schema.sql").read_text("utf-8")
    assert (shipped("migrations") / "procrastinate-3.10.sql").read_text("utf-8").split("\n", 1)[1] == packaged


def test_down_and_up_again(bare_database):
    upgrade(bare_database.migrator_url)
    assert current_revision(bare_database.migrator_url) == newest_revision()
    downgrade(bare_database.migrator_url, "base")
    assert current_revision(bare_database.migrator_url) is None
    with psycopg.connect(driver_address(bare_database.superuser_url)) as connection:
        left = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relname not like 'alembic_version%'"
            " union all select proname from pg_proc where pronamespace = 'public'::regnamespace"
            " union all select typname from pg_type where typnamespace = 'public'::regnamespace"
            " and typname not like '%alembic_version'"
        ).fetchall()
    assert left == []
    upgrade(bare_database.migrator_url)
    upgrade(bare_database.migrator_url)
    assert current_revision(bare_database.migrator_url) == newest_revision()


def test_a_model_without_a_migration_is_told(platform_database):
    models = MetaData()
    assert compare(platform_database.migrator_url, models) == []
    Table("forgotten", models, Column("id", Integer, primary_key=True))
    assert len(compare(platform_database.migrator_url, models)) == 1


def test_a_database_that_is_away_is_one_sentence(tmp_path):
    with pytest.raises(Unavailable) as refused:
        upgrade(f"postgresql+psycopg://intelhub_migrator:x@/intelhub?host={tmp_path}")
    assert str(refused.value).startswith("The database does not answer")
