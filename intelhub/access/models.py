"""The rows of people, posts, compartments, credentials and sessions; no password, code or token stands in any of them.

What grants something is sealed (`seals.py`). Not sealed is what only ever closes a door (when a session was last used
or ended, which codes were spent): whoever undoes that could as well put back the row of before.
A credential's row is seen only by the transaction that named its person (`queries.open_credentials`).
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from intelhub.access.seals import RightMisfit, SealedRow
from intelhub.platform.database import Base

_MOMENT = DateTime(timezone=True)


class UserRow(SealedRow, Base):
    """A person with an account."""

    __tablename__ = "users"
    __sealed__ = ("id", "username", "clearance", "clearance_expires_on", "place_rule", "is_active")

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    username: Mapped[str] = mapped_column(Text, unique=True)
    display_name: Mapped[str] = mapped_column(Text)
    sort_key: Mapped[str] = mapped_column(Text(collation="C"), index=True)
    clearance: Mapped[int] = mapped_column(SmallInteger)
    clearance_expires_on: Mapped[date | None] = mapped_column(Date)
    place_rule: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(Boolean)
    locale: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)

    def misfit(self) -> RightMisfit:
        """Said of the person."""
        return RightMisfit("user", self.id, self.__tablename__)


class CredentialsRow(SealedRow, Base):
    """What a person signs in with: an Argon2id hash, and a one-time-code secret sealed under the session root."""

    __tablename__ = "credentials"
    __sealed__ = (
        "user_id",
        "password_hash",
        "password_set_at",
        "totp_sealed",
        "totp_pending_sealed",
        "setup_code_digest",
        "setup_code_expires_at",
    )

    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id"), primary_key=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    password_set_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_pending_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    setup_code_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    setup_code_expires_at: Mapped[datetime | None] = mapped_column(_MOMENT)


class RecoveryCodeRow(SealedRow, Base):
    """A code for the day the telephone is lost; good once."""

    __tablename__ = "recovery_codes"
    __sealed__ = ("id", "user_id", "code_digest")

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    code_digest: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None] = mapped_column(_MOMENT)


class PostRow(SealedRow, Base):
    """A duty function held at a unit for a time; a deputy acts with the full function and is shown as deputy."""

    __tablename__ = "posts"
    __sealed__ = ("id", "user_id", "function", "unit_id", "is_deputy", "starts_at", "ends_at", "granted_by")
    __table_args__ = (Index("ix__posts__unit_id", "unit_id", "function"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    function: Mapped[str] = mapped_column(Text)
    unit_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("units.id"))
    is_deputy: Mapped[bool] = mapped_column(Boolean)
    starts_at: Mapped[datetime] = mapped_column(_MOMENT)
    ends_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    granted_by: Mapped[UUID] = mapped_column(Uuid)


class CompartmentRow(Base):
    """A need-to-know group; its name is sealed, its id says nothing."""

    __tablename__ = "compartments"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)


class CompartmentMemberRow(SealedRow, Base):
    """Somebody within a compartment for a time."""

    __tablename__ = "compartment_members"
    __sealed__ = ("id", "compartment_id", "user_id", "starts_at", "ends_at", "granted_by")

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    compartment_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("compartments.id"))
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(_MOMENT)
    ends_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    granted_by: Mapped[UUID] = mapped_column(Uuid)


class SessionRow(SealedRow, Base):
    """A signed-in session: SHA-256 of its token, its place and how strong the sign-in was."""

    __tablename__ = "sessions"
    __sealed__ = ("id", "token_digest", "user_id", "created_at", "expires_at", "place", "strength")

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    last_seen_at: Mapped[datetime] = mapped_column(_MOMENT)
    expires_at: Mapped[datetime] = mapped_column(_MOMENT)
    ended_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    place: Mapped[str] = mapped_column(Text)
    strength: Mapped[str] = mapped_column(Text)
    user_agent_family: Mapped[str] = mapped_column(Text)

    def misfit(self) -> RightMisfit:
        """Said of the session: that it is the person's is what does not fit."""
        return RightMisfit("session", self.id, self.__tablename__)


class ThrottleRow(Base):
    """How often a name or an address failed to sign in, known by a keyed digest only."""

    __tablename__ = "sign_in_throttle"

    key_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_failed_at: Mapped[datetime] = mapped_column(_MOMENT)
    blocked_until: Mapped[datetime] = mapped_column(_MOMENT)
