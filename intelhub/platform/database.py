"""The tables' common base and the engine; nothing here knows who acts (see `unit_of_work`)."""

from __future__ import annotations

from sqlalchemy import Engine, MetaData, create_engine
from sqlalchemy.orm import DeclarativeBase

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
    return create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, connect_args=options)
