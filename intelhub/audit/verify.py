"""Verifying the log in its database: every leaf, number, column, checkpoint and the tree; it changes nothing, ever."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, text
from sqlalchemy.orm import Session

from intelhub.audit.entry import EntryDamaged, parse_entry
from intelhub.audit.merkle import Frontier, leaf_hash
from intelhub.audit.models import AuditCheckpoint, AuditEntry, AuditTree
from intelhub.audit.note import Checkpoint, NoteKey, NoteRejected, open_checkpoint
from intelhub.crypto import verify_checkpoint
from intelhub.platform import clock
from intelhub.platform.messages import Message

MAX_FINDINGS: Final = 100
LATE_SECONDS: Final = 5.0
"""How long an entry may wait for its place in the tree before readiness turns red."""

_AT_ONCE = 2000
_COPIED = (
    "at",
    "actor_id",
    "unit_id",
    "place",
    "action",
    "object_kind",
    "object_id",
    "object_version",
    "digest",
    "shown",
    "decision",
    "rule",
    "level",
    "request_id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not hold; it concerns the entries from `first` to `last`, when it concerns entries."""

    what: Message
    first: int | None = None
    last: int | None = None

    def __str__(self) -> str:
        return str(self.what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a look at the whole log found: `size` entries, their root, and everything that does not hold.

    `findings` are at most 100, in the order of the entries; `found` counts all of them.
    """

    origin: str
    size: int
    root: bytes
    checkpoints: int
    last_checkpoint: Checkpoint | None
    findings: tuple[Finding, ...]
    found: int
    waiting: int
    oldest_waiting_seconds: float | None

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.found

    @property
    def is_late(self) -> bool:
        """Whether entries wait longer than they should: the sequencer does not run."""
        return (self.oldest_waiting_seconds or 0.0) > LATE_SECONDS

    @property
    def first_broken(self) -> int | None:
        """The number of the first entry that does not hold, if the findings name any."""
        return min((each.first for each in self.findings if each.first is not None), default=None)


def verify_log(reader: Session | Connection, public_key: bytes, *, seen: str | None = None) -> Verification:
    """Verify everything with the log's public key (32 bytes), and against a checkpoint `seen` earlier if there is one.

    The reader must be allowed to see every entry (the worker's role, or an auditor): a row that it may not see counts
    as missing. Reads in steps of 2,000 entries; safe beside a running sequencer.
    """
    return _Verifier(reader, public_key, seen).run()


@dataclass(frozen=True, slots=True)
class _Expected:
    """A checkpoint whose root must come out when the tree has its size."""

    checkpoint: Checkpoint
    is_seen: bool = False

    @property
    def size(self) -> int:
        return self.checkpoint.size


@dataclass(slots=True)
class _Verifier:
    reader: Session | Connection
    public_key: bytes
    seen: str | None
    findings: list[Finding] = field(default_factory=list)
    found: int = 0
    frontier: Frontier = field(default_factory=Frontier)
    are_roots_known: bool = True
    size: int = 0
    proven: int = 0
    """The size of the newest checkpoint whose root came out: a later mismatch lies behind it."""
    checkpoints: int = 0
    last_checkpoint: Checkpoint | None = None

    def run(self) -> Verification:
        tree = self.reader.execute(select(AuditTree.origin, AuditTree.size, AuditTree.frontier)).one_or_none()
        if tree is None:
            self._find(Message("The row that says how far the tree reaches is missing."))
        key = NoteKey.of_log(tree.origin if tree else "", self.public_key)
        self._read_entries(heapq.merge(self._signed(key), self._kept(key), key=lambda each: each.size))
        if tree is not None:
            self._check_edge()
        waiting, oldest = self._backlog()
        return Verification(
            origin=key.name,
            size=self.size,
            root=self.frontier.root(),
            checkpoints=self.checkpoints,
            last_checkpoint=self.last_checkpoint,
            findings=tuple(sorted(self.findings, key=lambda each: (each.first is None, each.first or 0))),
            found=self.found,
            waiting=waiting,
            oldest_waiting_seconds=None if oldest is None else (clock.now() - oldest).total_seconds(),
        )

    def _find(self, what: Message, first: int | None = None, last: int | None = None) -> None:
        if any(str(each) == str(what) for each in self.findings):
            return  # noticed in two ways
        self.found += 1
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(what=what, first=first, last=last if last is not None else first))

    # Checkpoints

    def _signed(self, key: NoteKey) -> Iterator[_Expected]:
        """The stored checkpoints whose signature holds, in the order of their sizes."""
        after = -1
        # What is signed from now on is about entries that this look may not meet.
        newest = self.reader.execute(select(func.coalesce(func.max(AuditCheckpoint.size), 0))).scalar_one()
        while rows := self.reader.execute(
            select(AuditCheckpoint.size, AuditCheckpoint.root, AuditCheckpoint.note)
            .where(AuditCheckpoint.size > after, AuditCheckpoint.size <= newest)
            .order_by(AuditCheckpoint.size)
            .limit(_AT_ONCE)
        ).all():
            for row in rows:
                self.checkpoints += 1
                checkpoint = self._opened(row.size, row.root, row.note, key)
                # One that says another size would come out of order; it was found already.
                if checkpoint is not None and checkpoint.size == row.size:
                    self.last_checkpoint = checkpoint
                    yield _Expected(checkpoint)
            after = rows[-1].size

    def _opened(self, size: int, root: bytes, note: str, key: NoteKey) -> Checkpoint | None:
        try:
            checkpoint = open_checkpoint(note, key, verify_checkpoint)
        except NoteRejected as problem:
            self._find(
                Message(
                    "The checkpoint of %(size)d entries is forged or was changed: %(reason)s.",
                    {"size": size, "reason": str(problem)},
                )
            )
            return None
        if (checkpoint.size, checkpoint.root) != (size, root):
            self._find(
                Message(
                    "The checkpoint of %(size)d entries stands beside a size or root it does not say.", {"size": size}
                )
            )
        return checkpoint

    def _kept(self, key: NoteKey) -> Iterator[_Expected]:
        """The checkpoint that somebody kept from earlier, if there is one and it is this log's."""
        if self.seen is None:
            return
        try:
            yield _Expected(open_checkpoint(self.seen, key, verify_checkpoint), is_seen=True)
        except NoteRejected as problem:
            self._find(
                Message(
                    "The checkpoint kept from earlier is not one of this log: %(reason)s.", {"reason": str(problem)}
                )
            )

    # Entries

    def _read_entries(self, expected: Iterator[_Expected]) -> None:
        upcoming = self._check_roots(next(expected, None), expected)
        number = 0
        for row in self._rows():
            if row.seq != number:
                self._find(_missing(number, row.seq - 1), number, row.seq - 1)
                self.are_roots_known = False
            self.size = number = row.seq + 1
            self._check_entry(row)
            if self.are_roots_known:
                self.frontier = self.frontier.extended((row.leaf_hash,))
                upcoming = self._check_roots(upcoming, expected)
        longest = max((each.size for each in itertools.chain([upcoming], expected) if each), default=0)
        if longest > number:
            self._find(_missing(number, longest - 1), number, longest - 1)

    def _check_roots(self, upcoming: _Expected | None, expected: Iterator[_Expected]) -> _Expected | None:
        """Check every checkpoint of the size the tree has now; returns the next one."""
        while upcoming is not None and upcoming.size == self.frontier.size and self.are_roots_known:
            self._check_root(upcoming)
            upcoming = next(expected, None)
        return upcoming

    def _rows(self) -> Iterator[Row[Any]]:
        columns = [getattr(AuditEntry, name) for name in ("seq", "entry", "leaf_hash", *_COPIED)]
        after = -1
        while True:
            rows = self.reader.execute(
                select(*columns).where(AuditEntry.seq > after).order_by(AuditEntry.seq).limit(_AT_ONCE)
            ).all()
            if not rows:
                return
            yield from rows
            after = rows[-1].seq

    def _check_entry(self, row: Row[Any]) -> None:
        number: int = row.seq
        if leaf_hash(row.entry) != row.leaf_hash:
            self._find(Message("Entry %(number)d does not fit its hash: it was changed.", {"number": number}), number)
        try:
            columns = parse_entry(row.entry).columns()
        except EntryDamaged as damage:
            self._find(
                Message("Entry %(number)d is damaged: %(reason)s.", {"number": number, "reason": str(damage)}), number
            )
            return
        wrong = [name for name in _COPIED if getattr(row, name) != columns[name]]
        if wrong:
            self._find(
                Message(
                    "Entry %(number)d says something else than its columns: %(columns)s.",
                    {"number": number, "columns": ", ".join(wrong)},
                ),
                number,
            )

    def _check_root(self, expected: _Expected) -> None:
        size = expected.size
        if self.frontier.root() == expected.checkpoint.root:
            self.proven = size
            return
        first, last = min(self.proven, max(size - 1, 0)), max(size - 1, 0)
        between = {"first": first, "last": last}
        if expected.is_seen:
            found = Message("Entries %(first)d to %(last)d are not those of the checkpoint kept from earlier.", between)
        else:
            found = Message(
                "Entries %(first)d to %(last)d are not those that were signed: one was changed or exchanged.", between
            )
        self._find(found, first, last)
        # Every later root differs because of the same entries: saying it again would hide what else is wrong.
        self.are_roots_known = False

    def _check_edge(self) -> None:
        # One statement, one snapshot: the sequencer may be appending.
        row = self.reader.execute(
            select(
                AuditTree.size,
                AuditTree.frontier,
                select(AuditEntry.seq).order_by(AuditEntry.seq.desc()).limit(1).scalar_subquery().label("newest"),
            )
        ).one()
        held = -1 if row.newest is None else row.newest
        if row.size > held + 1:
            self._find(_missing(held + 1, row.size - 1), held + 1, row.size - 1)
        elif row.size < held + 1:
            self._find(
                Message("Entries from %(first)d on stand in the log but not in its tree.", {"first": row.size}),
                row.size,
                held,
            )
        elif row.size == self.frontier.size and self.are_roots_known and row.frontier != self.frontier.packed():
            first, last = min(self.proven, max(row.size - 1, 0)), max(row.size - 1, 0)
            self._find(
                Message(
                    "Entries %(first)d to %(last)d are not those from which the tree was made.",
                    {"first": first, "last": last},
                ),
                first,
                last,
            )

    def _backlog(self) -> tuple[int, datetime | None]:
        # It returns one row of two numbers about everybody's entries: there is nothing to filter.
        statement = text("SELECT waiting, oldest FROM intelhub_audit_backlog()")
        row = self.reader.execute(statement, execution_options={"unscoped": "two numbers, no entry"}).one()
        return row.waiting, row.oldest


def _missing(first: int, last: int) -> Message:
    if first == last:
        return Message("Entry %(first)d is missing.", {"first": first})
    return Message("Entries %(first)d to %(last)d are missing.", {"first": first, "last": last})
