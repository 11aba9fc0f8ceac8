"""Rows that grant something are sealed: a right written past this product grants nothing and raises the alarm.

A sealed row carries an HMAC over its table, its identity and every column that grants. It is put on whenever the ORM
writes the row and checked whenever the ORM loads or refreshes it, so that no code has to remember either. Never read a
granting column without its row (`select(Row.column)`): nobody checks what was not loaded.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import LargeBinary, event, inspect
from sqlalchemy.orm import Mapped, QueryContext, Session, mapped_column, object_session

from intelhub.crypto import row_value, vault_of
from intelhub.platform.errors import Tampered

LEAVE_OUT = "misfits"
"""The execution option under which misfits are put into a list instead of being raised; for `misfits.rows_that_fit`."""


class RightMisfit(Tampered):
    """A row that grants something does not fit its seal; `kind` and `object_id` say whose, `table` where."""

    def __init__(self, kind: str, object_id: UUID, table: str) -> None:
        super().__init__("The stored rights do not fit their seal. They grant nothing; tell the security officer.")
        self.kind = kind
        self.object_id = object_id
        self.table = table


class SealedRow:
    """Marks a mapped class whose rows grant something; `__sealed__` names the columns, the identity first."""

    __tablename__: str
    __sealed__: ClassVar[tuple[str, ...]]

    seal: Mapped[bytes] = mapped_column(LargeBinary)

    def misfit(self) -> RightMisfit:
        """What is said of this row when it does not fit."""
        return RightMisfit("user", self.__dict__["user_id"], self.__tablename__)


def _fields(row: SealedRow, values: dict[str, Any]) -> list[bytes]:
    return [row.__tablename__.encode(), *map(row_value, map(values.__getitem__, row.__sealed__))]


def _session_of(row: SealedRow) -> Session:
    session = object_session(row)
    if session is None:
        raise RuntimeError("a row is sealed and checked in the session it belongs to")
    return session


def _put_seal(_mapper: object, _connection: object, row: SealedRow) -> None:
    # What a new row was not given is NULL; a row that is there was loaded whole, or cannot be sealed.
    given = row.__dict__ if inspect(row).has_identity else dict.fromkeys(row.__sealed__) | row.__dict__
    row.seal = vault_of(_session_of(row)).right_mac(*_fields(row, given))


def _check_seal(row: SealedRow, context: QueryContext | None, _attributes: object = None) -> None:
    session = _session_of(row)
    if vault_of(session).is_right_mac(row.__dict__["seal"], *_fields(row, row.__dict__)):
        return
    # Else the session would hand the row out at the next question without loading, and so without checking, it.
    session.expunge(row)
    left_out: Any = context.execution_options.get(LEAVE_OUT) if context else None
    if left_out is None:
        raise row.misfit()
    left_out.append((row, row.misfit()))


event.listen(SealedRow, "before_insert", _put_seal, propagate=True)
event.listen(SealedRow, "before_update", _put_seal, propagate=True)
event.listen(SealedRow, "load", _check_seal, propagate=True)
event.listen(SealedRow, "refresh", _check_seal, propagate=True)
