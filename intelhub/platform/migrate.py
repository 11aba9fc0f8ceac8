"""Bring the schema to a revision, and tell whether the models still say what the migrations made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import SchemaItem

from intelhub.platform.errors import Unavailable
from intelhub.platform.messages import Message
from intelhub.platform.shipped import shipped

# Any number will do as long as nothing else in this database uses it.
_LOCK = 0x1A7E11A8
_NOT_OURS = "procrastinate_"


class Sealing(Protocol):
    """What a migration seals rows with that were there before their seals; the platform knows no keys itself."""

    def seal(self, table: str, values: Sequence[object]) -> bytes:
        """The seal of a row with these values."""
        ...

    def record(self, connection: Connection, what: str, rows: int) -> None:
        """Write down that rows of `what` were believed and sealed; raises `Tampered` when that was done before."""
        ...


def upgrade(url: str, revision: str = "head", *, sealing: Sealing | None = None) -> None:
    """Run the migrations up to `revision` as the migrator; a second process waits and then finds nothing to do.

    Each migration is a transaction of its own that starts as `intelhub_owner`. Raises `Unavailable` when the
    database does not answer, or when rows wait for their seals and no `sealing` was given.
    """
    with _migrator(url) as connection:
        configuration = _configuration(connection)
        configuration.attributes["sealing"] = sealing
        command.upgrade(configuration, revision)


def sealing_of(configuration: Config | None) -> Sealing:
    """What the migration that runs seals with; raises `Unavailable`."""
    sealing: Sealing | None = configuration.attributes["sealing"] if configuration else None
    if sealing is None:
        raise Unavailable("The tables hold rows without seals, and sealing them needs the keys.")
    return sealing


def downgrade(url: str, revision: str) -> None:
    """Take the schema back to `revision`, losing what later migrations added."""
    with _migrator(url) as connection:
        command.downgrade(_configuration(connection), revision)


def current_revision(url: str) -> str | None:
    """The revision the database stands at; None before the first migration."""
    with _migrator(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """The revision this installation brings."""
    return ScriptDirectory.from_config(_configuration()).get_current_head()


def compare(url: str, metadata: MetaData) -> list[str]:
    """Every difference between the models and the migrated database, in Alembic's words; empty when they agree.

    The caller imports all models first, so that `metadata` is complete.
    """
    with _migrator(url) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _is_ours, "target_metadata": metadata}
        )
        return [str(difference) for difference in compare_metadata(context, metadata)]


def _is_ours(_item: SchemaItem, name: str | None, kind: str, reflected: bool, _compare_to: SchemaItem | None) -> bool:
    """The job queue's tables come from their own package and have no models here."""
    return not (kind == "table" and reflected and (name or "").startswith(_NOT_OURS))


def _configuration(connection: Connection | None = None) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    configuration.attributes["connection"] = connection
    return configuration


@contextmanager
def _migrator(url: str) -> Iterator[Connection]:
    """A connection that no other migration shares the database with."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.commit()
            yield connection
    except OperationalError as error:
        raise Unavailable(
            Message("The database does not answer: %(reason)s", {"reason": str(error.orig).strip().splitlines()[0]})
        ) from error
    finally:
        engine.dispose()
