"""The sealed documents behind the indices, for verifying phrases: the product's own seal, in files beside the run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from benchmarks.search.variants import vault
from intelhub.search import Partition, SearchDocument
from intelhub.search.sealing import DOCUMENTS, open_entry, seal_entry

_TABLE = (
    "CREATE TABLE IF NOT EXISTS sealed (id BLOB PRIMARY KEY, department BLOB, year INTEGER, record BLOB, "
    "version INTEGER, sealed BLOB) WITHOUT ROWID"
)


@contextmanager
def opened_store(folder: Path, share: int) -> Iterator[sqlite3.Connection]:
    """The file of one share, to be written by one process."""
    connection = _connected(folder, share)
    try:
        yield connection
    finally:
        connection.close()


def put(store: sqlite3.Connection, new: Iterable[tuple[UUID, SearchDocument]]) -> None:
    """Seal documents and keep them."""
    store.execute("BEGIN")
    store.executemany(
        "INSERT INTO sealed VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                one_id.bytes,
                one.partition.department_id.bytes,
                one.partition.year,
                one.record_id.bytes,
                one.row_version,
                seal_entry(vault(), one_id, one, table=DOCUMENTS),
            )
            for one_id, one in new
        ),
    )
    store.execute("COMMIT")


class Stores:
    """All files, to be read."""

    def __init__(self, folder: Path, shares: int) -> None:
        self._connections = [_connected(folder, share) for share in range(shares)]

    def get(self, ids: Sequence[UUID]) -> dict[UUID, SearchDocument]:
        """Open the documents of these ids."""
        marks = ", ".join("?" * len(ids))
        wanted = [one.bytes for one in ids]
        found: dict[UUID, SearchDocument] = {}
        for connection in self._connections:
            rows = connection.execute(f"SELECT * FROM sealed WHERE id IN ({marks})", wanted)  # noqa: S608 - question marks alone
            found |= {UUID(bytes=row[0]): _opened(*row) for row in rows}
        return found


def _connected(folder: Path, share: int) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / f"sealed-{share}.sqlite", isolation_level=None)
    connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLE}")
    return connection


def _opened(row_id: bytes, department: bytes, year: int, record: bytes, version: int, sealed: bytes) -> SearchDocument:
    entry = open_entry(
        vault(),
        sealed,
        row_id=UUID(bytes=row_id),
        partition=Partition(level=0, department_id=UUID(bytes=department), year=year),
        record_id=UUID(bytes=record),
        row_version=version,
        table=DOCUMENTS,
    )
    assert isinstance(entry, SearchDocument)
    return entry
