"""The tables' common base and the engine; nothing here knows who acts (see `unit_of_work`)."""

from __future__ import annotations

import select
import time
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

_QUIET_SECONDS = 10.0

NAMING = {
    "ix": "ix__%(table_name)s__%(column_0_N_name)s",
    "uq": "uq__%(table_name)s__%(column_0_N_name)s",
    "ck": "ck__%(table_name)s__%(constraint_name)s",
    "fk": "fk__%(table_name)s__%(column_0_N_name)s__%(referred_table_name)s",
    "pk": "pk__%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of the product; constraints carry predictable names so that migrations can drop them."""

    metadata = MetaData(naming_convention=NAMING)


def open_engine(url: str, *, pool_size: int = 5, is_durable: bool = True) -> Engine:
    """Connect to PostgreSQL through psycopg 3; a connection found dead is replaced before it is used.

    Without `is_durable` a commit does not wait for the disk: for what can be made again after a crash.
    """
    options = {} if is_durable else {"options": "-c synchronous_commit=off"}
    engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size, connect_args=options)
    _look_before_use(engine)
    return engine


def is_outage(error: DBAPIError | NoConnection) -> bool:
    """Whether an error says that there was no server to ask, or none any more, and nothing about what it was asked.

    Without a state the connection was never made or broke; classes 08, 53 and 57P are the server's own words for it.
    """
    if isinstance(error, NoConnection) or error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", "")
    return state is None or str(state).startswith(("08", "53", "57P"))


def _look_before_use(engine: Engine) -> None:
    """Ask the server whether it is there, as `pool_pre_ping` would, but only where that is in doubt.

    A server that ended has closed its socket, which shows without asking; after a quiet while a network between may
    have forgotten the connection. Anything else answers the first statement as well as a question before it.
    """

    def note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["given_back_at"] = time.monotonic()

    def look(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        given_back_at = record.info.get("given_back_at")
        if given_back_at is None:
            return
        is_quiet = time.monotonic() - given_back_at > _QUIET_SECONDS
        if (is_quiet or _has_news(connection)) and not _answers(engine, connection):
            raise DisconnectionError

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", look)


def _has_news(connection: Any) -> bool:
    """Whether something arrived that nobody asked for: the end, as a rule."""
    waiting = select.poll()
    waiting.register(connection.pgconn.socket, select.POLLIN)
    return connection.closed or bool(waiting.poll(0))


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        return False
