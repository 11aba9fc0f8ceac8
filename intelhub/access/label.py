"""What a decision reads of an object: its label. Nothing of the object's content may ever stand here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID

HIGHEST_LEVEL = 3
"""0 none, 1 Mật, 2 Tối mật, 3 Tuyệt mật (Law 29/2018/QH14, article 8)."""

REFER_TO_ORIGINATOR = "HX"
_HANDLING_RANK = {"H0": 0, "H1": 1, "H2": 2, "H3": 3, "H4": 4}
HANDLING_CODES = (*_HANDLING_RANK, REFER_TO_ORIGINATOR)


class Exposure(IntEnum):
    """How far up the tree an object has travelled."""

    AUTHOR = 0
    UNIT = 1
    DEPARTMENT = 2
    HEADQUARTERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Everything a decision may know about an object.

    `recipient_unit_ids` are the units it was shared with one by one; `state` is the object's state code, such as
    `submitted`. A value outside the known levels, exposures or handling codes is a `ValueError`, because an unknown
    label must not be decided upon.
    """

    kind: str
    object_id: UUID
    level: int
    owning_unit_id: UUID
    origin_department_id: UUID
    author_id: UUID
    compartments: frozenset[UUID] = field(default_factory=frozenset)
    recipient_unit_ids: frozenset[UUID] = field(default_factory=frozenset)
    handling: str = "H1"
    exposure: int = Exposure.AUTHOR
    state: str = ""

    def __post_init__(self) -> None:
        if not self.kind:
            raise ValueError("a label names its kind of object")
        if not 0 <= self.level <= HIGHEST_LEVEL:
            raise ValueError(f"there is no level {self.level}")
        if not Exposure.AUTHOR <= self.exposure <= Exposure.HEADQUARTERS:
            raise ValueError(f"there is no exposure {self.exposure}")
        if self.handling not in HANDLING_CODES:
            raise ValueError(f"there is no handling code {self.handling}")


def handling_allows(handling: str, least: str, *, is_originator: bool) -> bool:
    """Whether an object with this handling code may be used for a purpose that needs at least `least`.

    `HX` lets nobody but its originator (somebody of the owning unit) pass it on; reading needs `H0` and always passes.
    """
    needed = _HANDLING_RANK[least]
    if needed == 0:
        return True
    if handling == REFER_TO_ORIGINATOR:
        return is_originator
    return _HANDLING_RANK[handling] >= needed
