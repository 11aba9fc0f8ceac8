"""What every policy asks about the actor, and the job queue."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The queue's schema as its package shipped it when this was written: what a migration does must never change.
_QUEUE = Path(__file__).resolve().parents[1] / "procrastinate-3.10.sql"

_ALL = "intelhub_migrator, intelhub_app, intelhub_worker, intelhub_sequencer"

# A setting made with set_config(..., true) reads '' instead of NULL once its transaction is over: both mean nothing.
_FUNCTIONS = {
    "intelhub_actor": ("uuid", "nullif(current_setting('intelhub.actor', true), '')::uuid"),
    **{
        f"intelhub_{name}": (
            "uuid[]",
            f"coalesce(string_to_array(nullif(current_setting('intelhub.{name}', true), ''), ',')::uuid[], '{{}}')",
        )
        for name in ("compartments", "units", "departments")
    },
    **{
        f"intelhub_{reach}_ceiling": (
            "integer",
            f"nullif(current_setting('intelhub.{reach}_ceiling', true), '')::integer",
        )
        for reach in ("author", "unit", "department", "everywhere")
    },
    "intelhub_reads_audit": ("boolean", "coalesce(current_setting('intelhub.reads_audit', true) = 't', false)"),
}


def upgrade() -> None:
    for name, (returns, body) in _FUNCTIONS.items():
        # The body is parsed now, so a search path set by a caller cannot point it at other functions.
        op.execute(f"create function {name}() returns {returns} language sql stable parallel safe return {body}")
        op.execute(f"revoke all on function {name}() from public")
        op.execute(f"grant execute on function {name}() to {_ALL}")
    # Readiness asks whether the schema is the one this program knows.
    op.execute("grant select on alembic_version to intelhub_app, intelhub_worker")
    _make_queue()


def downgrade() -> None:
    _drop_queue()
    for name in _FUNCTIONS:
        op.execute(f"drop function {name}()")
    op.execute("revoke select on alembic_version from intelhub_app, intelhub_worker")


def _make_queue() -> None:
    # Straight to the driver: the file holds percent signs and colons that are no parameters.
    op.get_bind().exec_driver_sql(_QUEUE.read_text("utf-8").replace("%", "%%"))
    op.execute(
        """
        do $$
        declare found record;
        begin
            for found in select p.oid::regprocedure as name from pg_proc p
                where p.pronamespace = 'public'::regnamespace and p.proname like 'procrastinate\\_%'
            loop
                execute format('revoke all on function %s from public', found.name);
                execute format('grant execute on function %s to intelhub_worker', found.name);
            end loop;
            for found in select c.oid::regclass as name, c.relkind from pg_class c
                where c.relnamespace = 'public'::regnamespace and c.relname like 'procrastinate\\_%'
                  and c.relkind in ('r', 'S')
            loop
                if found.relkind = 'r' then
                    execute format('grant select, insert, update, delete on %s to intelhub_worker', found.name);
                else
                    execute format('grant usage, select on sequence %s to intelhub_worker', found.name);
                end if;
            end loop;
        end $$
        """
    )
    op.execute(
        "grant usage on type procrastinate_job_status, procrastinate_job_event_type, procrastinate_job_to_defer_v1"
        " to intelhub_app, intelhub_worker"
    )
    # The application puts jobs in and sees that they are there; it runs, changes and removes none. Triggers of the
    # queue write the events with the rights of whoever deferred.
    op.execute("grant execute on function procrastinate_defer_jobs_v1(procrastinate_job_to_defer_v1[]) to intelhub_app")
    op.execute("grant select (id), insert on procrastinate_jobs to intelhub_app")
    op.execute("grant insert on procrastinate_events to intelhub_app")
    op.execute("grant usage on sequence procrastinate_jobs_id_seq, procrastinate_events_id_seq to intelhub_app")


def _drop_queue() -> None:
    op.execute(
        "drop table procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers"
        " cascade"
    )
    op.execute(
        """
        do $$
        declare found record;
        begin
            for found in select p.oid::regprocedure as name from pg_proc p
                where p.pronamespace = 'public'::regnamespace and p.proname like 'procrastinate\\_%'
            loop
                execute format('drop function %s cascade', found.name);
            end loop;
        end $$
        """
    )
    op.execute("drop type procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type")
