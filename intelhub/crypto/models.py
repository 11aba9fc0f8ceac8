"""The table of key-encryption keys: wrapped keys and what they are for, never a key in clear."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from intelhub.platform.database import Base


class KekRow(Base):
    """One version of one scope's key, wrapped under a data root.

    Every column but `root_id`, `created_at` and `retired_at` is authenticated by the wrap.
    """

    __tablename__ = "key_encryption_keys"
    __table_args__ = (
        sa.UniqueConstraint(
            "level", "compartments", "department_id", "version", name="uq__key_encryption_keys__scope_version"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(sa.SmallInteger)
    compartments: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid))
    department_id: Mapped[UUID]
    version: Mapped[int]
    wrapped_key: Mapped[bytes]
    root_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
