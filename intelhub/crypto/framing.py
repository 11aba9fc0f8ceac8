"""Length framing: the only way this product concatenates bytes before hashing, signing or authenticating them.

Without lengths, ("ab", "c") and ("a", "bc") would be the same message, and a field could bleed into its neighbour.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

_LENGTH_BYTES = 4
_NUMBER_BYTES = 8


def lp(*parts: bytes) -> bytes:
    """Join parts so that they can be told apart again: a 4-byte big-endian length stands before each."""
    return b"".join([len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts])


def number(value: int) -> bytes:
    """A count or level as 8 bytes, big-endian, two's complement: whatever a bigint column can hold."""
    return value.to_bytes(_NUMBER_BYTES, "big", signed=True)


def uuids(values: Iterable[UUID]) -> bytes:
    """A list of ids in the order given, framed once more so that its end is known."""
    return lp(*(value.bytes for value in values))
