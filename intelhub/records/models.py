"""The tables of records: ciphertext beside the few clear columns that a decision or a list needs, and no more.

The clear columns are the list of the spine (1); `tests/architecture/test_clear_columns.py` compares the two.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from intelhub.platform.database import Base
from intelhub.platform.row_scope import Scoped


class Sealed:
    """A content version under its own data key: what a row needs to be opened again."""

    content_version: Mapped[int]
    kek_id: Mapped[UUID] = mapped_column(Uuid)
    wrapped_dek: Mapped[bytes] = mapped_column(LargeBinary)
    head_ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    body_ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class RecordRow(Sealed, Scoped, Base):
    """An information record at its newest published version (or its only draft)."""

    __tablename__ = "records"
    __table_args__ = (
        Index("ix__records__unit", "owning_unit_id", "state", "pos"),
        Index("ix__records__department", "origin_department_id", "state", "pos"),
        Index("ix__records__author", "author_id", "pos"),
        Index("ix__records__assignee", "assignee_id", "state"),
        Index("ix__records__pos", "pos"),
        Index("ix__records__updated_at", "updated_at", "pos"),
        Index("ix__records__unit_waiting", "owning_unit_id", "state", "updated_at"),
        Index("ix__records__unit_department", "owning_unit_id", "origin_department_id"),
        Index("ix__records__author_department", "author_id", "origin_department_id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    pos: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    level: Mapped[int] = mapped_column(SmallInteger)
    compartments: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    owning_unit_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("units.id"))
    origin_department_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("units.id"))
    author_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id"))
    assignee_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("users.id"))
    recipient_unit_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list, server_default="{}")
    handling: Mapped[str] = mapped_column(Text)
    exposure: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(Text)
    case_id: Mapped[UUID | None] = mapped_column(Uuid)
    row_version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    label_mac: Mapped[bytes] = mapped_column(LargeBinary)

    @classmethod
    def may_be_shared_with(cls, unit_ids: Collection[UUID]) -> ColumnElement[bool]:
        """Whether a record stands in the list that is kept by unit: it finds, and decides nothing."""
        units = bindparam(None, sorted(unit_ids), type_=ARRAY(Uuid()), unique=True)
        of_units = select(RecordRecipientRow.record_id).where(RecordRecipientRow.unit_id == func.any(units))
        # One array, worked out once: of a subquery inside an OR PostgreSQL makes no use of any index.
        is_among: ColumnElement[bool] = cls.id == func.any(func.array(of_units.scalar_subquery()))
        return is_among


class RecordRecipientRow(Base):
    """That a record was shared with a unit, listed by unit: written by a trigger alone, and it decides nothing."""

    __tablename__ = "record_recipients"

    unit_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    record_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("records.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class RecordVersionRow(Sealed, Scoped, Base):
    """An earlier published version of a record, or the author's unpublished work after a return."""

    __tablename__ = "record_versions"

    record_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("records.id"), primary_key=True)
    content_version: Mapped[int] = mapped_column(primary_key=True)
    is_published: Mapped[bool]
    level: Mapped[int] = mapped_column(SmallInteger)
    compartments: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    origin_department_id: Mapped[UUID] = mapped_column(Uuid)
    author_id: Mapped[UUID] = mapped_column(Uuid)


class RecordStepRow(Scoped, Base):
    """A step of a record: its words and exact time are sealed like content."""

    __tablename__ = "record_steps"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    record_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("records.id"), index=True)
    row_version: Mapped[int]
    event: Mapped[str] = mapped_column(Text)
    from_state: Mapped[str] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID] = mapped_column(Uuid)
    unit_id: Mapped[UUID] = mapped_column(Uuid)
    place: Mapped[str] = mapped_column(Text)
    level: Mapped[int] = mapped_column(SmallInteger)
    compartments: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    origin_department_id: Mapped[UUID] = mapped_column(Uuid)
    kek_id: Mapped[UUID] = mapped_column(Uuid)
    wrapped_dek: Mapped[bytes] = mapped_column(LargeBinary)
    words_ciphertext: Mapped[bytes] = mapped_column(LargeBinary)


class RecordViewRow(Scoped, Base):
    """Filters of the list or a search under a name, all of it sealed; whose it is and who else sees it is clear."""

    __tablename__ = "record_views"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    shared_unit_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("units.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class RecordWatchRow(Scoped, Base):
    """That a search is watched for its owner; which records were found by it already stands sealed."""

    __tablename__ = "record_watches"

    view_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("record_views.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class RecordAlertRow(Scoped, Base):
    """What a watched search found anew: ids, when, and whether its owner has read it, all sealed."""

    __tablename__ = "record_alerts"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    view_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("record_views.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class RecordExportRow(Scoped, Base):
    """A request to take records above the first level along, and who is asked to agree; what and why stand sealed."""

    __tablename__ = "record_exports"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    approver_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(Text)
    row_version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class RecordSeriesRow(Base):
    """The last number given in a series: one a unit, level, year and set of compartments.

    So a gap tells nothing of what lies at a higher level or in a compartment. The set is kept in order of its ids.
    """

    __tablename__ = "record_series"

    unit_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    compartments: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), primary_key=True)
    last_number: Mapped[int]
