"""Fills an installation with sealed records in bulk: real seals, labels, log entries and index, past the services.

Everything a page checks is there and fits: label MACs, digests, an audit entry for every step (the sequencer gives it
its place in the tree), earlier versions, projections. Missing against a life through the services: the entries of the
drafts and of everything that was only looked at, which no page reads.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.clear_values import to_clear
from benchmarks.people import Staff, list_staff
from benchmarks.plan import WAYS, Planned, invented_texts, plan
from benchmarks.serving import superuser_engine
from intelhub.access import Exposure
from intelhub.app import open_house
from intelhub.audit import Entry, ObjectRef, sequence_once
from intelhub.crypto import Kek, KekScope, Vault, open_key_file
from intelhub.organisation import load_directory
from intelhub.platform import clock
from intelhub.platform.database import open_engine
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.records import actions, projection, queries, sealing
from intelhub.records.domain import Grade, Record, RecordHead, RecordState, Step, StepWords, Subject, Work
from intelhub.records.lifecycle import TRANSITIONS
from intelhub.records.models import RecordRow, RecordStepRow, RecordVersionRow
from intelhub.search import SealedIndex, SearchDocument, list_merges_due, merge_partition
from intelhub.settings import Settings
from intelhub.system import WORKER, SystemScope

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLEAR_ROWS = 10_000
_PROCESSES, _BATCH = 2, 500
_SEALED = ("content_version", "kek_id", "wrapped_dek", "head_ciphertext", "body_ciphertext", "digest")
_SEALS_AGAIN = frozenset({"evaluate", "mark_duplicate", "collate"})
_REASON = "Khớp với các tin trước về cùng đối tượng; chưa xác minh độc lập."
_Rows = list[dict[str, Any]]


class _FillingVault(Vault):
    """Asks for the newest key of a scope once: nobody rotates keys while it is filled."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._known: dict[KekScope, Kek] = {}

    def kek_for(self, session: Session, scope: KekScope) -> Kek:
        if scope not in self._known:
            self._known[scope] = super().kek_for(session, scope)
        return self._known[scope]


@dataclass(slots=True)
class _Batch:
    """Rows on their way into the tables, and the documents that go into the index."""

    records: _Rows = field(default_factory=list)
    record_versions: _Rows = field(default_factory=list)
    record_steps: _Rows = field(default_factory=list)
    audit_pending: _Rows = field(default_factory=list)
    bench_clear: _Rows = field(default_factory=list)
    documents: list[SearchDocument] = field(default_factory=list)


def create_clear_table(var: Path) -> None:
    """The table of the bare pages."""
    engine = superuser_engine(var)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS bench_clear (id uuid PRIMARY KEY, page text NOT NULL)"))
        connection.execute(text("GRANT SELECT, INSERT ON bench_clear TO intelhub_app"))
    engine.dispose()


def fill(settings: Settings, begin: int, end: int, *, leaves_to_worker: bool) -> float:
    """Bring in the records from one number up to another, with index and log; the seconds it took.

    A worker gives the log its order and seals what is new, or moves it behind tokens, and nothing waits for that. Where
    nothing is left to one, it is all done here, and counted for the planner.
    """
    started_at = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, mp_context=context) as pool:
        merges = not leaves_to_worker
        for part in [pool.submit(_fill_share, settings.var, begin, end, share, merges) for share in range(_PROCESSES)]:
            part.result()
    if not leaves_to_worker:
        _sequence(settings)
    superuser = superuser_engine(settings.var)
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT setval(pg_get_serial_sequence('records', 'pos'), max(pos)) FROM records"))
        if not leaves_to_worker:
            connection.execute(text("VACUUM ANALYZE"))
    superuser.dispose()
    return time.perf_counter() - started_at


def _sequence(settings: Settings) -> None:
    vault = Vault(open_key_file(settings.key_file, settings.passphrase_file.read_text(encoding="utf-8").strip()))
    sequencer = open_engine(settings.url_for("sequencer"), pool_size=2)
    sequence_once(sequencer, vault)
    sequencer.dispose()


def _fill_share(var: Path, begin: int, end: int, share: int, merges: bool) -> None:
    settings = Settings.load(var, {})
    house = open_house(settings, role="worker")
    vault = _FillingVault(
        open_key_file(settings.key_file, settings.passphrase_file.read_text(encoding="utf-8").strip())
    )
    staff = list_staff(open_house(settings).units)
    mine = {one.code for number, one in enumerate(staff) if number % _PROCESSES == share}
    filler = _Filler(vault=vault, units=house.units, texts=invented_texts(NOW))
    superuser = superuser_engine(var)
    wanted = (planned for planned in plan(staff, begin, end, NOW) if planned.staff.code in mine)
    for planned_batch in _in_batches(wanted):
        with Session(superuser, info={"vault": vault}) as session:
            batch = filler.seal(session, planned_batch)
            _copy(session, batch)
            session.commit()
        with house.units.begin(WORKER, SystemScope()) as session:
            for document in batch.documents:
                filler.index.write(session, document)
    superuser.dispose()
    if merges:
        _merge(house.units, share)


def _merge(units: UnitsOfWork, share: int) -> None:
    """What the worker does hourly; a partition that it or the other process has in hand is left to them."""
    with units.begin(WORKER, SystemScope()) as session:
        due = list_merges_due(session, at_least=1)
    for partition in due[share::_PROCESSES]:
        with units.begin(WORKER, SystemScope()) as session:
            merge_partition(session, partition)


def _in_batches(wanted: Iterable[Planned]) -> Iterable[list[Planned]]:
    batch: list[Planned] = []
    for one in wanted:
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass(slots=True)
class _Filler:
    vault: Vault
    units: UnitsOfWork
    texts: Sequence[Mapping[str, Any]]
    index: SealedIndex = field(default_factory=SealedIndex)
    tree: Any = None

    def seal(self, session: Session, planned: Sequence[Planned]) -> _Batch:
        """Everything that records of these plans leave in the tables."""
        batch = _Batch()
        if self.tree is None:
            self.tree = load_directory(session).ever
        for one in planned:
            self._seal_one(session, one, batch)
        return batch

    def _seal_one(self, session: Session, planned: Planned, batch: _Batch) -> None:
        staff, events = planned.staff, WAYS[planned.state]
        if planned.recipient_id is not None:
            events = (*events, "disseminate")
        begun = min(planned.learned_at + timedelta(hours=1), NOW)
        row = _row_of(planned, begun)
        fields = planned.fields(self.texts)
        head, work = _head_of(fields, planned, begun), Work()
        sealing.seal_into(session, row, row.id, head, sealing.body_of(fields, work))
        steps: list[Step] = []
        from_state = RecordState.DRAFT
        for number, event in enumerate(events):
            if event in _SEALS_AGAIN:
                batch.record_versions.append(_version_of(row))
                head, work = _worked(event, head, work, fields)
                sealing.seal_into(session, row, row.id, head, sealing.body_of(fields, work))
            actor = {"submit": staff.officer, "forward": staff.leader}.get(event, staff.analyst)
            step = Step(
                event=event,
                from_state=from_state,
                to_state=TRANSITIONS[event].to_state or from_state,
                actor_id=actor,
                unit_id=planned.unit_id,
                place="onsite",
                level=planned.level,
                row_version=number + 2,
                at=min(begun + timedelta(hours=6 * number), NOW),
                reason=_REASON if TRANSITIONS[event].needs_reason else "",
                recipient_unit_id=planned.recipient_id if event == "disseminate" else None,
            )
            from_state = step.to_state
            steps.append(step)
            batch.audit_pending.append(_entry_of(row, step))
        row.row_version = len(events) + 1
        row.updated_at = clock.to_the_hour(steps[-1].at)
        sealing.put_label_mac(session, row)
        batch.records.append(_columns(row))
        batch.record_steps.extend(_step_row(session, row, step) for step in steps)
        batch.documents.append(projection.document_of(session, row, head, fields, work))
        if planned.index < CLEAR_ROWS:
            record = Record(summary=queries.summary_of(session, row), fields=fields, work=work)
            batch.bench_clear.append({"id": row.id, "page": self._page(record, steps, staff)})

    def _page(self, record: Record, steps: Sequence[Step], staff: Staff) -> str:
        units = {record.summary.unit_id, *(step.unit_id for step in steps)}
        people = {staff.officer: "Người viết", staff.leader: "Người chuyển", staff.analyst: "Người đánh giá"}
        names = {one: self.tree.get(one).short_label("vi") for one in units}
        return to_clear(record, tuple(reversed(steps)), people=people, units=names)


def _row_of(planned: Planned, begun: datetime) -> RecordRow:
    is_taken = planned.state not in {RecordState.SUBMITTED, RecordState.RECEIVED}
    exposure = {RecordState.SUBMITTED: Exposure.UNIT, RecordState.SHARED_UP: Exposure.HEADQUARTERS}
    return RecordRow(
        id=planned.id,
        pos=planned.index + 1,
        level=planned.level,
        compartments=[],
        owning_unit_id=planned.unit_id,
        origin_department_id=planned.staff.department_id,
        author_id=planned.staff.officer,
        assignee_id=planned.staff.analyst if is_taken else None,
        handling="H2",
        exposure=int(exposure.get(planned.state, Exposure.DEPARTMENT)),
        state=str(planned.state),
        case_id=None,
        recipient_unit_ids=[planned.recipient_id] if planned.recipient_id else [],
        content_version=1,  # the draft's
        created_at=clock.to_the_hour(begun),
    )


def _head_of(fields: Mapping[str, Any], planned: Planned, begun: datetime) -> RecordHead:
    grade = Grade(source=fields["source_grade"], info=fields["info_grade"])
    return RecordHead(
        number=f"{planned.unit_code}-TT-{begun.year}-{planned.index:06d}",
        abstract=fields["abstract"],
        topic=fields["topic"],
        channel=fields["channel"],
        urgency=fields["urgency"],
        grade=grade,
        original_grade=grade,
        learned_at=planned.learned_at,
        submitted_at=begun,
    )


def _worked(event: str, head: RecordHead, work: Work, fields: Mapping[str, Any]) -> tuple[RecordHead, Work]:
    """What grading, collating and merging add to a record."""
    if event == "evaluate":
        grade = Grade(source="C", info="2")
        return replace(head, grade=grade), replace(work, grade=grade, grade_reason=_REASON)
    if event == "collate":
        return head, replace(work, entities=tuple(Subject(**one) for one in fields["subjects"][:1]))
    return head, replace(work, duplicate_of=uuid4())


def _columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _version_of(row: RecordRow) -> dict[str, Any]:
    label = {name: getattr(row, name) for name in ("level", "compartments", "origin_department_id", "author_id")}
    sealed = {name: getattr(row, name) for name in _SEALED}
    return _columns(RecordVersionRow(record_id=row.id, is_published=True, **label, **sealed))


def _step_row(session: Session, row: RecordRow, step: Step) -> dict[str, Any]:
    kept = RecordStepRow(
        id=uuid4(),
        record_id=row.id,
        row_version=step.row_version,
        event=step.event,
        from_state=str(step.from_state),
        to_state=str(step.to_state),
        actor_id=step.actor_id,
        unit_id=step.unit_id,
        place=step.place,
        level=row.level,
        compartments=list(row.compartments),
        origin_department_id=row.origin_department_id,
    )
    words = StepWords(at=step.at, reason=step.reason, recipient_unit_id=step.recipient_unit_id)
    sealing.seal_words(session, kept, words, kek_id=row.kek_id)
    return _columns(kept)


def _entry_of(row: RecordRow, step: Step) -> dict[str, Any]:
    entry = Entry(
        at=step.at,
        actor_id=step.actor_id,
        unit_id=step.unit_id,
        place=step.place,
        action=actions.MOVED[step.event],
        object_ref=ObjectRef("record", row.id),
        object_version=step.row_version,
        digest=row.digest,
        rule="filled in bulk",
        level=row.level,
    )
    return {"id": uuid4(), "entry": entry.canonical(), **entry.columns()}


def _copy(session: Session, batch: _Batch) -> None:
    """Put the rows into their tables with COPY, in the session's transaction."""
    driver = session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        for table in ("records", "record_versions", "record_steps", "audit_pending", "bench_clear"):
            rows: _Rows = getattr(batch, table)
            if rows:
                names = list(rows[0])
                with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row([row[name] for name in names])
