"""How Alembic runs a migration here: on the connection it is given, each one a transaction begun as the owner."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, event


def _run() -> None:
    connection: Connection | None = context.config.attributes["connection"]
    if connection is None:
        raise RuntimeError("migrations run through intelhub.platform.migrate, which brings the connection")

    # A migration that fills tables says `reset role` to be the migrator, whom row-level security lets through;
    # the next one begins as the owner again.
    @event.listens_for(connection, "begin")
    def become_owner(started: Connection) -> None:
        started.exec_driver_sql("set local role intelhub_owner")

    context.configure(connection=connection, transaction_per_migration=True)
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        event.remove(connection, "begin", become_owner)


_run()
