"""The sealed documents behind the tokens, and the dictionaries of walls: every statement about them.

Plain SQL behind row-level security, as in `intelhub.search.store`: whole partitions within the reader's greatest
ceiling, and the access filter asked of each document that is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Result, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault
from intelhub.search.document import Partition, SearchDocument
from intelhub.search.elastic.tokens import Wall
from intelhub.search.sealing import DOCUMENTS, open_entry, partition_id, seal_entry

_WHY = "row-level security shows partitions; the access filter runs on each document that is opened"
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


def fetch_documents(session: Session, ids: Sequence[UUID]) -> list[DocumentRow]:
    """The rows of these ids that this session may see at all, in no order; others are left out."""
    found: list[DocumentRow] = []
    for start in range(0, len(ids), _AT_ONCE):
        found += _rows(_run(session, f"{_SELECT} WHERE id = ANY(:ids)", ids=list(ids[start : start + _AT_ONCE])))
    return found


def fetch_of_records(session: Session, records: Sequence[UUID]) -> list[DocumentRow]:
    """The rows of these records."""
    return _rows(_run(session, f"{_SELECT} WHERE record_id = ANY(:ids)", ids=list(records)))


def fetch_of_partition(session: Session, partition: Partition, ids: Sequence[UUID] | None = None) -> list[DocumentRow]:
    """The rows of a partition, or those of them with these ids."""
    where = "partition_id = :partition" + ("" if ids is None else " AND id = ANY(:ids)")
    known: dict[str, Any] = {} if ids is None else {"ids": list(ids)}
    return _rows(_run(session, f"{_SELECT} WHERE {where}", partition=partition_id(partition), **known))


def count_of_wall(session: Session, wall: Wall) -> int:
    """How many rows lie behind a wall."""
    known = {"level": wall.level, "compartments": sorted(wall.compartments), "department": wall.department_id}
    return int(_run(session, _COUNT, **known).scalar_one())


def iterate_wall(session: Session, wall: Wall) -> Iterator[DocumentRow]:
    """The rows behind a wall, of all years."""
    known = {"level": wall.level, "compartments": sorted(wall.compartments), "department": wall.department_id}
    last = UUID(int=0)
    while True:
        page = f"{_SELECT} WHERE {_OF_WALL} AND id > :last ORDER BY id LIMIT {_AT_ONCE}"
        rows = _rows(_run(session, page, last=last, **known))
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1].id


def replace_documents(
    session: Session, vault: Vault, gone: Iterable[UUID], new: Iterable[tuple[UUID, SearchDocument]]
) -> None:
    """Take rows away and put others in."""
    if ids := list(gone):
        _run(session, "DELETE FROM search_documents WHERE id = ANY(:ids)", ids=ids)
    rows = [
        {
            "id": row_id,
            "record": document.record_id,
            "version": document.row_version,
            "sealed": seal_entry(vault, row_id, document, table=DOCUMENTS),
            "level": document.partition.level,
            "compartments": sorted(document.partition.compartments),
            "department": document.partition.department_id,
            "year": document.partition.year,
            "partition": partition_id(document.partition),
        }
        for row_id, document in new
    ]
    if rows:
        statement = text(_INSERT).bindparams(bindparam("compartments", type_=ARRAY(Uuid())))
        session.execute(statement.execution_options(unscoped=_WHY), rows)


@dataclass(frozen=True, slots=True)
class DictionaryRow:
    """A sealed dictionary, and how many documents stand behind its wall."""

    wall: Wall
    version: int
    documents: int
    sealed: bytes = b""


def list_dictionaries(session: Session) -> list[DictionaryRow]:
    """Every wall that this session may see and that has tokens on the search server, without the sealed part."""
    sql = "SELECT level, compartments, department_id, epoch, version, documents FROM search_dictionaries"
    return [DictionaryRow(_wall(*row[:4]), row[4], row[5]) for row in _run(session, sql)]


def find_dictionary(session: Session, wall: Wall, *, for_update: bool = False) -> DictionaryRow | None:
    """The dictionary of a wall, held until the transaction ends where it is to be changed."""
    if for_update:
        key = int.from_bytes(wall.id.bytes[8:], "big", signed=True)
        _run(session, "SELECT pg_advisory_xact_lock(:key)", key=key)
    sql = "SELECT version, documents, sealed FROM search_dictionaries WHERE id = :wall"
    row = _run(session, sql, wall=wall.id).one_or_none()
    return DictionaryRow(wall, row[0], row[1], bytes(row[2])) if row else None


def store_dictionary(session: Session, row: DictionaryRow) -> None:
    """Put a dictionary in the place of the one before; one of no documents goes."""
    _run(session, "DELETE FROM search_dictionaries WHERE id = :wall", wall=row.wall.id)
    if not row.documents:
        return
    _run(
        session,
        "INSERT INTO search_dictionaries (id, level, compartments, department_id, epoch, version, documents, sealed)"
        " VALUES (:wall, :level, :compartments, :department, :epoch, :version, :documents, :sealed)",
        wall=row.wall.id,
        level=row.wall.level,
        compartments=sorted(row.wall.compartments),
        department=row.wall.department_id,
        epoch=row.wall.epoch,
        version=row.version,
        documents=row.documents,
        sealed=row.sealed,
    )


_SELECT = "SELECT id, level, compartments, department_id, year, record_id, row_version, sealed FROM search_documents"
_OF_WALL = "level = :level AND compartments = :compartments AND department_id = :department"
_COUNT = f"SELECT count(*) FROM search_documents WHERE {_OF_WALL}"  # noqa: S608 - our own words alone
_INSERT = (
    "INSERT INTO search_documents (id, level, compartments, department_id, year, partition_id, record_id, row_version,"
    " sealed) VALUES (:id, :level, :compartments, :department, :year, :partition, :record, :version, :sealed)"
)
_ARRAYS = frozenset({"compartments", "ids"})


def _rows(result: Result[*tuple[Any, ...]]) -> list[DocumentRow]:
    return [
        DocumentRow(
            row_id,
            Partition(level=level, compartments=frozenset(compartments), department_id=department, year=year),
            record,
            version,
            bytes(sealed),
        )
        for row_id, level, compartments, department, year, record, version, sealed in result
    ]


def _wall(level: int, compartments: Iterable[UUID], department: UUID, epoch: int) -> Wall:
    return Wall(level=level, compartments=frozenset(compartments), department_id=department, epoch=epoch)


def _run(session: Session, sql: str, **parameters: Any) -> Result[*tuple[Any, ...]]:
    arrays = (bindparam(name, type_=ARRAY(Uuid())) for name in sorted(_ARRAYS & parameters.keys()))
    return session.execute(text(sql).bindparams(*arrays).execution_options(unscoped=_WHY), parameters)
