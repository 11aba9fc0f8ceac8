"""The tables of the index: sealed projections and sealed segments beside the columns of their partition, no more.

`partition_id` is a digest of the partition's clear columns, there to be indexed; a row where they disagree is
treated as damaged.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from intelhub.platform.database import Base


class Xid8(UserDefinedType[str]):
    """PostgreSQL's 64-bit transaction id, which never wraps around; psycopg gives it as text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name in SQL."""
        return "xid8"


ischema_names["xid8"] = Xid8  # whoever compares the models with a database meets it there


class _OfPartition:
    level: Mapped[int] = mapped_column(sa.SmallInteger)
    compartments: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid))
    department_id: Mapped[UUID]
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    partition_id: Mapped[UUID]
    xid: Mapped[str] = mapped_column(Xid8, server_default=sa.text("pg_current_xact_id()"))


class SearchTailRow(_OfPartition, Base):
    """A projection written by the transaction that changed its record, not yet merged into a segment."""

    __tablename__ = "search_tail"
    __table_args__ = (
        sa.Index("ix__search_tail__xid", "xid"),
        sa.Index("ix__search_tail__partition_id", "partition_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID]
    row_version: Mapped[int]
    sealed: Mapped[bytes]


class SearchSegmentRow(_OfPartition, Base):
    """An immutable sealed piece of a partition's index; times are rounded out to the hour."""

    __tablename__ = "search_segments"
    __table_args__ = (
        sa.Index("ix__search_segments__xid", "xid"),
        sa.Index("ix__search_segments__partition_id", "partition_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    documents: Mapped[int]
    size_class: Mapped[int] = mapped_column(sa.SmallInteger)
    from_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    to_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    sealed: Mapped[bytes]


class SearchDocumentRow(_OfPartition, Base):
    """A sealed document whose words are tokens on the search server."""

    __tablename__ = "search_documents"
    __table_args__ = (
        sa.Index("ix__search_documents__partition_id", "partition_id"),
        sa.Index("ix__search_documents__record_id", "record_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID]
    row_version: Mapped[int]
    sealed: Mapped[bytes]


class SearchDictionaryRow(Base):
    """The sealed head of a wall: a level, compartments and a department whose documents lie behind tokens."""

    __tablename__ = "search_dictionaries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(sa.SmallInteger)
    compartments: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid))
    department_id: Mapped[UUID]
    epoch: Mapped[int]
    version: Mapped[int] = mapped_column(sa.BigInteger)
    documents: Mapped[int]
    sealed: Mapped[bytes]


class SearchDictionaryPartRow(Base):
    """A sealed part of a wall's dictionary: its base, or what changed since."""

    __tablename__ = "search_dictionary_parts"
    __table_args__ = (sa.Index("ix__search_dictionary_parts__wall_id", "wall_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    wall_id: Mapped[UUID]
    level: Mapped[int] = mapped_column(sa.SmallInteger)
    compartments: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid))
    department_id: Mapped[UUID]
    sealed: Mapped[bytes]
