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
    framed = bytearray()
    for part in parts:
        framed += len(part).to_bytes(_LENGTH_BYTES, "big")
        framed += part
    return bytes(framed)


def number(value: int) -> bytes:
    """A count or level as 8 bytes, big-endian; raises `OverflowError` below zero."""
    return value.to_bytes(_NUMBER_BYTES, "big")


def uuids(values: Iterable[UUID]) -> bytes:
    """A list of ids in the order given, framed once more so that its end is known."""
    return lp(*(value.bytes for value in values))
