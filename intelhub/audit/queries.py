"""Every question asked of the log: searching it, the newest state of an object, and how the chain stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, text
from sqlalchemy.orm import Session

from intelhub.audit.entry import Decision, Entry, EntryDamaged, ObjectRef, parse_entry
from intelhub.audit.merkle import Frontier, leaf_hash
from intelhub.audit.models import AuditCheckpoint, AuditEntry, AuditPending, AuditTree
from intelhub.audit.reference import ids_of_reference
from intelhub.audit.verify import LATE_SECONDS
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound

MAX_PAGE: Final = 200
_MOST_OF_ONE_REFERENCE: Final = 10
_LISTS_LOOKED_THROUGH: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What an auditor looks for; what is None does not narrow. Times are half open: from `since`, before `until`.

    `object_ids` also finds the lists and result pages that showed one of the objects; an empty one finds nothing.
    """

    actor_id: UUID | None = None
    unit_id: UUID | None = None
    object_ids: tuple[UUID, ...] | None = None
    action: str | None = None
    decision: Decision | None = None
    rule: str | None = None
    request_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEntry:
    """An entry with its number in the tree, its bytes and their hash as they are kept (32 bytes).

    `is_intact` is false when bytes, hash and columns do not agree.
    """

    seq: int
    entry: Entry
    written: bytes
    leaf_hash: bytes
    is_intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """A page of entries, newest first; `next_before` fetches the older one, `next_after` the newer, if there is any."""

    entries: tuple[LoggedEntry, ...]
    next_before: int | None
    next_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedDigest:
    """What the log last said about an object: its version after the act, and the digest of its content (32 bytes)."""

    object_version: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStatus:
    """How the chain stands now; `is_late` means that the sequencer does not keep up or does not run.

    Without `root` the row that says how far the tree reaches is missing, or its size and hashes do not fit.
    """

    origin: str
    size: int
    root: bytes | None
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
    _actor: Actor,
    session: Session,
    criteria: Criteria,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> EntryPage:
    """The newest entries that fit, below number `before`, or those next above number `after`; newest first.

    Only what row-level security shows this actor.
    """
    limit = min(max(limit, 1), MAX_PAGE)
    statement = select(AuditEntry).where(*_conditions(criteria)).limit(limit + 1)
    if after is not None:
        rows = session.scalars(statement.where(AuditEntry.seq > after).order_by(AuditEntry.seq)).all()
        entries = tuple(_logged(row) for row in reversed(rows[:limit]))
        newest = entries[0].seq if entries else after
        return EntryPage(
            entries=entries,
            next_before=entries[-1].seq if entries else after + 1,
            next_after=newest if len(rows) > limit else None,
        )
    if before is not None:
        statement = statement.where(AuditEntry.seq < before)
    rows = session.scalars(statement.order_by(AuditEntry.seq.desc())).all()
    return EntryPage(
        entries=tuple(_logged(row) for row in rows[:limit]),
        next_before=rows[limit - 1].seq if len(rows) > limit else None,
        next_after=None if before is None else (rows[0].seq if rows else before - 1),
    )


def list_objects(_actor: Actor, session: Session, reference: str) -> tuple[UUID, ...]:
    """The objects of a short reference that the log speaks of: one as a rule, none, or (very rarely) several.

    One that never stood in an entry of its own is looked for in the newest 2,000 lists and result pages.
    """
    first, last = ids_of_reference(reference)
    named = (
        select(AuditEntry.object_id)
        .where(AuditEntry.object_id.between(first, last))
        .distinct()
        .order_by(AuditEntry.object_id)
        .limit(_MOST_OF_ONE_REFERENCE)
    )
    found = tuple(one for one in session.scalars(named) if one is not None)
    if found:
        return found
    lists = (
        select(AuditEntry.shown)
        .where(text("audit_entries.shown <> '{}'"))
        .order_by(AuditEntry.seq.desc())
        .limit(_LISTS_LOOKED_THROUGH)
        .subquery()
    )
    each = select(func.unnest(lists.c.shown).label("id")).subquery()
    shown = select(each.c.id).where(each.c.id.between(first, last)).distinct().limit(_MOST_OF_ONE_REFERENCE)
    return tuple(session.scalars(shown))


def open_refusals(session: Session, unit_ids: Collection[UUID]) -> None:
    """Let this transaction see what was refused to people of these units, beside whatever it may see already."""
    units = func.set_config("intelhub.refusal_units", ",".join(sorted(str(one) for one in unit_ids)), True)
    session.execute(select(units), execution_options={"unscoped": "names the units whose refusals may be seen"})


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

    Needs no actor: readiness asks it too. Never raises for what stands in the tables: this is where it is shown.
    """
    tree = session.execute(select(AuditTree.origin, AuditTree.size, AuditTree.frontier)).one_or_none()
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
        origin=tree.origin if tree else "",
        size=tree.size if tree else 0,
        root=_root_of(tree.size, tree.frontier) if tree else None,
        signed_size=signed.size if signed else 0,
        signed_at=signed.signed_at if signed else None,
        note=signed.note if signed else None,
        waiting=backlog.waiting,
        oldest_waiting_seconds=None if backlog.oldest is None else (clock.now() - backlog.oldest).total_seconds(),
    )


def _root_of(size: int, packed: bytes) -> bytes | None:
    try:
        return Frontier.unpacked(size, packed).root()
    except ValueError:
        return None


def _conditions(criteria: Criteria) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (AuditEntry.actor_id, criteria.actor_id),
            (AuditEntry.unit_id, criteria.unit_id),
            (AuditEntry.action, criteria.action),
            (AuditEntry.decision, criteria.decision),
            (AuditEntry.rule, criteria.rule),
            (AuditEntry.request_id, criteria.request_id),
        )
        if value is not None
    ]
    if criteria.object_ids == ():
        wanted.append(false())
    elif criteria.object_ids is not None:
        # The first half repeats the condition of the partial index, word for word, or the planner passes it by.
        shown = and_(text("audit_entries.shown <> '{}'"), AuditEntry.shown.overlap(list(criteria.object_ids)))
        wanted.append(or_(AuditEntry.object_id.in_(criteria.object_ids), shown))
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
        is_intact = leaf_hash(row.entry) == row.leaf_hash
        is_intact &= all(getattr(row, name) == value for name, value in entry.columns().items())
    except EntryDamaged:
        entry, is_intact = _from_columns(row), False
    return LoggedEntry(seq=row.seq, entry=entry, written=row.entry, leaf_hash=row.leaf_hash, is_intact=is_intact)


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
