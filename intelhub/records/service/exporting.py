"""Exports above the first level: one asks, another agrees, and the one who asked fetches them once.

What was agreed to is a list of records at their texts and levels. What is fetched is read again with the rights of that
moment, and is never more than the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from intelhub.access import Label, Person, list_people_who_may, may
from intelhub.audit import ObjectRef, newest_digests, record_act
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.errors import Conflict, NotFound, NotPermitted, RuleRefused, Tampered
from intelhub.platform.messages import Message
from intelhub.records import actions, export_queries, queries, sealing
from intelhub.records.domain import (
    OPEN_EXPORTS,
    ExportedLine,
    ExportFormat,
    ExportRequest,
    ExportState,
    RecordSummary,
)
from intelhub.records.models import RecordExportRow
from intelhub.records.queries import ListFilter
from intelhub.records.saved_view_queries import let_one_at_a_time
from intelhub.records.service.reading import raise_alarm
from intelhub.records.service.searching import describe_question
from intelhub.records.service.taking_along import OF_EXPORTS, Export, Selection, list_takeable, log_exported
from intelhub.search import SearchRequest

LIVES = timedelta(hours=24)
"""How long a request waits for an answer, and an approved one to be fetched."""

LONGEST_REASON = 500
MOST_OPEN = 5
"""How many requests of one person wait at a time."""

_NOBODY = UUID(int=0)


def list_approvers(actor: Actor, session: Session, lines: Iterable[RecordSummary]) -> tuple[Person, ...]:
    """Who else may agree that all of these records leave, if they sat at their desk now."""
    found: dict[UUID, Person] | None = None
    for label in {_label_of(line) for line in lines}:
        those = {one.id: one for one in list_people_who_may(actor, session, "approve_export", label)}
        found = those if found is None else {one: found[one] for one in found if one in those}
        if not found:
            return ()
    others = (person for person in (found or {}).values() if person.id != actor.user_id)
    return tuple(sorted(others, key=lambda person: person.sort_key))


def _label_of(line: RecordSummary) -> Label:
    """What a decision may know of a line; which one it is and who wrote it changes nothing about agreeing."""
    return Label(
        kind="record", object_id=_NOBODY, level=line.level, compartments=frozenset(line.compartments),
        owning_unit_id=line.unit_id, origin_department_id=line.department_id, author_id=_NOBODY,
        recipient_unit_ids=frozenset(line.recipient_unit_ids),
        handling=line.handling, exposure=line.exposure, state="",
    )  # fmt: skip


def ask_for_export(
    actor: Actor,
    session: Session,
    request: SearchRequest,
    selection: Selection,
    *,
    kind: ExportFormat,
    reason: str,
    approver_id: UUID | None,
) -> UUID:
    """Ask somebody to agree to an export.

    Raises `RuleRefused` for no reason, for somebody who may not agree to all, and when too many wait already.
    """
    written = _checked(reason)
    _check_room(actor, session)
    if approver_id not in {person.id for person in list_approvers(actor, session, selection.lines)}:
        said = Message("Choose somebody who may agree to all of it.")
        raise RuleRefused(said, rule="no_approver", fields={"approver": (said,)})
    asked = ExportRequest(
        id=uuid4(),
        user_id=actor.user_id,
        approver_id=approver_id,
        level=selection.level,
        state=ExportState.ASKED,
        kind=kind,
        question=describe_question(request),
        reason=written,
        counts=selection.counts,
        lines=tuple(
            ExportedLine(record_id=line.id, content_version=line.content_version, level=line.level)
            for line in selection.lines
        ),
        asked_at=clock.now(),
        words_level=actor.ceiling,
        kept_back=selection.kept_back,
        is_cut=selection.is_cut,
        notices=selection.notices,
    )
    row = RecordExportRow(
        id=asked.id, user_id=asked.user_id, approver_id=asked.approver_id, level=asked.level, state="", row_version=0,
        created_at=clock.to_the_hour(asked.asked_at), sealed=b"",
    )  # fmt: skip
    session.add(row)
    _put(actor, session, row, asked, actions.EXPORT_ASKED, {**asked.question, "reason": written})
    return asked.id


def list_requests(actor: Actor, session: Session) -> tuple[ExportRequest, ...]:
    """Requests that this person made or is asked to agree to: those that wait first, then the newest.

    One that does not fit its seal is an alarm.
    """
    requests = _list_opened(actor, session, export_queries.list_export_rows(actor, session))
    return tuple(sorted(requests, key=lambda one: (one.state in OPEN_EXPORTS, one.asked_at), reverse=True))


def _list_opened(actor: Actor, session: Session, rows: Iterable[RecordExportRow]) -> list[ExportRequest]:
    requests = []
    for row in rows:
        try:
            requests.append(_let_lapse(actor, session, row))
        except Tampered:
            _raise_alarm(actor, session, row.id)
    return requests


def _let_lapse(actor: Actor, session: Session, row: RecordExportRow) -> ExportRequest:
    """A request as it stands; one whose time is over is put so, without the list of its records."""
    request = _opened(session, row)
    if request.state is not ExportState.LAPSED or row.state == ExportState.LAPSED:
        return request
    row = export_queries.get_export_row(actor, session, row.id, for_update=True)  # the other person may be as far
    request = _opened(session, row)
    if request.state is ExportState.LAPSED and row.state != ExportState.LAPSED:
        _put(actor, session, row, request, actions.EXPORT_LAPSED)
    return request


def _check_room(actor: Actor, session: Session) -> None:
    let_one_at_a_time(actor, session)
    mine = _list_opened(actor, session, export_queries.list_own_open_rows(actor, session))
    if sum(one.state in OPEN_EXPORTS for one in mine) >= MOST_OPEN:
        raise RuleRefused(
            Message(
                "You have %(count)d requests that wait. Fetch one that was agreed to, or wait for an answer.",
                {"count": MOST_OPEN},
            ),
            rule="open_exports",
        )


def get_request(actor: Actor, session: Session, export_id: UUID) -> ExportRequest:
    """A request, logged as shown; raises `NotFound`, or `Tampered` when it does not fit its seal or the log."""
    found = _let_lapse(actor, session, export_queries.get_export_row(actor, session, export_id))
    record_act(actor, session, actions.EXPORT_SHOWN, object=ObjectRef(OF_EXPORTS, export_id), level=found.level)
    return found


def is_for_me(actor: Actor, session: Session, request: ExportRequest) -> bool:
    """Whether this person may agree now to every record that is asked for, and so be told what was searched and why."""
    ids = [one.record_id for one in request.lines]
    if actor.user_id != request.approver_id or not ids:
        return False
    lines = queries.list_by_ids(actor, session, ids)
    raise_alarm(actor, session, lines)
    sound = {line.id for line in lines if not line.is_damaged}
    matching = queries.find_matching(actor, session, ids, [ListFilter(may=("approve_export",))])
    return set(ids) <= sound & matching


def approve_export(actor: Actor, session: Session, export_id: UUID) -> None:
    """Agree to an export; raises `NotFound`, `Conflict` unless it waits, `NotPermitted` without all the rights."""
    row, request = _for_decision(actor, session, export_id)
    if not is_for_me(actor, session, request):
        raise NotPermitted(
            "You may not agree to every record in this export. Decline it, so that another can be asked."
        )
    agreed = replace(request, state=ExportState.APPROVED, decided_at=clock.now())
    _put(actor, session, row, agreed, actions.EXPORT_APPROVED)


def decline_export(actor: Actor, session: Session, export_id: UUID, reason: str) -> None:
    """Decline an export with a reason; raises as `approve_export` does, and `RuleRefused` without a reason."""
    row, request = _for_decision(actor, session, export_id)
    answer = _checked(reason)
    declined = replace(request, state=ExportState.DECLINED, decided_at=clock.now(), answer=answer, lines=())
    _put(actor, session, row, declined, actions.EXPORT_DECLINED, {"reason": answer})


def fetch_export(actor: Actor, session: Session, export_id: UUID) -> tuple[ExportRequest, Export]:
    """Take an approved export along, once: what of it this person may still take, unchanged since it was agreed to.

    Raises `NotFound` for whoever did not ask, `Conflict` unless it is approved, `RuleRefused` when nothing is left.
    """
    row = export_queries.get_export_row(actor, session, export_id, for_update=True)
    request = _opened(session, row)
    if request.user_id != actor.user_id or not may(actor, "record.export"):
        raise NotFound
    if request.state is not ExportState.APPROVED:
        raise Conflict("This export is not there to be fetched.", rule="export_state")
    found, _ = list_takeable(actor, session, (one.record_id for one in request.lines))
    agreed = {one.record_id: (one.content_version, one.level) for one in request.lines}
    lines = tuple(line for line in found if agreed.get(line.id) == (line.content_version, line.level))
    if not lines:
        said = Message("Nothing of this may be exported by you any more.")
        raise RuleRefused(said, rule="nothing_to_export")
    selection = Selection(
        lines=lines,
        kept_back=request.kept_back + len(request.lines) - len(lines),
        is_cut=request.is_cut,
        notices=request.notices,
    )
    export = Export(id=request.id, at=clock.now(), selection=selection, approver_id=request.approver_id)
    fetched = replace(request, state=ExportState.FETCHED, fetched_at=export.at, lines=())
    _put(actor, session, row, fetched, actions.EXPORTED)
    log_exported(actor, session, export, dict(request.question))
    return request, export


def _for_decision(actor: Actor, session: Session, export_id: UUID) -> tuple[RecordExportRow, ExportRequest]:
    row = export_queries.get_export_row(actor, session, export_id, for_update=True)
    request = _opened(session, row)
    if request.approver_id != actor.user_id or actor.user_id == request.user_id:
        raise NotPermitted("Somebody else is asked to agree to this export.")
    if request.state is not ExportState.ASKED:
        raise Conflict("This export does not wait for an answer any more.", rule="export_state")
    return row, request


def _opened(session: Session, row: RecordExportRow) -> ExportRequest:
    """A request as it stands: one that was put back does not fit the log, and one whose time is over has lapsed."""
    newest = newest_digests(session, [row.id]).get(row.id)
    if newest is None or (newest.object_version, newest.digest) != (row.row_version, sealing.digest_of_export(row)):
        raise Tampered("This request does not fit what the audit log says of it. It is not shown; the alarm is raised.")
    request = sealing.open_export(session, row)
    since = request.decided_at or request.asked_at
    if request.state in OPEN_EXPORTS and clock.now() - since > LIVES:
        return replace(request, state=ExportState.LAPSED, lines=())
    return request


def _put(
    actor: Actor,
    session: Session,
    row: RecordExportRow,
    request: ExportRequest,
    action: str,
    sensitive: dict[str, object] | None = None,
) -> None:
    """Seal a request's next state into its row, and let the log remember it."""
    row.state, row.row_version = request.state.value, row.row_version + 1
    sealing.seal_export(session, row, request)
    session.flush()
    record_act(
        actor,
        session,
        action,
        object=ObjectRef(OF_EXPORTS, row.id),
        object_version=row.row_version,
        digest=sealing.digest_of_export(row),
        level=row.level,
        sensitive=sensitive,
    )


def _raise_alarm(actor: Actor, session: Session, export_id: UUID) -> None:
    record_act(
        actor, session, actions.TAMPER_FOUND, object=ObjectRef(OF_EXPORTS, export_id), decision="deny", rule=OF_EXPORTS
    )


def _checked(reason: str) -> str:
    written = " ".join(reason.encode("utf-8", "replace").decode().split())
    if not written:
        raise _no_reason(Message("State a reason."))
    if len(written) > LONGEST_REASON:
        raise _no_reason(Message("A reason has at most %(count)d letters.", {"count": LONGEST_REASON}))
    return written


def _no_reason(said: Message) -> RuleRefused:
    return RuleRefused(said, rule="reason_missing", fields={"reason": (said,)})
