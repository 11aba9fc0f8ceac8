"""The organisation carries one seal as a whole: how far a duty function reaches is what the tree of units says.

A tree that was changed past this product is nobody's: with another parent for a unit, a department would read what is
not its own. So nothing is answered from one that does not fit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.audit import register_action
from intelhub.crypto import row_value, vault_of
from intelhub.organisation.models import OrganisationRow, TierRow, UnitEventRow, UnitRow
from intelhub.platform.errors import Tampered

ORGANISATION_SEALED = register_action(
    "organisation:sealed",
    en="The organisation, which carried no seal before, was believed and sealed",
    vi="Đã tin và niêm phong cơ cấu tổ chức vốn chưa có niêm phong",
).name
ORGANISATION_TAMPERED = register_action(
    "organisation:tamper-found",
    en="The stored units do not fit their seal",
    vi="Phát hiện cơ cấu tổ chức lưu trữ không khớp niêm phong",
).name
Sealed = TierRow | UnitRow | UnitEventRow
# The identity first.
_SEALED: Mapping[type[Sealed], tuple[str, ...]] = {
    TierRow: ("tier", "name", "name_en"),
    UnitRow: ("id", "code", "other_codes", "tier", "kind", "specialised", "force", "area", "confirmed"),
    UnitEventRow: (
        "id", "unit_id", "kind", "on", "name", "name_en", "short_name", "parent_id", "successors", "basis",
        "confirmed",
    ),
}  # fmt: skip


class DirectoryMisfit(Tampered):
    """The stored organisation is not the one that was sealed: nobody's reach can be told from it."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("The stored units do not fit their seal. Nothing is answered; tell the operators.")


def seal_of(session: Session, template: str, stamp: UUID, rows: Iterable[Sealed]) -> bytes:
    """The seal over the whole organisation in this state."""
    return vault_of(session).right_mac(*_fields(template, stamp, rows))


def is_sealed(session: Session, template: str, stamp: UUID, rows: Iterable[Sealed], seal: bytes | None) -> bool:
    """Whether these rows are those that were sealed under this stamp."""
    return vault_of(session).is_right_mac(seal, *_fields(template, stamp, rows))


def _fields(template: str, stamp: UUID, rows: Iterable[Sealed]) -> list[bytes]:
    return [OrganisationRow.__tablename__.encode(), *map(row_value, (template, stamp, _digest(rows)))]


def _digest(rows: Iterable[Sealed]) -> bytes:
    """SHA-256 over every row of the three tables, in the order of their ids, as JSON; migration 0018 does the same."""
    found: dict[str, list[list[Any]]] = {mapped.__tablename__: [] for mapped in _SEALED}
    for row in rows:
        found[row.__tablename__].append([getattr(row, name) for name in _SEALED[type(row)]])
    for values in found.values():
        values.sort(key=lambda one: str(one[0]))
    written = json.dumps(found, ensure_ascii=False, default=str, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(written.encode()).digest()
