"""One piece of the index, opened in memory: SQLite FTS5 over folded words, with the original text beside it.

It never touches a file: temporary tables and sorters stay in memory too, or words would lie in a temporary folder.
Only committed, masked and filtered rows leave it; the access filter is part of each statement, not a step behind it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID, uuid4

from intelhub.search.document import (
    Entry,
    Partition,
    SearchDocument,
    Tombstone,
    from_microseconds,
    newest_of_each,
    to_microseconds,
)
from intelhub.search.engine import Cursor, RowFilter
from intelhub.search.fullness import wants_all
from intelhub.search.matching import Checked, indexed_words, is_word, needs_check, to_match
from intelhub.search.nearness import near
from intelhub.search.query import Node

_SCHEMA = """
CREATE TABLE docs (
    id INTEGER PRIMARY KEY, record BLOB NOT NULL, version INTEGER NOT NULL, unit BLOB, author BLOB,
    exposure INTEGER, state TEXT, at INTEGER, dead INTEGER NOT NULL
);
CREATE INDEX docs_record ON docs (record);
CREATE TABLE stored (id INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE VIRTUAL TABLE fts USING fts5 (title, body, ids, facets, content='', tokenize='ascii', detail='full');
"""
# A part that was sealed before records could be shared with units has no such table.
_RECIPIENTS = """
CREATE TABLE IF NOT EXISTS recipients (row INTEGER, unit BLOB, PRIMARY KEY (row, unit)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS recipients_unit ON recipients (unit);
"""
_IN_MEMORY = "PRAGMA temp_store = MEMORY; PRAGMA journal_mode = MEMORY; PRAGMA cache_size = -8000;"
_MASKED = "CREATE TEMP TABLE masked (id INTEGER PRIMARY KEY)"
_VOCABULARY = "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, fts, row)"
_STEPS_BETWEEN_LOOKS = 2_000
_FROM = "FROM fts f CROSS JOIN docs d ON d.id = f.rowid"
_HIT = "-d.at, d.record, -d.version, d.id"
_ROW = 3  # where the row stands in it
_LIVE = "d.dead = 0 AND d.id NOT IN (SELECT id FROM temp.masked)"


class TookTooLong(Exception):
    """The time set for one question is used up."""


class Found(NamedTuple):
    """A row that matched; sorts newest first."""

    minus_at: int
    record: bytes
    minus_version: int
    row: int

    @property
    def record_id(self) -> UUID:
        """The record behind it."""
        return UUID(bytes=self.record)

    @property
    def row_version(self) -> int:
        """At which version of its row the record was indexed."""
        return -self.minus_version

    @property
    def occurred_at(self) -> datetime:
        """The time that orders it."""
        return from_microseconds(-self.minus_at)


@dataclass(frozen=True, slots=True)
class BoundFilter:
    """An access filter as SQLite takes it, made once for the many segments of a question."""

    clause: str
    parameters: tuple[Any, ...]

    @classmethod
    def of(cls, access: RowFilter) -> BoundFilter:
        """Bind a filter; one that says nothing lets nothing through."""
        clause, parameters = access.sql()
        if not clause.strip():
            return cls("0", ())
        return cls(f"({clause})", tuple(value.bytes if isinstance(value, UUID) else value for value in parameters))

    def sql(self) -> tuple[str, tuple[Any, ...]]:
        """The condition and its parameters."""
        return self.clause, self.parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One question to one partition; `deadline` is a reading of `time.monotonic()`."""

    tree: Node
    access: RowFilter
    not_before: datetime | None = None
    not_after: datetime | None = None
    deadline: float = float("inf")


class Segment:
    """A part of a partition in memory, safe to share between threads: sealed ones are sorted, the tail grows."""

    def __init__(self, partition: Partition, *, segment_id: UUID | None = None, image: bytes | None = None) -> None:
        self.id = segment_id or uuid4()
        self.partition = partition
        self.size = len(image) if image else 0
        self.settled_with: dict[UUID, int] = {}
        self._is_sorted = image is not None
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        weakref.finalize(self, self._connection.close)
        if image is not None:
            self._connection.deserialize(image)
        self._connection.executescript(_IN_MEMORY)
        if image is None:
            self._connection.executescript(_SCHEMA)
        self._connection.executescript(_RECIPIENTS)
        self._connection.execute(_MASKED)
        self._connection.execute(_VOCABULARY)
        self._known: tuple[int, str] = (0, "")
        self._last: int = self._one("SELECT coalesce(max(id), 0) FROM docs")
        self._last_alive: int = self._one("SELECT coalesce(max(id), 0) FROM docs WHERE dead = 0")

    def __len__(self) -> int:
        return int(self._last)

    @classmethod
    def image_of(cls, partition: Partition, entries: Iterable[Entry]) -> bytes:
        """Build the image of a sealed segment; of each record only its newest version goes in."""
        newest = newest_of_each(entries)
        if any(entry.partition != partition for entry in newest):
            raise ValueError("a segment holds one partition, or its key would open another's words")
        segment = cls(partition)
        with segment._lock:
            connection = segment._connection
            connection.execute("BEGIN")
            for entry in sorted(newest, key=_sealed_order):
                segment._insert(entry)
            connection.execute("INSERT INTO fts (fts) VALUES ('optimize')")
            connection.execute("COMMIT")  # serialize() before the commit would lose everything without an error
            connection.execute("VACUUM")
            return connection.serialize()

    def span_of_time(self) -> tuple[datetime, datetime] | None:
        """The oldest and the newest time of its documents, or `None` when it has none."""
        with self._lock:
            oldest, newest = self._connection.execute("SELECT min(at), max(at) FROM docs").fetchone()
        return None if oldest is None else (from_microseconds(oldest), from_microseconds(newest))

    def add(self, entries: Iterable[Entry]) -> None:
        """Let the tail grow; older versions of the same records in it are masked."""
        with self._lock:
            self._connection.execute("BEGIN")
            for entry in entries:
                self._insert(entry)
            self._connection.execute("COMMIT")

    def versions(self, *, since: int = 0) -> list[tuple[bytes, int]]:
        """Records with their versions behind row `since`, in the order of rows."""
        with self._lock:
            return self._connection.execute(
                "SELECT record, version FROM docs WHERE id > ? ORDER BY id", (since,)
            ).fetchall()

    def newer_than(self, versions: Mapping[UUID, int]) -> Iterator[UUID]:
        """The records of which a newer version than this one, or their end, lies here."""
        if not len(self):
            return
        marks = ", ".join("?" * len(versions))
        sql = f"SELECT record, max(version) FROM docs WHERE record IN ({marks}) GROUP BY record"  # noqa: S608 - marks
        with self._lock:
            rows = self._connection.execute(sql, [record.bytes for record in versions]).fetchall()
        for record, version in rows:
            if version > versions[UUID(bytes=record)]:
                yield UUID(bytes=record)

    def supersede(self, versions: Iterable[tuple[bytes, int]], *, equal_too: bool) -> list[tuple[bytes, int]]:
        """Mask what is older than these (or equal); gives back what is newer here, so that it is masked there."""
        newer: list[tuple[bytes, int]] = []
        with self._lock:
            for record, version in versions:
                rows = self._connection.execute("SELECT id, version FROM docs WHERE record = ?", (record,))
                for row, own in rows.fetchall():
                    if own < version or (equal_too and own == version):
                        self._mask(row)
                    elif own > version:
                        newer.append((record, own))
        return newer

    def newest(self, plan: Plan, *, limit: int, after: Cursor | None = None) -> list[Found]:
        """Up to `limit` hits, newest first, behind the cursor."""
        clause, parameters = self._conditions(plan, after)
        sql = f"SELECT {_HIT} {_FROM} WHERE {clause} ORDER BY {self._order}"
        return [Found(*row) for row in self._fetched(plan, sql, parameters, limit)]

    def fullest(self, plan: Plan, parts: Sequence[Node], *, limit: int) -> list[tuple[int, Found]]:
        """Up to `limit` hits with how many parts of the question each lacks: the fullest first, of these the newest.

        FTS5's own measure is not asked for: how rare it takes a word to be hangs on what this reader may not read.
        """
        if not parts or wants_all(plan.tree):
            return [(0, found) for found in self.newest(plan, limit=limit)]
        clause, parameters = self._conditions(plan, None)
        with self._lock:
            asked = [to_match(part, lambda folded: self._near(folded, plan.deadline)) for part in parts]
        within = "SELECT rowid AS holding FROM fts WHERE fts MATCH ? AND rowid BETWEEN ? AND ?"
        held = " UNION ALL ".join([within] * len(asked))
        span = self._span(plan, None) if self._is_sorted else (1, len(self))
        sql = (
            f"SELECT {_HIT}, ? - count(held.holding) AS lacking {_FROM} "
            f"LEFT JOIN ({held}) held ON held.holding = d.id "
            f"WHERE {clause} GROUP BY d.id ORDER BY lacking, {self._order}"
        )
        told = (one for each in asked for one in (each, *span))
        rows = self._fetched(plan, sql, [len(asked), *told, *parameters], limit)
        return [(lacking, Found(*found)) for *found, lacking in rows]

    def among(self, plan: Plan, records: Sequence[UUID]) -> list[Found]:
        """Those of these records that the reader may see, in no order."""
        access, parameters = _access(plan.access)
        marks = ", ".join("?" * len(records))
        sql = (
            f"SELECT {_HIT} FROM docs d "  # noqa: S608 - built from our own words alone
            f"WHERE d.record IN ({marks}) AND {_LIVE} AND {access}"
        )
        found = (*(record.bytes for record in records), *parameters)
        with self._lock:
            return [Found(*row) for row in self._bounded(plan.deadline, sql, found)]

    def count(self, plan: Plan, *, most: int) -> int:
        """How many rows this reader may see match, counted no further than `most`."""
        clause, parameters = self._conditions(plan, None)
        sql = f"SELECT count(*) FROM (SELECT 1 {_FROM} WHERE {clause} LIMIT ?)"  # noqa: S608 - our own words alone
        with self._lock:
            return int(next(self._bounded(plan.deadline, sql, (*parameters, most)))[0])

    def document(self, row: int) -> SearchDocument:
        """The document in a row, with its original texts."""
        with self._lock:
            return cast("SearchDocument", self._entry(row))

    def entries(self) -> Iterator[Entry]:
        """Everything that is not masked, tombstones included, for merging."""
        with self._lock:
            rows = self._connection.execute("SELECT id FROM docs WHERE id NOT IN (SELECT id FROM temp.masked)")
            ids = [row for (row,) in rows]
        for row in ids:
            with self._lock:
                entry = self._entry(row)
            yield entry

    def _insert(self, entry: Entry) -> None:
        rows = self._connection.execute("SELECT id, version FROM docs WHERE record = ?", (entry.record_id.bytes,))
        is_newest = True
        for row, version in rows.fetchall():
            if version <= entry.row_version:
                self._mask(row)
            else:
                is_newest = False
        self._last += 1
        if not is_newest:
            self._mask(self._last)
        if isinstance(entry, Tombstone):
            self._connection.execute(
                "INSERT INTO docs VALUES (?, ?, ?, NULL, NULL, NULL, NULL, NULL, 1)",
                (self._last, entry.record_id.bytes, entry.row_version),
            )
            return
        self._connection.execute(
            "INSERT INTO docs VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (
                self._last,
                entry.record_id.bytes,
                entry.row_version,
                entry.unit_id.bytes,
                entry.author_id.bytes,
                entry.exposure,
                entry.state,
                to_microseconds(entry.occurred_at),
            ),
        )
        shared = [(self._last, unit.bytes) for unit in entry.recipient_unit_ids]
        self._connection.executemany("INSERT INTO recipients VALUES (?, ?)", shared)
        kept = [entry.title, entry.texts, entry.identifiers, {name: list(v) for name, v in entry.facets.items()}]
        packed = zlib.compress(json.dumps(kept, ensure_ascii=False).encode("utf-8", "surrogatepass"), 6)
        self._connection.execute("INSERT INTO stored VALUES (?, ?)", (self._last, packed))
        indexed = indexed_words(entry)
        self._connection.execute(
            "INSERT INTO fts (rowid, title, body, ids, facets) VALUES (?, ?, ?, ?, ?)",
            (self._last, indexed.title, indexed.body, indexed.ids, indexed.facets),
        )

    def _mask(self, row: int) -> None:
        self._connection.execute("INSERT OR IGNORE INTO temp.masked VALUES (?)", (row,))

    def _entry(self, row: int) -> Entry:
        record, version, unit, author, exposure, state, at, dead = self._connection.execute(
            "SELECT record, version, unit, author, exposure, state, at, dead FROM docs WHERE id = ?", (row,)
        ).fetchone()
        if dead:
            return Tombstone(record_id=UUID(bytes=record), row_version=version, partition=self.partition)
        packed = self._one("SELECT packed FROM stored WHERE id = ?", row)
        units = self._connection.execute("SELECT unit FROM recipients WHERE row = ?", (row,)).fetchall()
        title, texts, ids, facets = json.loads(zlib.decompress(packed).decode("utf-8", "surrogatepass"))
        return SearchDocument(
            record_id=UUID(bytes=record),
            row_version=version,
            partition=self.partition,
            unit_id=UUID(bytes=unit),
            author_id=UUID(bytes=author),
            exposure=exposure,
            state=state,
            occurred_at=from_microseconds(at),
            title=title,
            texts=tuple(texts),
            identifiers=tuple(ids),
            facets={name: tuple(values) for name, values in facets.items()},
            recipient_unit_ids=frozenset(UUID(bytes=unit) for (unit,) in units),
        )

    def _near(self, folded: str, deadline: float) -> list[str]:
        """The words of this part that may be meant; raises `TookTooLong`. A sealed part lists its words once."""
        upto, listed = self._known
        if upto != self._last:
            rows = self._bounded(deadline, "SELECT term FROM temp.vocabulary", ())
            # One text: as single words a vocabulary would take ten times the memory of the part it is of.
            listed = "\n".join(term for (term,) in rows if is_word(term))
            self._known = (self._last, listed)
        if time.monotonic() > deadline:
            raise TookTooLong
        return near(folded, listed.split("\n")) if listed else []

    def _conditions(self, plan: Plan, after: Cursor | None) -> tuple[str, list[Any]]:
        access, access_parameters = _access(plan.access)
        clauses = ["fts MATCH ?", _LIVE, access]
        with self._lock:
            expression = to_match(plan.tree, lambda folded: self._near(folded, plan.deadline))
        parameters: list[Any] = [expression, *access_parameters]
        if plan.not_before is not None:
            clauses.append("d.at >= ?")
            parameters.append(to_microseconds(plan.not_before))
        if plan.not_after is not None:
            clauses.append("d.at <= ?")
            parameters.append(to_microseconds(plan.not_after))
        if after is not None:
            at = to_microseconds(after.occurred_at)
            clauses.append("(d.at < ? OR (d.at = ? AND d.record > ?))")
            parameters += [at, at, after.record_id.bytes]
        if self._is_sorted:
            first, last = self._span(plan, after)
            clauses.append("f.rowid BETWEEN ? AND ?")
            parameters += [first, last]
        return " AND ".join(clauses), parameters

    def _span(self, plan: Plan, after: Cursor | None) -> tuple[int, int]:
        """The rows a sealed segment need look at: it lies sorted, so times and cursors become row numbers."""
        first, last = 1, self._last_alive
        with self._lock:
            newest = min(
                (to_microseconds(moment) for moment in (plan.not_after, after and after.occurred_at) if moment),
                default=None,
            )
            if newest is not None:
                first = self._first_row_where(lambda at: at <= newest)
            if plan.not_before is not None:
                oldest = to_microseconds(plan.not_before)
                last = self._first_row_where(lambda at: at < oldest) - 1
        return first, last

    def _first_row_where(self, is_reached: Callable[[int], bool]) -> int:
        low, high = 1, self._last_alive + 1
        while low < high:
            middle = (low + high) // 2
            if is_reached(self._one("SELECT at FROM docs WHERE id = ?", middle)):
                high = middle
            else:
                low = middle + 1
        return low

    @property
    def _order(self) -> str:
        """The newest first; the rows of a sealed segment lie so."""
        return "f.rowid" if self._is_sorted else "d.at DESC, d.record"

    def _fetched(self, plan: Plan, sql: str, parameters: list[Any], limit: int) -> list[tuple[Any, ...]]:
        with self._lock:
            if not needs_check(plan.tree):
                return list(self._bounded(plan.deadline, f"{sql} LIMIT ?", (*parameters, limit)))
            found: list[tuple[Any, ...]] = []
            for row in self._bounded(plan.deadline, sql, parameters):
                document = cast("SearchDocument", self._entry(row[_ROW]))
                if Checked(document).fits(plan.tree):
                    found.append(row)
                    if len(found) == limit:
                        break
            return found

    def _bounded(self, deadline: float, sql: str, parameters: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """Run a statement that stops by itself at the deadline; raises `TookTooLong`."""
        if time.monotonic() > deadline:
            raise TookTooLong
        self._connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
        try:
            yield from self._connection.execute(sql, parameters)
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            raise TookTooLong from None
        finally:
            self._connection.set_progress_handler(None, 0)

    def _one(self, sql: str, *parameters: Any) -> Any:
        return self._connection.execute(sql, parameters).fetchone()[0]


def _access(access: RowFilter) -> tuple[str, tuple[Any, ...]]:
    bound = access if isinstance(access, BoundFilter) else BoundFilter.of(access)
    return bound.sql()


def _sealed_order(entry: Entry) -> tuple[bool, int, bytes]:
    """Newest first, tombstones last: row numbers then stand for times."""
    if isinstance(entry, Tombstone):
        return True, 0, entry.record_id.bytes
    return False, -to_microseconds(entry.occurred_at), entry.record_id.bytes
