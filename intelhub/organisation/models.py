"""The rows of the organisation: identities, dated events, tier names; everybody signed in may see them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Date, ForeignKey, LargeBinary, SmallInteger, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from intelhub.platform.database import Base


class OrganisationRow(Base):
    """The one row that says which organisation this is; `stamp` changes with every change, so that caches notice.

    `seal` is over this row and every one of the other tables: see `sealing`.
    """

    __tablename__ = "organisation"

    row: Mapped[int] = mapped_column(SmallInteger, primary_key=True, default=1)
    template: Mapped[str] = mapped_column(Text)
    stamp: Mapped[UUID] = mapped_column(Uuid)
    seal: Mapped[bytes] = mapped_column(LargeBinary)


class TierRow(Base):
    """What this administration calls a tier."""

    __tablename__ = "tiers"

    tier: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)


class UnitRow(Base):
    """What never changes about a unit; its names and its place in the tree stand in its events."""

    __tablename__ = "units"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    other_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    tier: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(Text)
    specialised: Mapped[bool] = mapped_column(Boolean)
    force: Mapped[str] = mapped_column(Text)
    area: Mapped[str] = mapped_column(Text)
    confirmed: Mapped[bool] = mapped_column(Boolean)


class UnitEventRow(Base):
    """Something that happened to a unit on a day."""

    __tablename__ = "unit_events"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("units.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    on: Mapped[date | None] = mapped_column("on_day", Date)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    short_name: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("units.id"))
    successors: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    basis: Mapped[str] = mapped_column(Text)
    confirmed: Mapped[bool] = mapped_column(Boolean)
