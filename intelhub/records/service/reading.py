"""Reading records: logged before revealed, and nothing shown that does not fit its seal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import Label, require
from intelhub.audit import ObjectRef, record_act
from intelhub.platform.actor import Actor
from intelhub.records import actions, queries, sealing
from intelhub.records.domain import ListOrder, Record, RecordHead, RecordState, RecordSummary, Step
from intelhub.records.index_reader import ask_index
from intelhub.records.models import RecordRow, RecordStepRow, RecordVersionRow
from intelhub.records.queries import ListFilter, Page, label_of
from intelhub.search import SearchRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published version of a record's words, at the level they were sealed at."""

    number: int
    level: int
    head: RecordHead
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRecord:
    """A record as its page shows it: the timeline and the earlier published versions newest first."""

    record: Record
    label: Label
    timeline: tuple[Step, ...]
    versions: tuple[Version, ...]

    @property
    def newest(self) -> Version:
        """The record as it stands, as one more version."""
        line = self.record.summary
        return Version(number=line.content_version, level=line.level, head=line.head, fields=self.record.fields)


def read_record(actor: Actor, session: Session, record_id: UUID) -> Record:
    """Open a record for somebody who may read it; raises `NotFound`, or `Tampered` when it does not fit its seal."""
    row = queries.get_row(actor, session, record_id)
    require(actor, "read", label_of(row))
    queries.check_not_rolled_back(session, row)
    return _opened(actor, session, row)


def open_record(actor: Actor, session: Session, record_id: UUID) -> OpenedRecord:
    """Open a record with everything that happened to it; raises as `read_record` does, for its parts too."""
    whole = queries.get_whole(actor, session, record_id)
    # A record that came down still shows what was written above, to those who may read it there.
    record = _opened(actor, session, whole.row, shown=(*whole.steps, *whole.versions))
    return OpenedRecord(
        record=record,
        label=label_of(whole.row),
        timeline=_timeline(session, whole.steps),
        # Opened although the page shows the newest alone: one that was touched raises the alarm at the first look.
        versions=tuple(_version(session, row) for row in whole.versions),
    )


def _opened(
    actor: Actor, session: Session, row: RecordRow, *, shown: Sequence[RecordStepRow | RecordVersionRow] = ()
) -> Record:
    """Decide, write down, decrypt: in this order."""
    decision = require(actor, "read", label_of(row))
    record_act(
        actor,
        session,
        actions.READ,
        object=ObjectRef("record", row.id),
        object_version=row.row_version,
        rule=decision.rule,
        level=max((row.level, *(part.level for part in shown))),
    )
    head, fields, work = sealing.open_whole(session, row)
    return Record(summary=queries.line_of(row, head), fields=fields, work=work)


def show_list(
    actor: Actor,
    session: Session,
    wanted: ListFilter,
    *,
    order: ListOrder = ListOrder.NEWEST,
    after: UUID | None = None,
    before: UUID | None = None,
    limit: int = queries.PAGE,
) -> Page:
    """A page of lines, written into the audit log as one entry with the ids it shows."""
    page = queries.list_records(actor, session, wanted, order=order, after=after, before=before, limit=limit)
    log_shown(actor, session, page.lines)
    return page


def log_shown(actor: Actor, session: Session, lines: Sequence[RecordSummary]) -> None:
    """Write down which records a page shows, and raise the alarm for those that do not fit their seal."""
    raise_alarm(actor, session, lines)
    if lines:
        record_act(
            actor,
            session,
            actions.LISTED,
            shown=[line.id for line in lines][:50],
            level=max(line.level for line in lines),
        )


def raise_alarm(actor: Actor, session: Session, lines: Sequence[RecordSummary]) -> None:
    """Write an entry for each line that does not fit its seal or the log."""
    for line in lines:
        if line.is_damaged:
            record_act(
                actor,
                session,
                actions.TAMPER_FOUND,
                object=ObjectRef("record", line.id),
                decision="deny",
                rule="Tampered",
                level=line.level,
            )


def raise_index_alarm(actor: Actor, session: Session) -> None:
    """Write that a part of the search index does not fit its seal and was left out of an answer."""
    record_act(actor, session, actions.TAMPER_FOUND, decision="deny", rule="search_partition")


@dataclass(frozen=True, slots=True)
class Related:
    """Other records about the same subjects; not `is_whole` where the index could not be asked for all of them."""

    lines: tuple[RecordSummary, ...] = ()
    is_whole: bool = True


def list_related(actor: Actor, session: Session, record: Record, *, limit: int = 8) -> Related:
    """Other records about the same subjects that this actor may read: what a grade may rest on."""
    subjects = [
        *record.fields.get("subjects", ()),
        *({"identifier": e.identifier, "name": e.name} for e in record.work.entities),
    ]
    words = {subject["identifier"] or subject["name"] for subject in subjects} - {""}
    if not words:
        return Related()
    question = " OR ".join(f'"{word.replace(chr(34), " ")}"' for word in sorted(words)[:12])
    request = SearchRequest(text=question, limit=limit + 1, with_snippets=False)
    answer = ask_index(session, request)
    if answer.damaged:
        raise_index_alarm(actor, session)
    wanted = [hit.record_id for hit in answer.hits if hit.record_id != record.id]
    found = queries.list_by_ids(actor, session, wanted)[:limit]
    log_shown(actor, session, found)
    return Related(found, answer.is_whole)


def list_overtaken(
    actor: Actor, session: Session, chosen: Mapping[UUID, int]
) -> tuple[tuple[RecordSummary, tuple[Step, ...]], ...]:
    """The readable ones among chosen records that moved on since they were shown, with what happened since."""
    lines = [line for line in queries.list_by_ids(actor, session, chosen) if line.row_version != chosen[line.id]]
    log_shown(actor, session, lines)
    return tuple(
        (line, tuple(step for step in list_timeline(actor, session, line.id) if step.row_version > chosen[line.id]))
        for line in lines
        if not line.is_damaged
    )


def list_timeline(actor: Actor, session: Session, record_id: UUID) -> tuple[Step, ...]:
    """What happened to a readable record, newest first."""
    return _timeline(session, queries.list_steps(actor, session, record_id))


def _timeline(session: Session, rows: Sequence[RecordStepRow]) -> tuple[Step, ...]:
    return tuple(step_of(session, row) for row in reversed(rows))


def step_of(session: Session, row: RecordStepRow) -> Step:
    """A step with its words opened; raises `Tampered`."""
    words = sealing.open_words(session, row)
    return Step(
        event=row.event,
        from_state=RecordState(row.from_state),
        to_state=RecordState(row.to_state),
        actor_id=row.actor_id,
        unit_id=row.unit_id,
        place=row.place,
        level=row.level,
        row_version=row.row_version,
        at=words.at,
        reason=words.reason,
        recipient_unit_id=words.recipient_unit_id,
    )


def list_published(actor: Actor, session: Session, record_id: UUID) -> tuple[Version, ...]:
    """The earlier published versions of a readable record, newest first."""
    return tuple(_version(session, row) for row in queries.list_versions(actor, session, record_id))


def _version(session: Session, row: RecordVersionRow) -> Version:
    head, fields, _ = sealing.open_whole(session, row)
    return Version(number=row.content_version, level=row.level, head=head, fields=fields)
