"""The sealed documents behind the tokens: every statement about them.

Plain SQL behind row-level security, as in `intelhub.search.store`: whole partitions within the reader's greatest
ceiling, and the access filter asked of each document that is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Result
from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault
from intelhub.search.document import Partition, SearchDocument
from intelhub.search.elastic.tokens import Wall
from intelhub.search.sealing import DOCUMENTS, open_entry, partition_id, seal_entry
from intelhub.search.statements import run, run_many

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A sealed document as it lies in its table."""

    id: UUID
    partition: Partition
    record_id: UUID
    row_version: int
    sealed: bytes

    def opened(self, vault: Vault) -> SearchDocument:
        """The document; raises `Tampered`."""
        entry = open_entry(
            vault, self.sealed, row_id=self.id, partition=self.partition, record_id=self.record_id,
            row_version=self.row_version, table=DOCUMENTS,
        )  # fmt: skip
        if not isinstance(entry, SearchDocument):
            raise Tampered("A part of the search index does not fit its seal.")
        return entry


def fetch_of_records(session: Session, records: Sequence[UUID]) -> list[DocumentRow]:
    """The rows of these records that this session may see at all, in no order."""
    found: list[DocumentRow] = []
    for start in range(0, len(records), _AT_ONCE):
        chunk = list(records[start : start + _AT_ONCE])
        found += _rows(run(session, f"{_SELECT} WHERE record_id = ANY(:ids)", ids=chunk))
    return found


def fetch_of_partition(session: Session, partition: Partition, records: Sequence[UUID]) -> list[DocumentRow]:
    """The rows of these records in a partition."""
    sql = f"{_SELECT} WHERE partition_id = :partition AND record_id = ANY(:ids)"
    return _rows(run(session, sql, partition=partition_id(partition), ids=list(records)))


def iterate_wall(session: Session, wall: Wall, *, year: int | None = None) -> Iterator[DocumentRow]:
    """The rows behind a wall, of all years or of one; what was read already may be taken away meanwhile."""
    known = {"level": wall.level, "compartments": sorted(wall.compartments), "department": wall.department_id}
    where = _OF_WALL if year is None else f"{_OF_WALL} AND year = :year"
    years = {} if year is None else {"year": year}
    last = UUID(int=0)
    while True:
        page = f"{_SELECT} WHERE {where} AND id > :last ORDER BY id LIMIT {_AT_ONCE}"
        rows = _rows(run(session, page, last=last, **known, **years))
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1].id


def count_of_wall(session: Session, wall: Wall) -> int:
    """How many rows lie behind a wall."""
    known = {"level": wall.level, "compartments": sorted(wall.compartments), "department": wall.department_id}
    sql = f"SELECT count(*) FROM search_documents WHERE {_OF_WALL}"  # noqa: S608 - our own words alone
    return int(run(session, sql, **known).scalar_one())


def replace_documents(session: Session, vault: Vault, gone: Iterable[UUID], new: Iterable[SearchDocument]) -> None:
    """Take rows away and put documents in."""
    if ids := list(gone):
        run(session, "DELETE FROM search_documents WHERE id = ANY(:ids)", ids=ids)
    rows = [
        {
            "id": (row_id := uuid4()),
            "record": document.record_id,
            "version": document.row_version,
            "sealed": seal_entry(vault, row_id, document, table=DOCUMENTS),
            "level": document.partition.level,
            "compartments": sorted(document.partition.compartments),
            "department": document.partition.department_id,
            "year": document.partition.year,
            "partition": partition_id(document.partition),
        }
        for document in new
    ]
    run_many(session, _INSERT, rows)


_SELECT = "SELECT id, level, compartments, department_id, year, record_id, row_version, sealed FROM search_documents"
_OF_WALL = "level = :level AND compartments = :compartments AND department_id = :department"
_INSERT = (
    "INSERT INTO search_documents (id, level, compartments, department_id, year, partition_id, record_id, row_version,"
    " sealed) VALUES (:id, :level, :compartments, :department, :year, :partition, :record, :version, :sealed)"
)


def _rows(result: Result[*tuple[Any, ...]]) -> list[DocumentRow]:
    return [
        DocumentRow(
            row_id,
            _partition(level, compartments, department, year),
            record,
            version,
            bytes(sealed),
        )
        for row_id, level, compartments, department, year, record, version, sealed in result
    ]


def _partition(level: int, compartments: Iterable[UUID], department: UUID, year: int) -> Partition:
    return Partition(level=level, compartments=frozenset(compartments), department_id=department, year=year)
