"""Between `Record` and `RecordRow`: the only code that turns a record's words into ciphertext and back.

Every opening first checks the label's MAC, so that a level, unit or exposure edited in SQL makes a row unreadable;
then that row version and digest are those of the newest audit entry, so that a whole row put back to an older state
is noticed; only then is anything decrypted.

What an author has not submitted is sealed as a draft: nobody makes it a published version by editing a column.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import Exposure
from intelhub.crypto import (
    ContentContext,
    KekScope,
    SealedContent,
    content_digest,
    lp,
    open_blob,
    open_part,
    open_parts,
    seal_blob,
    seal_content,
    vault_of,
)
from intelhub.platform.errors import Tampered
from intelhub.platform.messages import Message
from intelhub.records.domain import (
    Alert,
    ExportedLine,
    ExportFormat,
    ExportRequest,
    ExportState,
    Grade,
    RecordHead,
    SavedView,
    StepWords,
    Subject,
    ViewKind,
    Watch,
    Work,
)
from intelhub.records.models import (
    RecordAlertRow,
    RecordExportRow,
    RecordRow,
    RecordStepRow,
    RecordVersionRow,
    RecordViewRow,
    RecordWatchRow,
)

SCHEMA_VERSION = 1
_PUBLISHED, _DRAFTS, _STEPS = "records", "drafts", "record_steps"
_VIEWS, _VIEW_STEP = b"intelhub/records/view/v1", 1024
_WATCHES, _ALERTS = b"intelhub/records/watch/v1", b"intelhub/records/alert/v1"
_EXPORTS, _EXPORT_STEP = b"intelhub/records/export/v1", 8192
_MISFIT = "The stored data does not fit its seal. Nothing of it is shown; tell the security officer."


class Labelled(Protocol):
    """The part of a row that a key and an envelope are bound to."""

    level: Any
    compartments: Any
    origin_department_id: Any


def context_of(row: RecordRow | RecordVersionRow | RecordStepRow) -> ContentContext:
    """What the sealed parts of a stored row are bound to."""
    if isinstance(row, RecordStepRow):
        return _context(row, _STEPS, row.id, row.row_version)
    if isinstance(row, RecordVersionRow):
        return _context(row, _PUBLISHED if row.is_published else _DRAFTS, row.record_id, row.content_version)
    return _context(row, _PUBLISHED if row.exposure > Exposure.AUTHOR else _DRAFTS, row.id, row.content_version)


def _context(row: Labelled, table: str, object_id: UUID, version: int) -> ContentContext:
    return ContentContext(
        table=table,
        object_id=object_id,
        level=row.level,
        compartments=frozenset(row.compartments),
        department_id=row.origin_department_id,
        content_version=version,
        schema_version=SCHEMA_VERSION,
    )


def _kek_scope(row: Labelled) -> KekScope:
    return KekScope(level=row.level, compartments=frozenset(row.compartments), department_id=row.origin_department_id)


def seal_into(
    session: Session,
    row: RecordRow | RecordVersionRow,
    record_id: UUID,
    head: RecordHead,
    body: Mapping[str, Any],
    *,
    is_draft: bool = False,
) -> None:
    """Seal head and body into the row's next content version, under a fresh data key."""
    row.content_version = (row.content_version or 0) + 1
    kek = vault_of(session).kek_for(session, _kek_scope(row))
    sealed = seal_content(
        kek,
        _context(row, _DRAFTS if is_draft else _PUBLISHED, record_id, row.content_version),
        {"head": _dump(_head_fields(head)), "body": _dump(body)},
    )
    row.kek_id, row.wrapped_dek, row.digest = sealed.kek_id, sealed.wrapped_dek, sealed.digest
    row.head_ciphertext, row.body_ciphertext = sealed.ciphertexts["head"], sealed.ciphertexts["body"]


def _open(session: Session, row: RecordRow | RecordVersionRow, *parts: str) -> list[Any]:
    ciphertexts = {"head": row.head_ciphertext, "body": row.body_ciphertext}
    # A line shows the head alone, and a head beside an altered body is no more to be trusted than that.
    if content_digest(ciphertexts) != row.digest:
        raise Tampered(_MISFIT)
    sealed = SealedContent(kek_id=row.kek_id, wrapped_dek=row.wrapped_dek, ciphertexts=ciphertexts, digest=row.digest)
    kek = vault_of(session).kek(session, row.kek_id)
    opened = open_parts(kek, context_of(row), sealed, parts)
    return [json.loads(opened[part]) for part in parts]


def open_head(session: Session, row: RecordRow | RecordVersionRow) -> RecordHead:
    """The head of a content version; raises `Tampered`."""
    [head] = _open(session, row, "head")
    return _head(head)


def open_body(session: Session, row: RecordRow | RecordVersionRow) -> tuple[dict[str, Any], Work]:
    """The author's fields and the department's work of a content version; raises `Tampered`."""
    [body] = _open(session, row, "body")
    return body["fields"], _work(body["work"])


def open_whole(session: Session, row: RecordRow | RecordVersionRow) -> tuple[RecordHead, dict[str, Any], Work]:
    """Head, author's fields and department's work of a content version; raises `Tampered`."""
    head, body = _open(session, row, "head", "body")
    return _head(head), body["fields"], _work(body["work"])


def body_of(fields: Mapping[str, Any], work: Work) -> dict[str, Any]:
    """What is sealed as the body."""
    return {"fields": dict(fields), "work": _work_fields(work)}


def seal_words(session: Session, step: RecordStepRow, said: StepWords, *, kek_id: UUID) -> None:
    """Seal a step's exact time and words, with what its clear columns say, under the key of the record's content."""
    kek = vault_of(session).kek(session, kek_id)
    words: dict[str, Any] = {"at": said.at.isoformat(), "reason": said.reason, "facts": _facts_of(step)}
    if said.recipient_unit_id:
        words["recipient"] = said.recipient_unit_id.hex
    sealed = seal_content(kek, context_of(step), {"words": _dump(words)})
    step.kek_id, step.wrapped_dek = sealed.kek_id, sealed.wrapped_dek
    step.words_ciphertext = sealed.ciphertexts["words"]


def seal_view(session: Session, row: RecordViewRow, view: SavedView) -> None:
    """Seal a saved view into its row with the row's clear columns, bound to the row and to its person."""
    row.level, row.shared_unit_id = view.level, view.shared_unit_id
    written = {
        "name": view.name,
        "asked": view.asked,
        "removed": view.is_removed,
        "kind": view.kind.value,
        **_clear_of_view(row),
    }
    row.sealed = seal_blob(vault_of(session).derive(_VIEWS), _padded(written), context=_context_of_view(row))


def open_view(session: Session, row: RecordViewRow) -> SavedView:
    """A saved view; raises `Tampered`, for the sealed part of another row or other clear columns too."""
    opened = json.loads(open_blob(vault_of(session).derive(_VIEWS), row.sealed, context=_context_of_view(row)))
    # A view saved before searches could be has neither: it is one of the list, of level 0, and nobody else's.
    if {"level": opened.get("level", 0), "unit": opened.get("unit")} != _clear_of_view(row):
        raise Tampered(_MISFIT)
    return SavedView(
        id=row.id,
        name=opened["name"],
        asked=tuple((name, value) for name, value in opened["asked"]),
        kind=ViewKind(opened.get("kind", ViewKind.LIST)),
        level=row.level,
        owner_id=row.user_id,
        shared_unit_id=row.shared_unit_id,
        is_removed=opened["removed"],
    )


def _clear_of_view(row: RecordViewRow) -> dict[str, Any]:
    return {"level": row.level, "unit": row.shared_unit_id.hex if row.shared_unit_id else None}


def _context_of_view(row: RecordViewRow) -> bytes:
    return lp(_VIEWS, row.id.bytes, row.user_id.bytes)


def seal_watch(session: Session, row: RecordWatchRow, watch: Watch) -> None:
    """Seal what a watched search found already into its row."""
    written = {
        "known": _packed(watch.known),
        "ceiling": watch.ceiling,
        "begun": watch.has_begun,
        "wide": watch.is_too_wide,
        "looked": watch.looked_at,
        "cut": watch.cut_at,
    }
    context = lp(_WATCHES, row.view_id.bytes, row.user_id.bytes)
    row.sealed = seal_blob(vault_of(session).derive(_WATCHES), _padded(written), context=context)


def open_watch(session: Session, row: RecordWatchRow) -> Watch:
    """What a watched search found already; raises `Tampered`."""
    context = lp(_WATCHES, row.view_id.bytes, row.user_id.bytes)
    opened = json.loads(open_blob(vault_of(session).derive(_WATCHES), row.sealed, context=context))
    return Watch(
        known=frozenset(_unpacked(opened["known"])),
        ceiling=opened["ceiling"],
        has_begun=opened["begun"],
        is_too_wide=opened["wide"],
        looked_at=opened.get("looked", 3),  # of one sealed before this was kept nobody knows: the highest
        cut_at=opened.get("cut"),
    )


def seal_alert(session: Session, row: RecordAlertRow, alert: Alert) -> None:
    """Seal what was found anew into its row."""
    written = {"at": alert.found_at.isoformat(), "ids": _packed(alert.record_ids), "read": alert.is_read}
    row.sealed = seal_blob(vault_of(session).derive(_ALERTS), _padded(written), context=_context_of_alert(row))


def open_alert(session: Session, row: RecordAlertRow) -> Alert:
    """What was found anew; raises `Tampered`."""
    opened = json.loads(open_blob(vault_of(session).derive(_ALERTS), row.sealed, context=_context_of_alert(row)))
    return Alert(
        id=row.id,
        view_id=row.view_id,
        found_at=datetime.fromisoformat(opened["at"]),
        record_ids=tuple(_unpacked(opened["ids"])),
        is_read=opened["read"],
    )


def _context_of_alert(row: RecordAlertRow) -> bytes:
    return lp(_ALERTS, row.id.bytes, row.view_id.bytes, row.user_id.bytes)


def _packed(ids: Iterable[UUID]) -> str:
    return base64.b64encode(b"".join(one.bytes for one in ids)).decode()


def _unpacked(packed: str) -> Iterator[UUID]:
    joined = base64.b64decode(packed)
    return (UUID(bytes=joined[at : at + 16]) for at in range(0, len(joined), 16))


def _padded(written: Mapping[str, Any]) -> bytes:
    """In whole steps, so that a row's size tells little of what is in it."""
    dumped = _dump(written)
    return dumped.ljust(-(-len(dumped) // _VIEW_STEP) * _VIEW_STEP)


def seal_export(session: Session, row: RecordExportRow, request: ExportRequest) -> None:
    """Seal a request for an export into its row, bound to both persons, its level, its state and its version."""
    written = zlib.compress(
        _dump(
            {
                "kind": request.kind.value,
                "question": request.question,
                "reason": request.reason,
                "counts": {str(level): count for level, count in request.counts.items()},
                "lines": [[one.record_id.hex, one.content_version, one.level] for one in request.lines],
                "asked_at": request.asked_at.isoformat(),
                "decided_at": request.decided_at.isoformat() if request.decided_at else "",
                "fetched_at": request.fetched_at.isoformat() if request.fetched_at else "",
                "answer": request.answer,
                "words_level": request.words_level,
                "kept_back": request.kept_back,
                "is_cut": request.is_cut,
                "notices": [[one.msgid, _plain(one.parameters)] for one in request.notices],
            }
        )
    )
    framed = len(written).to_bytes(4, "big") + written
    padded = framed.ljust(-(-len(framed) // _EXPORT_STEP) * _EXPORT_STEP, b"\0")
    row.sealed = seal_blob(vault_of(session).derive(_EXPORTS), padded, context=_context_of_export(row))


def open_export(session: Session, row: RecordExportRow) -> ExportRequest:
    """A request for an export; raises `Tampered`, for the sealed part of another row or of an earlier state too."""
    padded = open_blob(vault_of(session).derive(_EXPORTS), row.sealed, context=_context_of_export(row))
    kept = json.loads(zlib.decompress(padded[4 : 4 + int.from_bytes(padded[:4], "big")]))
    return ExportRequest(
        id=row.id,
        user_id=row.user_id,
        approver_id=row.approver_id,
        level=row.level,
        state=ExportState(row.state),
        kind=ExportFormat(kept["kind"]),
        question=kept["question"],
        reason=kept["reason"],
        counts={int(level): count for level, count in kept["counts"].items()},
        lines=tuple(
            ExportedLine(record_id=UUID(one), content_version=version, level=level)
            for one, version, level in kept["lines"]
        ),
        asked_at=datetime.fromisoformat(kept["asked_at"]),
        decided_at=datetime.fromisoformat(kept["decided_at"]) if kept["decided_at"] else None,
        fetched_at=datetime.fromisoformat(kept["fetched_at"]) if kept["fetched_at"] else None,
        answer=kept["answer"],
        words_level=kept.get("words_level", 3),  # of one sealed before this was kept nobody knows: the highest
        kept_back=kept.get("kept_back", 0),
        is_cut=kept.get("is_cut", False),
        notices=tuple(_unsealed_message(*one) for one in kept.get("notices", ())),
    )


def _unsealed_message(msgid: str, parameters: Mapping[str, int | str]) -> Message:
    return Message(msgid, parameters)


def _plain(parameters: Mapping[str, object]) -> dict[str, int | str]:
    return {name: value if isinstance(value, int) else str(value) for name, value in parameters.items()}


def digest_of_export(row: RecordExportRow) -> bytes:
    """What the log remembers of a request's row, so that one that was put back is noticed."""
    return hashlib.sha256(lp(_context_of_export(row), row.sealed)).digest()


def _context_of_export(row: RecordExportRow) -> bytes:
    people = (row.id.bytes, row.user_id.bytes, row.approver_id.bytes)
    return lp(_EXPORTS, *people, *(str(one).encode() for one in (row.level, row.state, row.row_version)))


def open_words(session: Session, step: RecordStepRow) -> StepWords:
    """A step's exact time and words; raises `Tampered`."""
    kek = vault_of(session).kek(session, step.kek_id)
    sealed = SealedContent(
        kek_id=step.kek_id,
        wrapped_dek=step.wrapped_dek,
        ciphertexts={"words": step.words_ciphertext},
        digest=b"",
    )
    words = json.loads(open_part(kek, context_of(step), sealed, "words"))
    if words["facts"] != _facts_of(step):
        raise Tampered(_MISFIT)
    return StepWords(
        at=datetime.fromisoformat(words["at"]),
        reason=words["reason"],
        recipient_unit_id=UUID(words["recipient"]) if "recipient" in words else None,
    )


def _facts_of(step: RecordStepRow) -> dict[str, str]:
    """Whose step it is and what it was: without this, a comment could be moved to another record's timeline."""
    return {
        "record": str(step.record_id),
        "event": step.event,
        "from": step.from_state,
        "to": step.to_state,
        "actor": str(step.actor_id),
        "unit": str(step.unit_id),
        "place": step.place,
    }


def _label_fields(row: RecordRow) -> tuple[bytes, ...]:
    """Every column the decision reads, both counters and the digest."""
    values = (
        "records",
        row.id,
        row.level,
        ",".join(sorted(map(str, row.compartments))),
        row.owning_unit_id,
        row.origin_department_id,
        row.author_id,
        row.assignee_id,
        row.handling,
        row.exposure,
        row.state,
        row.case_id,
        row.content_version,
        row.row_version,
    )
    # A record that was shared with nobody is sealed as it was before records could be shared with units.
    shared = [",".join(sorted(map(str, row.recipient_unit_ids))).encode()] if row.recipient_unit_ids else []
    return (*(str(value).encode() for value in values), row.digest, *shared)


def put_label_mac(session: Session, row: RecordRow) -> None:
    """Seal the label as it stands now."""
    row.label_mac = vault_of(session).label_mac(*_label_fields(row))


def check_label_mac(session: Session, row: RecordRow) -> None:
    """Raise `Tampered` when a column the decision reads was changed outside this product."""
    vault_of(session).check_label_mac(row.label_mac, *_label_fields(row))


def _dump(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _head_fields(head: RecordHead) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: getattr(head, name) for name in ("number", "abstract", "topic", "channel", "urgency")
    }
    for name in ("learned_at", "happened_from", "happened_to", "submitted_at"):
        moment: datetime | None = getattr(head, name)
        fields[name] = moment.isoformat() if moment else None
    fields["grade"] = str(head.grade) if head.grade else None
    fields["original_grade"] = str(head.original_grade) if head.original_grade else None
    return fields


def _head(fields: dict[str, Any]) -> RecordHead:
    for name in ("learned_at", "happened_from", "happened_to", "submitted_at"):
        fields[name] = datetime.fromisoformat(fields[name]) if fields[name] else None
    fields["grade"] = _grade(fields["grade"])
    fields["original_grade"] = _grade(fields["original_grade"])
    return RecordHead(**fields)


def _grade(text: str | None) -> Grade | None:
    return Grade(source=text[0], info=text[1]) if text else None


def _work_fields(work: Work) -> dict[str, Any]:
    return {
        "grade": str(work.grade) if work.grade else None,
        "grade_reason": work.grade_reason,
        "corroborating": [str(identity) for identity in work.corroborating],
        "entities": [
            {"kind": entity.kind, "name": entity.name, "identifier": entity.identifier} for entity in work.entities
        ],
        "no_entity_reason": work.no_entity_reason,
        "duplicate_of": str(work.duplicate_of) if work.duplicate_of else None,
    }


def _work(fields: dict[str, Any]) -> Work:
    return Work(
        grade=_grade(fields["grade"]),
        grade_reason=fields["grade_reason"],
        corroborating=tuple(map(UUID, fields["corroborating"])),
        entities=tuple(Subject(**entity) for entity in fields["entities"]),
        no_entity_reason=fields["no_entity_reason"],
        duplicate_of=UUID(fields["duplicate_of"]) if fields["duplicate_of"] else None,
    )
