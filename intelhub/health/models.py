"""The one row in which the worker says what it alone can count."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from intelhub.platform.database import Base


class UpkeepReportRow(Base):
    """Totals of the whole house: nothing in them belongs to a level, a unit or a record."""

    __tablename__ = "upkeep_report"
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    index_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    tail_rows: Mapped[int]
    tails_overdue: Mapped[int]
    server_answers: Mapped[bool | None]
    server_takes_writes: Mapped[bool | None]
    server_documents: Mapped[int] = mapped_column(sa.BigInteger)
    rest_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    older_wraps: Mapped[int]
    exported_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    checked_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
