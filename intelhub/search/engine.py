"""The protocol every search engine keeps, and the values that go in and out of it.

An engine answers with ids and snippets it kept itself; whoever shows them first reads every hit again through the
row scope. No engine ever counts: totals and facets come from what was read again.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.platform.messages import Message
from intelhub.search.deadline import Deadline
from intelhub.search.document import Partition, SearchDocument, from_microseconds, to_microseconds
from intelhub.search.query import Facet, Fuzzy, Prefix

MOST_RANKED = 1000


class RowCondition(Protocol):
    """What is asked of a row; what is `None` is not asked."""

    @property
    def author(self) -> UUID | None:
        """Who wrote it."""
        ...

    @property
    def other_than(self) -> UUID | None:
        """Who did not."""
        ...

    @property
    def units(self) -> frozenset[UUID] | None:
        """One of these units owns it."""
        ...

    @property
    def recipients(self) -> frozenset[UUID] | None:
        """It was shared with one of these units."""
        ...

    @property
    def exposure(self) -> int:
        """It is exposed at least so far."""
        ...


class RowFilter(Protocol):
    """A condition over the columns `author`, `unit` and `exposure` and the table `recipients` of `unit` and `row`."""

    def sql(self) -> tuple[str, Any]:
        """It in SQLite's words and what its question marks stand for, ids as UUIDs."""
        ...


class PartitionFilter(RowFilter, Protocol):
    """What of one partition a reader may see."""

    @property
    def stages(self) -> Sequence[Sequence[RowCondition]]:
        """Each must be met by one of its conditions."""
        ...

    def admits(self, author: UUID, unit: UUID, recipients: Collection[UUID], exposure: int) -> bool:
        """Whether a row is let through."""
        ...


class ReadFilter(Protocol):
    """The access decision compiled for the index; `intelhub.access` makes it."""

    def for_partition(self, level: int, compartments: frozenset[UUID], department_id: UUID) -> PartitionFilter | None:
        """The filter inside a partition, or `None` when nothing in it is for this reader."""
        ...


class Order(StrEnum):
    """In which order hits come."""

    NEWEST = "newest"
    RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last hit of a page ordered by newest: the next page starts behind it."""

    occurred_at: datetime
    record_id: UUID

    def encode(self) -> str:
        """24 bytes as URL-safe text; it names a record, so whoever puts it on a page seals it first."""
        packed = to_microseconds(self.occurred_at).to_bytes(8, "big", signed=True) + self.record_id.bytes
        return base64.urlsafe_b64encode(packed).decode()

    @classmethod
    def decode(cls, encoded: str) -> Cursor | None:
        """The cursor again, or `None` when the text is none."""
        try:
            packed = base64.b64decode(encoded, altchars=b"-_", validate=True)
            moment = from_microseconds(int.from_bytes(packed[:8], "big", signed=True))
            return cls(moment, UUID(bytes=packed[8:]))
        except (binascii.Error, ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """One question: what was typed, and what was chosen beside it.

    `facets` narrows: values of one name are alternatives, names add up. `not_before` and `not_after` are inclusive.
    `identifiers` narrows to what holds one of these, in their one spelling, and each hit says which; at most a hundred,
    for a server takes no more than some thousand clauses. `among` asks which of these records answer, in the order
    given (the further pages of a search by relevance). `until` is when looking ends, where several
    questions share the time of one request. By relevance and with a `limit` of 0, words are counted
    and nothing is found. `words_level` is the level of what the words were taken from: no search server is told them
    for records of a lower level.
    """

    text: str = ""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    order: Order = Order.NEWEST
    limit: int = 25
    after: Cursor | None = None
    among: tuple[UUID, ...] | None = None
    with_snippets: bool = True
    words_level: int = 0
    until: Deadline | None = None

    @property
    def is_time_spent(self) -> bool:
        """Whether nothing more may be asked on account of this question."""
        return self.until is not None and self.until.is_past


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of original text and whether it is a hit; pages mark it, nothing here knows HTML."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What a page shows of a hit: its title and a stretch of its text."""

    title: tuple[Piece, ...] = ()
    snippet: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A record that answers, at the version the index knows.

    Read it again through the row scope; where its row has moved past `row_version`, show no title or snippet of this.
    `mark` works these two out when they are asked for: most hits are only counted. `spells` says whether all that was
    typed with diacritics stands there with just these.
    """

    record_id: UUID
    row_version: int
    occurred_at: datetime
    mark: Callable[[], Marked] = Marked
    spells: Callable[[], bool] = field(default=lambda: True, compare=False)
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()

    @property
    def title(self) -> tuple[Piece, ...]:
        """The title in pieces."""
        return self.mark().title

    @property
    def snippet(self) -> tuple[Piece, ...]:
        """The stretch of text in pieces."""
        return self.mark().snippet

    @property
    def cursor(self) -> Cursor:
        """Where the page behind this hit begins."""
        return Cursor(self.occurred_at, self.record_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """The hits of one page in order, and what the reader should know about them.

    `is_whole` says that everything was looked through, and nothing that fits is missing but for what was asked. Where
    it is not, a notice says why, and what is not among the hits may be there all the same. `damaged` names partitions
    left out because a part of them does not fit its seal: raise the alarm, rebuild them.

    `next` is there when more may follow by newest. `ranking` holds all ids (at most 1,000) of a search by relevance.
    `counts` says, where nothing was to be found, in how many readable documents each word stands, by folded spelling
    and at most 1,000; of those behind flat tokens it counts along a sample.
    """

    hits: tuple[Hit, ...]
    is_whole: bool
    next: Cursor | None = None
    ranking: tuple[UUID, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[Message, ...] = ()
    damaged: tuple[Partition, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A record at the version that holds a proposed word; `spell` says how it is spelt there, empty if in no text."""

    record_id: UUID
    row_version: int
    spell: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A folded word and the newest records it stands in; show it after one of them was read again."""

    word: str
    records: tuple[Standing, ...]


class SearchIndex(Protocol):
    """What records need of a search engine."""

    def write(self, session: Session, document: SearchDocument, *, left: Partition | None = None) -> None:
        """Index a document in the caller's transaction; `left` is the partition it moved out of, if it moved."""
        ...

    def remove(self, session: Session, *, record_id: UUID, row_version: int, partition: Partition) -> None:
        """Take a record out of a partition in the caller's transaction."""
        ...

    def search(self, session: Session, reader: ReadFilter, request: SearchRequest) -> SearchAnswer:
        """Answer from everything committed that the reader may read."""
        ...

    def propose(
        self, session: Session, reader: ReadFilter, asked: Prefix | Fuzzy | Facet, *, most: int, until: Deadline | None
    ) -> list[Proposal]:
        """At most so many words that begin so, or are near, out of the newest documents that the reader may read.

        As with hits, read one of its records again before a word is shown. `until` as in a request.
        """
        ...
