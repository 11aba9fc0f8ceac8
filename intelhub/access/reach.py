"""How far a policy line reaches from the post that holds it, and how far up an object must have come to be met."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from intelhub.access.label import Exposure, Label
from intelhub.platform.actor import Post


class Reach(StrEnum):
    """The four reaches of the tree, and what was shared with a unit; each meets an object from a stated exposure on."""

    AUTHOR = "author"
    UNIT = "unit"
    DEPARTMENT = "department"
    ALL = "all"
    DISSEMINATION = "dissemination"

    @property
    def minimum_exposure(self) -> Exposure:
        """From which exposure on an object is within this reach."""
        return _MINIMUM_EXPOSURE[self]


_MINIMUM_EXPOSURE = {
    Reach.AUTHOR: Exposure.AUTHOR,
    Reach.UNIT: Exposure.UNIT,
    Reach.DEPARTMENT: Exposure.DEPARTMENT,
    Reach.ALL: Exposure.HEADQUARTERS,
    Reach.DISSEMINATION: Exposure.DEPARTMENT,
}


def is_placed_within(reach: Reach, post: Post, user_id: UUID, label: Label) -> bool:
    """Whether the object lies where this reach looks, its exposure left aside."""
    match reach:
        case Reach.AUTHOR:
            return label.author_id == user_id
        case Reach.UNIT:
            return label.owning_unit_id in post.unit_ids
        case Reach.DEPARTMENT:
            return label.origin_department_id == post.department_id
        case Reach.ALL:
            return True
        case Reach.DISSEMINATION:
            return not label.recipient_unit_ids.isdisjoint(post.receiving_ids)


def is_exposed_to(reach: Reach, label: Label) -> bool:
    """Whether the object has travelled far enough up to be met by this reach."""
    return label.exposure >= reach.minimum_exposure
