"""What operators do to all records at once, under the worker's role: rebuilding the index, rewrapping data keys.

Content is opened only to go back under a seal; nothing of it may be returned, shown or logged from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, extract, func, select, type_coerce, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from intelhub.access import Exposure, Label
from intelhub.crypto import Kek, KekScope, SealedContent, list_retired, rewrap, vault_of
from intelhub.organisation import load_directory
from intelhub.platform.errors import Tampered
from intelhub.records import projection, sealing
from intelhub.records.models import RecordRow, RecordStepRow, RecordVersionRow
from intelhub.records.queries import label_of
from intelhub.search import Partition, SearchDocument, list_partitions, reindex_partition

_AT_ONCE = 500
_Wrapped = RecordRow | RecordVersionRow | RecordStepRow
_Row = TypeVar("_Row", RecordRow, RecordVersionRow, RecordStepRow)
_IN_THE_INDEX = RecordRow.exposure > Exposure.AUTHOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What rebuilding a partition of the index found; `damaged` records do not fit their seal and were left out."""

    documents: int
    damaged: tuple[UUID, ...]


def _year_of_creation() -> ColumnElement[int]:
    """In UTC whatever zone a connection has, as `projection.partition_of` counts."""
    return extract("year", func.timezone("UTC", RecordRow.created_at))


def list_rebuilds(session: Session) -> tuple[Partition, ...]:
    """Every partition that has records or index rows: one that lost all its records is emptied by a rebuild."""
    year = _year_of_creation()
    columns = (RecordRow.level, RecordRow.compartments, RecordRow.origin_department_id, year)
    held = {
        Partition(level=level, compartments=frozenset(compartments), department_id=department, year=int(year_))
        for level, compartments, department, year_ in session.execute(
            select(*columns).where(_IN_THE_INDEX).group_by(*columns)
        )
    }
    return tuple(
        sorted(
            held | set(list_partitions(session)),
            key=lambda one: (one.level, one.year, str(one.department_id), sorted(map(str, one.compartments))),
        )
    )


def rebuild_partition(session: Session, partition: Partition) -> Rebuilt:
    """Write a partition of the index anew from its records, beside live traffic; the caller commits."""
    damaged: list[UUID] = []
    count = reindex_partition(session, partition, _documents(session, partition, damaged))
    return Rebuilt(documents=count, damaged=tuple(damaged))


def _documents(session: Session, partition: Partition, damaged: list[UUID]) -> Iterator[SearchDocument]:
    statement = (
        select(RecordRow)
        .where(
            _IN_THE_INDEX,
            RecordRow.level == partition.level,
            RecordRow.origin_department_id == partition.department_id,
            _year_of_creation() == partition.year,
        )
        .order_by(RecordRow.pos)
        .limit(_AT_ONCE)
    )
    after = -1
    while rows := session.scalars(statement.where(RecordRow.pos > after)).all():
        after = rows[-1].pos
        for row in rows:
            if projection.partition_of(row) != partition:  # arrays of compartments may stand in another order
                continue
            try:
                yield _document(session, row)
            except Tampered:
                damaged.append(row.id)
            session.expunge(row)


def _document(session: Session, row: RecordRow) -> SearchDocument:
    sealing.check_label_mac(session, row)
    return projection.document_of(session, row, *sealing.open_whole(session, row))


def find_labels(session: Session, reference: str) -> tuple[Label, ...]:
    """The labels of the records an operator means by an id or by a number, such as `15BD-TT-2026-0007`.

    Every level has a series of its own, so one number may stand for several records. Labels are as they stand in the
    table: whether they fit their seal is for the reading to decide, and a broken one must stay explainable.
    """
    try:
        row = session.get(RecordRow, UUID(reference))
    except ValueError:
        return tuple(label_of(one) for one in _numbered(session, reference.strip().upper()))
    return () if row is None else (label_of(row),)


def _numbered(session: Session, number: str) -> Iterator[RecordRow]:
    code, _, rest = number.partition("-TT-")
    year = rest.partition("-")[0]
    unit = load_directory(session).ever.find(code)
    if unit is None or not (year.isascii() and year.isdecimal()):
        return
    # A draft begun in the last days of a year may get a number of the next one.
    statement = select(RecordRow).where(
        _IN_THE_INDEX,
        RecordRow.owning_unit_id == unit.id,
        extract("year", RecordRow.created_at).between(int(year) - 1, int(year)),
    )
    for row in session.scalars(statement.execution_options(yield_per=_AT_ONCE)):
        try:
            if sealing.open_head(session, row).number.upper() == number:
                yield row
        except Tampered:
            continue  # its number cannot be known; the reader names it by its id


def rewrap_records(session: Session, scope: KekScope, *, limit: int = _AT_ONCE) -> int:
    """Wrap data keys of a scope under its newest key; returns how many, and 0 when none is left. Resumable.

    Ciphertexts, digests and counters stay, so that readers, the log and the index notice nothing.
    """
    newest = vault_of(session).kek_for(session, scope)
    rows: Sequence[_Wrapped] = (
        _list_former(session, RecordRow, newest, limit)
        or _list_former(session, RecordVersionRow, newest, limit)
        or _list_former(session, RecordStepRow, newest, limit)
    )
    for row in rows:
        _rewrap(session, row, newest)
    session.flush()
    session.expunge_all()
    return len(rows)


def count_older_wraps(session: Session, *, most: int) -> int:
    """How many data keys lie under a key that was replaced, of records, former versions and steps; `most` at most."""
    retired = list_retired(session)
    if not retired:
        return 0
    found = union_all(
        *(
            select(mapped.kek_id).where(mapped.kek_id.in_(retired)).limit(most)
            for mapped in (RecordRow, RecordVersionRow, RecordStepRow)
        )
    ).limit(most)
    return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def _list_former(session: Session, mapped: type[_Row], newest: Kek, limit: int) -> Sequence[_Row]:
    """Rows of the newest key's scope that lie under a former key, locked; rows others work on come next time."""
    scope = newest.scope
    statement = select(mapped).where(
        mapped.level == scope.level,
        mapped.origin_department_id == scope.department_id,
        func.cardinality(mapped.compartments) == len(scope.compartments),
        type_coerce(mapped.compartments, ARRAY(Uuid)).contains(list(scope.compartments)),
        mapped.kek_id != newest.id,
    )
    return session.scalars(statement.limit(limit).with_for_update(skip_locked=True)).all()


def _rewrap(session: Session, row: _Wrapped, newest: Kek) -> None:
    former = vault_of(session).kek(session, row.kek_id)
    sealed = SealedContent(kek_id=row.kek_id, wrapped_dek=row.wrapped_dek, ciphertexts={}, digest=b"")
    wrapped = rewrap(former, newest, sealing.context_of(row), sealed)
    row.kek_id, row.wrapped_dek = wrapped.kek_id, wrapped.wrapped_dek
