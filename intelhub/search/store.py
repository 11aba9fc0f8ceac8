"""Every statement the index sends to PostgreSQL.

They are plain SQL behind row-level security, which shows whole partitions within the reader's greatest ceiling; which
rows of a partition somebody may see is asked of the access filter inside each segment, never here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Result
from sqlalchemy.orm import Session

from intelhub.crypto import Vault
from intelhub.platform.clock import YEARS
from intelhub.search.document import Entry, Partition
from intelhub.search.sealing import DOCUMENTS, SEGMENTS, TAIL, partition_id, seal_entry
from intelhub.search.statements import run

_MOST_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Sight:
    """What this session can see at all, and the oldest transaction that may still commit behind our back."""

    role: str
    ceiling: int
    compartments: frozenset[UUID]
    is_worker: bool
    horizon: str = field(compare=False)

    def covers(self, partition: Partition) -> bool:
        """Whether row-level security shows this partition's rows."""
        return self.is_worker or (partition.level <= self.ceiling and partition.compartments <= self.compartments)


@dataclass(frozen=True, slots=True)
class TailMeta:
    """A row of the tail without its sealed part."""

    id: UUID
    record_id: UUID
    row_version: int


@dataclass(frozen=True, slots=True)
class SegmentMeta:
    """A sealed segment without its image; `documents` counts tombstones too."""

    id: UUID
    documents: int


@dataclass(slots=True)
class Listing:
    """What one statement saw of one partition; `is_sound` is false when its columns contradict each other."""

    partition: Partition
    is_sound: bool = True
    tail: list[TailMeta] = field(default_factory=list)
    segments: list[SegmentMeta] = field(default_factory=list)


def insert_entry(session: Session, vault: Vault, entry: Entry) -> None:
    """Write a projection in the caller's transaction."""
    row_id = uuid4()
    run(
        session,
        "INSERT INTO search_tail (id, level, compartments, department_id, year, partition_id,"
        " record_id, row_version, sealed) VALUES (:id, :level, :compartments, :department, :year, :partition,"
        " :record, :version, :sealed)",
        id=row_id,
        record=entry.record_id,
        version=entry.row_version,
        sealed=seal_entry(vault, row_id, entry),
        **_columns(entry.partition),
    )


def insert_segment(
    session: Session,
    segment_id: UUID,
    partition: Partition,
    sealed: bytes,
    *,
    documents: int,
    size: int,
    from_at: datetime | None,
    to_at: datetime | None,
) -> None:
    """Write a sealed segment; times come rounded out to the hour."""
    run(
        session,
        "INSERT INTO search_segments (id, level, compartments, department_id, year, partition_id, documents,"
        " size_class, from_at, to_at, sealed) VALUES (:id, :level, :compartments, :department, :year, :partition,"
        " :documents, :size, :from_at, :to_at, :sealed)",
        id=segment_id,
        documents=documents,
        size=size,
        from_at=from_at,
        to_at=to_at,
        sealed=sealed,
        **_columns(partition),
    )


def find_sight(session: Session) -> Sight | None:
    """What the session's context shows, or `None` when it shows nothing.

    The horizon is read before anything is listed: what an older transaction commits later is listed again.
    """
    row = run(
        session,
        "SELECT current_user::text, intelhub_reading_ceiling(), intelhub_compartments(),"
        " pg_has_role(current_user, 'intelhub_worker', 'usage'),"
        " pg_snapshot_xmin(pg_current_snapshot())::text, current_setting('transaction_isolation')",
    ).one()
    role, ceiling, compartments, is_worker, horizon, isolation = row
    if isolation != "read committed":
        # A snapshot kept from earlier would put back segments that were merged away, for every thread.
        raise ValueError("the index is searched in read committed transactions")
    if ceiling is None and not is_worker:
        return None
    return Sight(role, ceiling or 0, frozenset(compartments or ()), is_worker, horizon)


def list_since(session: Session, horizon: str) -> dict[UUID, Listing]:
    """Committed rows of every visible partition, written at or behind the horizon ("0" for all of them)."""
    where = "xid >= CAST(:horizon AS xid8) AND xid IS DISTINCT FROM pg_current_xact_id_if_assigned()"
    return _listed(run(session, _listing(where), horizon=horizon))


def list_partitions(session: Session, partition_ids: Iterable[UUID]) -> dict[UUID, Listing]:
    """Everything committed of these partitions, seen by one statement, so that a merge is seen whole or not at all."""
    where = "partition_id = ANY(:ids) AND xid IS DISTINCT FROM pg_current_xact_id_if_assigned()"
    return _listed(run(session, _listing(where), ids=list(partition_ids)))


def list_rows_of(session: Session, table: str, partition: Partition) -> list[UUID]:
    """Every row that says it belongs to this partition, be it by its columns or by their digest."""
    _check(table)
    rows = run(
        session,
        f"SELECT id FROM {table} WHERE partition_id = :partition OR (level = :level"  # noqa: S608 - checked above
        " AND compartments = :compartments AND department_id = :department AND year = :year)",
        **_columns(partition),
    )
    return [row_id for (row_id,) in rows]


def fetch_sealed(session: Session, table: str, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """The sealed parts of these rows; what a merge took away meanwhile is missing from the answer."""
    _check(table)
    found: dict[UUID, bytes] = {}
    size = _MOST_AT_ONCE if table == SEGMENTS else 16 * _MOST_AT_ONCE
    for start in range(0, len(ids), size):
        chunk = list(ids[start : start + size])
        rows = run(session, f"SELECT id, sealed FROM {table} WHERE id = ANY(:ids)", ids=chunk)  # noqa: S608 - checked
        found.update({row_id: bytes(sealed) for row_id, sealed in rows})
    return found


def lock_partition(session: Session, wanted: UUID, *, wait: bool) -> bool:
    """Hold a partition until the transaction ends, so that one worker alone rewrites it; readers never ask."""
    key = int.from_bytes(wanted.bytes[:8], "big", signed=True)
    if wait:
        run(session, "SELECT pg_advisory_xact_lock(:key)", key=key)
        return True
    return bool(run(session, "SELECT pg_try_advisory_xact_lock(:key)", key=key).scalar_one())


def delete_rows(session: Session, table: str, ids: Sequence[UUID]) -> None:
    """Take away rows that a new segment replaces."""
    _check(table)
    if ids:
        run(session, f"DELETE FROM {table} WHERE id = ANY(:ids)", ids=list(ids))  # noqa: S608 - checked above


def list_tails(session: Session, *, at_least: int) -> list[Partition]:
    """The partitions whose tail has grown to so many rows, the longest first."""
    rows = run(
        session,
        "SELECT level, compartments, department_id, year FROM search_tail"
        " GROUP BY partition_id, level, compartments, department_id, year"
        " HAVING count(*) >= :least ORDER BY count(*) DESC",
        least=at_least,
    )
    return _possible(rows)


def list_sealed(session: Session) -> list[Partition]:
    """The partitions that have documents in sealed segments."""
    rows = run(
        session,
        "SELECT level, compartments, department_id, year FROM search_segments"
        " GROUP BY partition_id, level, compartments, department_id, year HAVING sum(documents) > 0",
    )
    return _possible(rows)


def count_tails(session: Session, *, at_least: int) -> tuple[int, int]:
    """How many rows wait in all tails together, and how many tails have grown to so many rows."""
    rows, overdue = run(
        session,
        "SELECT coalesce(sum(n), 0), count(*) FILTER (WHERE n >= :least)"
        " FROM (SELECT count(*) AS n FROM search_tail GROUP BY partition_id) AS tails",
        least=at_least,
    ).one()
    return int(rows), int(overdue)


def has_documents(session: Session, wanted: UUID) -> bool:
    """Whether anything of a partition lies behind tokens."""
    sql = "SELECT EXISTS (SELECT 1 FROM search_documents WHERE partition_id = :wanted)"
    return bool(run(session, sql, wanted=wanted).scalar_one())


def count_behind(session: Session, level: int, compartments: Iterable[UUID], department_id: UUID) -> int:
    """How many changes, marks of what has gone among them, lie in tails and segments of a department, of all years."""
    where = "level = :level AND compartments = :compartments AND department_id = :department"
    found = run(
        session,
        f"SELECT (SELECT count(*) FROM search_tail WHERE {where})"  # noqa: S608 - fixed words
        f" + (SELECT coalesce(sum(documents), 0) FROM search_segments WHERE {where})",
        level=level,
        compartments=sorted(compartments),
        department=department_id,
    )
    return int(found.scalar_one())


def list_all_partitions(session: Session) -> list[Partition]:
    """Every partition that has any row; rows of an impossible year are of none."""
    columns = "level, compartments, department_id, year"
    sql = " UNION ".join(f"SELECT {columns} FROM {table}" for table in _TABLES)  # noqa: S608 - fixed words
    return _possible(run(session, sql))


def delete_impossible_rows(session: Session) -> None:
    """Take away the rows of impossible years, which no rebuild of a partition meets; nothing in them ever opened."""
    for table in _TABLES:
        where = "year NOT BETWEEN :first AND :last"
        run(session, f"DELETE FROM {table} WHERE {where}", first=YEARS[0], last=YEARS[-1])  # noqa: S608 - fixed words


def _listing(where: str) -> str:
    columns = "id, partition_id, level, compartments, department_id, year"
    return (
        f"SELECT true, {columns}, record_id, row_version FROM search_tail WHERE {where}"  # noqa: S608 - fixed words
        f" UNION ALL SELECT false, {columns}, NULL, documents FROM search_segments WHERE {where}"
    )


def _listed(rows: Result[*tuple[Any, ...]]) -> dict[UUID, Listing]:
    listings: dict[UUID, Listing] = {}
    known: dict[tuple[Any, ...], tuple[Partition, UUID]] = {}
    for is_tail, row_id, given_id, level, compartments, department, year, record, number in rows:
        # Of an impossible year there is no partition: what lies where it says it does may miss what it masked.
        label = (level, *compartments, department, year, given_id if year not in YEARS else None)
        if label not in known:
            one = _partition(level, compartments, department, year)
            known[label] = one, partition_id(one) if year in YEARS else given_id
        partition, wanted = known[label]
        listing = listings.setdefault(wanted, Listing(partition))
        if year not in YEARS or given_id != wanted:  # relabelled by hand: it can belong to no partition any more
            listing.is_sound = False
            continue
        listing.partition = partition
        if is_tail:
            listing.tail.append(TailMeta(row_id, record, number))
        else:
            listing.segments.append(SegmentMeta(row_id, number))
    return listings


def _possible(rows: Iterable[tuple[Any, ...]]) -> list[Partition]:
    return [one for one in (_partition(*row) for row in rows) if one.year in YEARS]


def _partition(level: int, compartments: Iterable[UUID], department: UUID, year: int) -> Partition:
    return Partition(level=level, compartments=frozenset(compartments), department_id=department, year=year)


def _columns(partition: Partition) -> Mapping[str, Any]:
    return {
        "level": partition.level,
        "compartments": sorted(partition.compartments),
        "department": partition.department_id,
        "year": partition.year,
        "partition": partition_id(partition),
    }


def _check(table: str) -> None:
    if table not in _TABLES:
        raise ValueError(table)


_TABLES = (TAIL, SEGMENTS, DOCUMENTS)
