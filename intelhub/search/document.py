"""What is searched: one document a record, and the partition whose key seals it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from intelhub.crypto import lp


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """The wall no statistic of the index crosses: one key, one tail and its own segments.

    `year` is the year in which the record was created, and so never changes for a record.
    """

    level: int
    compartments: frozenset[UUID] = frozenset()
    department_id: UUID
    year: int

    def framed(self) -> bytes:
        """The partition as unambiguous bytes, bound into its key and into every blob sealed under it."""
        return lp(
            b"intelhub/search/partition/v1",
            self.level.to_bytes(2, "big"),
            lp(*sorted(compartment.bytes for compartment in self.compartments)),
            self.department_id.bytes,
            self.year.to_bytes(4, "big"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDocument:
    """One record at one row version, as the index keeps it.

    `texts` are the passages in the order in which they are read; `title` is shown above them. `identifiers` are
    normalised spellings (`MSKU1234565`); what a registered recogniser finds in the texts is added when the document
    is written. `facets` maps a field name of the query language to its values; `level`, `state` and `unit` are
    added by the index, values of fields of identifiers stand in `identifiers` as well, and those of fields of names are
    asked by their words. `recipient_unit_ids` are the units it was shared with. `occurred_at` orders and filters by
    time and must be aware.
    """

    record_id: UUID
    row_version: int
    partition: Partition
    unit_id: UUID
    author_id: UUID
    exposure: int
    state: str
    occurred_at: datetime
    title: str = ""
    texts: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recipient_unit_ids: frozenset[UUID] = frozenset()

    def __post_init__(self) -> None:
        if self.occurred_at.tzinfo is None:
            raise ValueError("a document's time must say its zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A record that left this partition at this row version: every older version in it is masked."""

    record_id: UUID
    row_version: int
    partition: Partition


Entry = SearchDocument | Tombstone


def newest_of_each(entries: Iterable[Entry]) -> list[Entry]:
    """Of each record its newest version alone; of two equal ones the later."""
    newest: dict[UUID, Entry] = {}
    for entry in entries:
        earlier = newest.get(entry.record_id)
        if earlier is None or earlier.row_version <= entry.row_version:
            newest[entry.record_id] = entry
    return list(newest.values())


def encode_entry(entry: Entry) -> bytes:
    """The entry as bytes to be sealed; its partition and identity come back from the row it lies in."""
    if isinstance(entry, Tombstone):
        return b"{}"
    fields = {
        "unit": entry.unit_id.hex,
        "author": entry.author_id.hex,
        "exposure": entry.exposure,
        "state": entry.state,
        "at": to_microseconds(entry.occurred_at),
        "title": entry.title,
        "texts": entry.texts,
        "identifiers": entry.identifiers,
        "facets": {name: list(values) for name, values in entry.facets.items()},
        "recipients": [one.hex for one in sorted(entry.recipient_unit_ids)],
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def decode_entry(payload: bytes, *, record_id: UUID, row_version: int, partition: Partition) -> Entry:
    """The entry that `encode_entry` wrote; the payload was authenticated before, so its shape is trusted."""
    fields = json.loads(payload.decode("utf-8", "surrogatepass"))
    if not fields:
        return Tombstone(record_id=record_id, row_version=row_version, partition=partition)
    return SearchDocument(
        record_id=record_id,
        row_version=row_version,
        partition=partition,
        unit_id=UUID(fields["unit"]),
        author_id=UUID(fields["author"]),
        exposure=fields["exposure"],
        state=fields["state"],
        occurred_at=from_microseconds(fields["at"]),
        title=fields["title"],
        texts=tuple(fields["texts"]),
        identifiers=tuple(fields["identifiers"]),
        facets={name: tuple(values) for name, values in fields["facets"].items()},
        # What was written before records could be shared with units has none.
        recipient_unit_ids=frozenset(map(UUID, fields.get("recipients", ()))),
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 UTC: an order that survives storage without rounding."""
    distance = moment - _EPOCH
    return (distance.days * 86_400 + distance.seconds) * 1_000_000 + distance.microseconds


def from_microseconds(count: int) -> datetime:
    """The moment `to_microseconds` was given, in UTC."""
    return _EPOCH + timedelta(microseconds=count)
