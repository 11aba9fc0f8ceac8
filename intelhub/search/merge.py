"""Merging tails into segments and rebuilding partitions, beside readers and other workers.

Whoever calls commits, once a partition. A merge always writes a segment, even one of tombstones alone: by a new
segment every process notices that its picture of the partition is old.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from intelhub.crypto import Vault, vault_of
from intelhub.platform.clock import to_the_hour
from intelhub.search import store
from intelhub.search.document import Entry, Partition, SearchDocument, Tombstone
from intelhub.search.sealed import with_spotted_identifiers
from intelhub.search.sealing import (
    DOCUMENTS,
    SEGMENTS,
    TAIL,
    open_entry,
    open_image,
    partition_id,
    seal_image,
    size_class,
)
from intelhub.search.segment import Segment
from intelhub.search.store import Listing, SegmentMeta

TAIL_ROWS = 200
MOST_DOCUMENTS = 100_000  # a sealed image of so many is some 100 MB, to be sent and opened in one piece
_TIMES_LARGER = 3  # a segment joins a merge while it is no more than this many times what is already in it


def list_merges_due(session: Session, *, at_least: int = TAIL_ROWS) -> list[Partition]:
    """The partitions whose tail is long enough; hourly, ask with `at_least=1`."""
    return store.list_tails(session, at_least=at_least)


def count_waiting(session: Session) -> tuple[int, int]:
    """How many changes wait to be merged, and in how many partitions a merge is due; for the worker."""
    return store.count_tails(session, at_least=TAIL_ROWS)


def merge_partition(session: Session, partition: Partition) -> bool:
    """Turn the tail and the smaller segments of a partition into one segment; false if another worker is at it.

    Raises `Tampered` if a part does not fit its seal: then only `reindex_partition` helps.
    """
    wanted = partition_id(partition)
    if not store.lock_partition(session, wanted, wait=False):
        return False
    listing = store.list_partitions(session, [wanted]).get(wanted)
    if listing is None or not listing.tail:
        return False
    joined = _joined(listing)
    is_whole = len(joined) == len(listing.segments)
    vault = vault_of(session)
    entries = list(entries_of(session, vault, listing, joined))
    # A tombstone must stay while an older version may still lie in a segment left out of this merge, or behind tokens.
    is_alone = is_whole and not store.has_documents(session, wanted)
    write_segment(session, vault, partition, newest_of(entries, with_tombstones=not is_alone))
    store.delete_rows(session, SEGMENTS, [segment.id for segment in joined])
    store.delete_rows(session, TAIL, [row.id for row in listing.tail])
    return True


def reindex_partition(session: Session, partition: Partition, documents: Iterable[SearchDocument]) -> int:
    """Rebuild a partition from its records while everybody goes on; gives back how many documents it has.

    `documents` must begin to be read after this call begins (a generator does that): what is committed later lies in
    the tail at a newer version and wins. What lay behind tokens lies in sealed parts again until the worker moves it.
    Waits for a merge of the same partition to end.
    """
    wanted = partition_id(partition)
    store.lock_partition(session, wanted, wait=True)
    replaced = {table: store.list_rows_of(session, table, partition) for table in (TAIL, SEGMENTS, DOCUMENTS)}
    count = 0

    def counted() -> Iterator[Entry]:
        nonlocal count
        for document in documents:
            count += 1
            yield with_spotted_identifiers(document)

    source = counted()
    write_segment(session, vault_of(session), partition, islice(source, MOST_DOCUMENTS))
    while more := list(islice(source, MOST_DOCUMENTS)):
        write_segment(session, vault_of(session), partition, more)
    for table, ids in replaced.items():
        store.delete_rows(session, table, ids)
    return count


def list_partitions(session: Session) -> list[Partition]:
    """Every partition the index has rows of, so that a rebuild also empties those that lost all their records."""
    return store.list_all_partitions(session)


def _joined(listing: Listing) -> list[SegmentMeta]:
    """The smaller segments: each rewrites a document only a few times until it lies in a large one."""
    joined: list[SegmentMeta] = []
    documents = len(listing.tail)
    for segment in sorted(listing.segments, key=lambda segment: segment.documents):
        if segment.documents > _TIMES_LARGER * documents or segment.documents + documents > MOST_DOCUMENTS:
            break
        joined.append(segment)
        documents += segment.documents
    return joined


def entries_of(session: Session, vault: Vault, listing: Listing, joined: Sequence[SegmentMeta]) -> Iterator[Entry]:
    """Everything in these segments of a partition and in its tail; raises `Tampered`."""
    for segment in joined:
        sealed = store.fetch_sealed(session, SEGMENTS, [segment.id])[segment.id]
        image = open_image(vault, sealed, segment_id=segment.id, partition=listing.partition)
        yield from Segment(listing.partition, segment_id=segment.id, image=image).entries()
    sealed_rows = store.fetch_sealed(session, TAIL, [row.id for row in listing.tail])
    for row in listing.tail:
        yield open_entry(
            vault,
            sealed_rows[row.id],
            row_id=row.id,
            partition=listing.partition,
            record_id=row.record_id,
            row_version=row.row_version,
        )


def newest_of(entries: Iterable[Entry], *, with_tombstones: bool) -> list[Entry]:
    """Of each record its newest version alone."""
    newest: dict[UUID, Entry] = {}
    for entry in entries:
        earlier = newest.get(entry.record_id)
        if earlier is None or earlier.row_version <= entry.row_version:
            newest[entry.record_id] = entry
    return [entry for entry in newest.values() if with_tombstones or not isinstance(entry, Tombstone)]


def write_segment(session: Session, vault: Vault, partition: Partition, entries: Iterable[Entry]) -> None:
    """Seal these entries as a new segment of a partition."""
    segment_id = uuid4()
    image = Segment.image_of(partition, entries)
    built = Segment(partition, segment_id=segment_id, image=image)
    span = built.span_of_time()
    store.insert_segment(
        session,
        segment_id,
        partition,
        seal_image(vault, segment_id, partition, image),
        documents=len(built),
        size=size_class(len(image)),
        from_at=to_the_hour(span[0]) if span else None,
        to_at=to_the_hour(span[1]) + timedelta(hours=1) if span else None,
    )
