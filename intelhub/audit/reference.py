"""The short reference of an object: what an auditor reads on a page, types from a paper, and finds in an export.

It is the first 48 bits of the object's id, as they are written: `3f2a9c01-be44`. So it stays the same whatever keys
are exchanged, an index serves the search for it, and whoever verifies an export elsewhere finds it with any editor. It
opens nothing: the other 74 random bits of an id are missing from it, and a record is never found by it.
"""

from __future__ import annotations

import re
from uuid import UUID

_REFERENCE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}")
_KIND = re.compile(r"[a-z][a-z_-]*:")
_LENGTH = 13


def reference_of(object_id: UUID) -> str:
    """Such as `3f2a9c01-be44`."""
    return str(object_id)[:_LENGTH]


def parse_reference(typed: str) -> str:
    """The reference in what somebody typed, be it a whole id or with a kind before it; raises `ValueError`."""
    bare = _KIND.sub("", typed.strip().lower())
    if _REFERENCE.fullmatch(bare):
        return bare
    return reference_of(UUID(bare))


def ids_of_reference(reference: str) -> tuple[UUID, UUID]:
    """The least and the greatest id with this reference."""
    return UUID(f"{reference}-0000-0000-000000000000"), UUID(f"{reference}-ffff-ffff-ffffffffffff")
