"""Every question asked of the log: searching it, the newest state of an object, and how the chain stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, text
from sqlalchemy.orm import Session

from intelhub.audit.entry import Decision, Entry, EntryDamaged, ObjectRef, parse_entry
from intelhub.audit.merkle import Frontier, leaf_hash
from intelhub.audit.models import AuditCheckpoint, AuditEntry, AuditPending, AuditTree
from intelhub.audit.verify import LATE_SECONDS
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound

MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What an auditor looks for; what is None does not narrow. Times are half open: from `since`, before `until`.

    `object_id` also finds the lists and result pages that showed the object.
    """

    actor_id: UUID | None = None
    unit_id: UUID | None = None
    object_id: UUID | None = None
    action: str | None = None
    decision: Decision | None = None
    request_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEntry:
    """An entry with its number in the tree; `is_intact` is false when bytes, hash and columns do not agree."""

    seq: int
    entry: Entry
    is_intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """A page of entries, newest first; `next_before` fetches the next one and is None on the last."""

    entries: tuple[LoggedEntry, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedDigest:
    """What the log last said about an object: its version after the act, and the digest of its content (32 bytes)."""

    object_version: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStatus:
    """How the chain stands now; `is_late` means that the sequencer does not keep up or does not run."""

    origin: str
    size: int
    root: bytes
    signed_size: int
    signed_at: datetime | None
    note: str | None
    waiting: int
    oldest_waiting_seconds: float | None

    @property
    def is_late(self) -> bool:
        """Whether an entry has waited more than five seconds for its place."""
        return (self.oldest_waiting_seconds or 0.0) > LATE_SECONDS


def search_entries(
    _actor: Actor, session: Session, criteria: Criteria, *, before: int | None = None, limit: int = 50
) -> EntryPage:
    """The newest entries that fit, below number `before`; only what row-level security shows this actor."""
    limit = min(max(limit, 1), MAX_PAGE)
    statement = select(AuditEntry).where(*_conditions(criteria)).order_by(AuditEntry.seq.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(AuditEntry.seq < before)
    rows = session.scalars(statement).all()
    return EntryPage(
        entries=tuple(_logged(row) for row in rows[:limit]),
        next_before=rows[limit - 1].seq if len(rows) > limit else None,
    )


def get_entry(_actor: Actor, session: Session, seq: int) -> LoggedEntry:
    """The entry with this number; raises `NotFound` when there is none for this actor."""
    row = session.scalars(select(AuditEntry).where(AuditEntry.seq == seq)).one_or_none()
    if row is None:
        raise NotFound
    return _logged(row)


def newest_digest(session: Session, object_id: UUID) -> LoggedDigest | None:
    """The highest version of an object that any entry names, with its digest, waiting entries included.

    By version before time: a reader who logs the version he saw while somebody saves the next one must not make the
    older one look like the newest. None when the log never spoke of the object (to this actor).
    """
    waiting = session.execute(_newest_first(AuditPending, AuditPending.pos, object_id)).first()
    placed = session.execute(_newest_first(AuditEntry, AuditEntry.seq, object_id)).first()
    found = [
        LoggedDigest(object_version=row.object_version, digest=row.digest)
        for row in (waiting, placed)
        if row is not None and row.object_version is not None and row.digest is not None
    ]
    # Of equal versions the waiting one is newer: `max` keeps the first.
    return max(found, key=lambda each: each.object_version, default=None)


def get_chain_status(session: Session) -> ChainStatus:
    """How far the tree reaches, what was signed last, and how long the oldest entry has been waiting.

    Needs no actor: readiness asks it too. Raises `NotFound` when the log was never set up.
    """
    tree = session.execute(select(AuditTree.origin, AuditTree.size, AuditTree.frontier)).one_or_none()
    if tree is None:
        raise NotFound
    signed = session.execute(
        select(AuditCheckpoint.size, AuditCheckpoint.signed_at, AuditCheckpoint.note)
        .order_by(AuditCheckpoint.size.desc())
        .limit(1)
    ).first()
    backlog = session.execute(
        text("SELECT waiting, oldest FROM intelhub_audit_backlog()"),
        execution_options={"unscoped": "two numbers, no entry"},
    ).one()
    return ChainStatus(
        origin=tree.origin,
        size=tree.size,
        root=Frontier.unpacked(tree.size, tree.frontier).root(),
        signed_size=signed.size if signed else 0,
        signed_at=signed.signed_at if signed else None,
        note=signed.note if signed else None,
        waiting=backlog.waiting,
        oldest_waiting_seconds=None if backlog.oldest is None else (clock.now() - backlog.oldest).total_seconds(),
    )


def _conditions(criteria: Criteria) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (AuditEntry.actor_id, criteria.actor_id),
            (AuditEntry.unit_id, criteria.unit_id),
            (AuditEntry.action, criteria.action),
            (AuditEntry.decision, criteria.decision),
            (AuditEntry.request_id, criteria.request_id),
        )
        if value is not None
    ]
    if criteria.object_id is not None:
        # The first half repeats the condition of the partial index, word for word, or the planner passes it by.
        shown = and_(text("audit_entries.shown <> '{}'"), AuditEntry.shown.contains([criteria.object_id]))
        wanted.append(or_(AuditEntry.object_id == criteria.object_id, shown))
    if criteria.since is not None:
        wanted.append(AuditEntry.at >= criteria.since)
    if criteria.until is not None:
        wanted.append(AuditEntry.at < criteria.until)
    return wanted


def _newest_first(
    table: type[AuditPending | AuditEntry], order: Any, object_id: UUID
) -> Select[int | None, bytes | None]:
    return (
        select(table.object_version, table.digest)
        .where(table.object_id == object_id, table.digest.is_not(None))
        .order_by(table.object_version.desc(), order.desc())
        .limit(1)
    )


def _logged(row: AuditEntry) -> LoggedEntry:
    try:
        entry = parse_entry(row.entry)
    except EntryDamaged:
        return LoggedEntry(seq=row.seq, entry=_from_columns(row), is_intact=False)
    agree = all(getattr(row, name) == value for name, value in entry.columns().items())
    return LoggedEntry(seq=row.seq, entry=entry, is_intact=agree and leaf_hash(row.entry) == row.leaf_hash)


def _from_columns(row: AuditEntry) -> Entry:
    """What the columns say of an entry whose bytes cannot be read any more."""
    is_about = row.object_kind is not None and row.object_id is not None
    return Entry(
        at=row.at,
        actor_id=row.actor_id,
        unit_id=row.unit_id,
        place=row.place,
        action=row.action,
        object_ref=ObjectRef(row.object_kind or "", row.object_id or UUID(int=0)) if is_about else None,
        object_version=row.object_version,
        digest=row.digest,
        decision="deny" if row.decision == "deny" else "allow",
        rule=row.rule,
        level=row.level,
        request_id=row.request_id,
    )
