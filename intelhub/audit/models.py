"""The rows of the log: what waits, what stands in the tree, the tree's edge, and the signed checkpoints."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from intelhub.platform.database import Base


class _EntryColumns:
    """What is copied out of an entry's bytes so that SQL can filter; the bytes are the truth."""

    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor_id: Mapped[UUID] = mapped_column(Uuid)
    unit_id: Mapped[UUID | None] = mapped_column(Uuid)
    place: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    object_kind: Mapped[str | None] = mapped_column(Text)
    object_id: Mapped[UUID | None] = mapped_column(Uuid)
    object_version: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    shown: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    decision: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    level: Mapped[int] = mapped_column(SmallInteger)
    request_id: Mapped[UUID | None] = mapped_column(Uuid)


class AuditPending(_EntryColumns, Base):
    """An entry written in the transaction of its act, waiting for its place in the tree.

    `pos` is given by the database and never read back: whoever writes entries may not read them.
    """

    __tablename__ = "audit_pending"
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - SQLAlchemy's own spelling of a class-level setting
    __table_args__ = (
        CheckConstraint("octet_length(entry) <= 8192", name="entry_size"),
        Index("ix__audit_pending__pos", "pos", unique=True),
        Index(
            "ix__audit_pending__object_id",
            "object_id",
            "object_version",
            postgresql_where="digest IS NOT NULL",
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    pos: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    entry: Mapped[bytes] = mapped_column(LargeBinary)


class AuditEntry(_EntryColumns, Base):
    """A leaf of the tree: its number, its bytes and their hash; written once by the sequencer, never changed."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("seq >= 0", name="seq"),
        CheckConstraint("octet_length(leaf_hash) = 32", name="leaf_hash"),
        Index("ix__audit_entries__actor_id", "actor_id", "seq"),
        Index("ix__audit_entries__object_id", "object_id", "seq", postgresql_where="object_id IS NOT NULL"),
        Index(
            "ix__audit_entries__newest",
            "object_id",
            "object_version",
            "seq",
            postgresql_where="digest IS NOT NULL",
        ),
        Index("ix__audit_entries__action", "action", "seq"),
        Index("ix__audit_entries__unit_id", "unit_id", "seq"),
        Index("ix__audit_entries__denied", "seq", postgresql_where="decision = 'deny'"),
        Index("ix__audit_entries__denied_at", "at", postgresql_where="decision = 'deny'"),
        Index("ix__audit_entries__at", "at"),
        Index("ix__audit_entries__shown", "shown", postgresql_using="gin", postgresql_where="shown <> '{}'"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditTree(Base):
    """The one row that says how far the tree reaches: its origin (a name of its own), size and right-hand edge."""

    __tablename__ = "audit_tree"

    origin: Mapped[str] = mapped_column(Text, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCheckpoint(Base):
    """A signed statement of the tree's size and root at a moment, in the format of C2SP tlog-checkpoint."""

    __tablename__ = "audit_checkpoints"
    __table_args__ = (CheckConstraint("octet_length(root) = 32", name="root"),)

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    note: Mapped[str] = mapped_column(Text)
