"""Length framing: the only way this product concatenates bytes before hashing, signing or authenticating them.

Without lengths, ("ab", "c") and ("a", "bc") would be the same message, and a field could bleed into its neighbour.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from uuid import UUID

_length = Struct(">I").pack
_number = Struct(">q").pack


def lp(*parts: bytes) -> bytes:
    """Join parts so that they can be told apart again: a 4-byte big-endian length stands before each."""
    return b"".join([_length(len(part)) + part for part in parts])


def number(value: int) -> bytes:
    """A count or level as 8 bytes, big-endian, two's complement: whatever a bigint column can hold."""
    return _number(value)


def uuids(values: Iterable[UUID]) -> bytes:
    """A list of ids in the order given, framed once more so that its end is known."""
    return lp(*(value.bytes for value in values))
