"""How projections and segments are sealed: one key a partition, one context a row, so that no row stands for another.

Keys derive from the index root alone; nothing here can open a record.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from intelhub.crypto import Tampered, Vault, lp, open_blob, seal_blob
from intelhub.search.document import Entry, Partition, decode_entry, encode_entry

TAIL = "search_tail"
SEGMENTS = "search_segments"
DOCUMENTS = "search_documents"

_SMALLEST = 64 * 1024
_STEPS = 4  # classes in each doubling: a quarter is wasted at most, and a size says little
_LENGTH_BYTES = 4


def partition_id(partition: Partition) -> UUID:
    """A digest of the partition's clear columns, so that one column can be indexed for all of them."""
    return UUID(bytes=hashlib.sha256(partition.framed()).digest()[:16])


def seal_entry(vault: Vault, row_id: UUID, entry: Entry, *, table: str = TAIL) -> bytes:
    """Seal a projection, bound to its table, row, record, version and partition."""
    context = _row_context(table, row_id, entry.partition, entry.record_id, entry.row_version)
    return seal_blob(_key(vault, entry.partition), encode_entry(entry), context=context)


def open_entry(
    vault: Vault,
    sealed: bytes,
    *,
    row_id: UUID,
    partition: Partition,
    record_id: UUID,
    row_version: int,
    table: str = TAIL,
) -> Entry:
    """Undo `seal_entry`; raises `Tampered` if any of its columns is another than when it was sealed."""
    try:
        context = _row_context(table, row_id, partition, record_id, row_version)
        payload = open_blob(_key(vault, partition), sealed, context=context)
        return decode_entry(payload, record_id=record_id, row_version=row_version, partition=partition)
    except (ValueError, OverflowError):  # a year or a version that nothing was ever sealed under
        raise Tampered("A part of the search index does not fit its seal.") from None


def seal_image(vault: Vault, segment_id: UUID, partition: Partition, image: bytes) -> bytes:
    """Seal a segment, padded to its size class."""
    framed = len(image).to_bytes(_LENGTH_BYTES, "big") + image
    padded = framed.ljust(_class_size(size_class(len(image))), b"\0")
    return seal_blob(_key(vault, partition), padded, context=_segment_context(segment_id, partition))


def open_image(vault: Vault, sealed: bytes, *, segment_id: UUID, partition: Partition) -> bytes:
    """Undo `seal_image`; raises `Tampered`."""
    padded = open_blob(_key(vault, partition), sealed, context=_segment_context(segment_id, partition))
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    if len(padded) < _LENGTH_BYTES + length:
        raise Tampered("A part of the search index does not fit its seal.")
    return padded[_LENGTH_BYTES : _LENGTH_BYTES + length]


def size_class(length: int) -> int:
    """The number of the smallest class that holds an image of so many bytes: 0 is 64 KiB, 4 more is twice that."""
    number = 0
    while _class_size(number) < length + _LENGTH_BYTES:
        number += 1
    return number


def _class_size(number: int) -> int:
    doublings, quarters = divmod(number, _STEPS)
    return (_SMALLEST << doublings) // _STEPS * (_STEPS + quarters)


def _key(vault: Vault, partition: Partition) -> bytes:
    return vault.index_key(partition.framed())


def _row_context(table: str, row_id: UUID, partition: Partition, record_id: UUID, row_version: int) -> bytes:
    return lp(table.encode(), row_id.bytes, partition.framed(), record_id.bytes, row_version.to_bytes(8, "big"))


def _segment_context(segment_id: UUID, partition: Partition) -> bytes:
    return lp(SEGMENTS.encode(), segment_id.bytes, partition.framed())
