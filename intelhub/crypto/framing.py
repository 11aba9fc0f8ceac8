"""Length framing: the only way this product concatenates bytes before hashing, signing or authenticating them.

Without lengths, ("ab", "c") and ("a", "bc") would be the same message, and a field could bleed into its neighbour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from struct import Struct
from typing import Any
from uuid import UUID

_length = Struct(">I").pack
_number = Struct(">q").pack
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def lp(*parts: bytes) -> bytes:
    """Join parts so that they can be told apart again: a 4-byte big-endian length stands before each."""
    return b"".join([_length(len(part)) + part for part in parts])


def number(value: int) -> bytes:
    """A count or level as 8 bytes, big-endian, two's complement: whatever a bigint column can hold."""
    return _number(value)


def uuids(values: Iterable[UUID]) -> bytes:
    """A list of ids in the order given, framed once more so that its end is known."""
    return lp(*(value.bytes for value in values))


def row_value(value: object) -> bytes:
    """A column's value as bytes that no other value of any type has; raises `KeyError` for a type of no column."""
    return _BY_TYPE[type(value)](value)


_BY_TYPE: Mapping[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"-",
    bool: lambda value: b"?1" if value else b"?0",
    int: lambda value: b"i" + _number(value),
    str: lambda value: b"s" + value.encode(),
    bytes: lambda value: b"b" + value,
    UUID: lambda value: b"u" + value.bytes,
    date: lambda value: b"d" + _number(value.toordinal()),
    # The moment and not how it is told: a database gives it back in another time zone.
    datetime: lambda value: b"t" + _number((value - _EPOCH) // _MICROSECOND),
}
