"""The sealed engine: partitions as sealed segments in PostgreSQL, opened in memory, with a tail for what is new.

It answers only from partitions the reader's filter opens, and inside them only rows the filter lets through. A part
that does not fit its seal is left out together with its partition, because what it masked would come back otherwise.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, vault_of
from intelhub.platform.errors import Unavailable
from intelhub.platform.messages import Message
from intelhub.search import store
from intelhub.search.analysis import spot_identifiers
from intelhub.search.deadline import Deadline
from intelhub.search.document import Partition, SearchDocument, Tombstone
from intelhub.search.engine import (
    MOST_RANKED,
    Order,
    PartitionFilter,
    Proposal,
    ReadFilter,
    SearchAnswer,
    SearchRequest,
)
from intelhub.search.gathering import Gathering
from intelhub.search.open_segments import DEFAULT_BUDGET, OpenSegments, SegmentGone
from intelhub.search.proposing import propose
from intelhub.search.query import Facet, Fuzzy, Node, Prefix, Query, once_each, parse_query
from intelhub.search.segment import BoundFilter, Segment, TookTooLong
from intelhub.search.tail import LivePartitions, View

REBUILDING = Message("A part of the index is being rebuilt; some records may be missing from these results.")
TOO_LONG = Message("The search took too long and was stopped; narrow it by more words or a field.")
MORE_MAY_ANSWER = Message(
    "More records may answer than were looked through; narrow the search by more words or a field."
)
_MOST_ATTEMPTS = 5
_LOOKED_THROUGH = 100  # documents a round, out of which words are proposed

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A partition that the reader's filter opens, and what is asked of each row in it."""

    view: View
    access: PartitionFilter


@dataclass(slots=True)
class Attempt:
    """One question on its way: what was found, the parts it was found in, and why something is missing from it.

    Whatever leaves something out puts a partition into `damaged` or a reason into `notices`, and nothing else does.
    """

    gathering: Gathering
    parts: dict[Partition, list[Segment]] = field(default_factory=dict)
    damaged: list[Partition] = field(default_factory=list)
    notices: list[Message] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing that fits was left out."""
        return not (self.damaged or self.notices)


class SealedIndex:
    """One a process, made after it has forked and shared by its threads; `memory` bounds open segments in bytes."""

    def __init__(self, *, memory: int = DEFAULT_BUDGET, seconds: float = 5.0) -> None:
        self._live = LivePartitions()
        self._segments = OpenSegments(memory)
        self._seconds = seconds

    def write(self, session: Session, document: SearchDocument, *, left: Partition | None = None) -> None:
        """Index a document in the caller's transaction; `left` is the partition it moved out of, if it moved."""
        store.insert_entry(session, vault_of(session), with_spotted_identifiers(document))
        if left is not None and left != document.partition:
            self.remove(session, record_id=document.record_id, row_version=document.row_version, partition=left)

    def remove(self, session: Session, *, record_id: UUID, row_version: int, partition: Partition) -> None:
        """Take a record out of a partition in the caller's transaction."""
        gone = Tombstone(record_id=record_id, row_version=row_version, partition=partition)
        store.insert_entry(session, vault_of(session), gone)

    def search(self, session: Session, reader: ReadFilter, request: SearchRequest) -> SearchAnswer:
        """Answer from everything committed that the reader may read; nothing typed makes it raise.

        Raises `Unavailable` when merges keep taking segments away, which a repeated search gets past.
        """
        query = parse_query(request.text)
        # What is new to this process is opened before anything is asked, and its time is not the question's: whoever
        # asks first after a start would else be told that it took too long.
        deadline = Deadline.in_seconds(self._seconds, within=request.until)
        for _ in range(_MOST_ATTEMPTS):
            attempt = Attempt(Gathering(query, request, deadline))
            try:
                with deadline.opening():
                    opened = self._opened(session, reader)
                self._gather(session, request, attempt, opened)
            except SegmentGone:
                continue
            return self._answer(request, attempt, query.notices)
        raise Unavailable("The search index is being rewritten; please search again.")

    def propose(
        self, session: Session, reader: ReadFilter, asked: Prefix | Fuzzy | Facet, *, most: int, until: Deadline | None
    ) -> list[Proposal]:
        """Words that begin so, or are near, out of the newest documents that the reader may read.

        What there is no time for, or what a merge takes away meanwhile, is left out.
        """
        opened = self._opened(session, reader)
        ends_at = Deadline.in_seconds(self._seconds, within=until).at
        request = SearchRequest(limit=_LOOKED_THROUGH, with_snippets=False)

        def find(tree: Node) -> list[SearchDocument]:
            attempt = Attempt(Gathering(Query(tree), request, Deadline(ends_at, lends=0.0)))
            try:
                self._gather(session, request, attempt, opened)
            except SegmentGone:
                return []
            return [place.checked().document for place in attempt.gathering.in_order()[0]]

        return propose(asked, find, most=most, until=ends_at)

    def _opened(self, session: Session, reader: ReadFilter) -> list[Opened]:
        """The partitions that the reader's filter opens, as of now."""
        return [
            Opened(view, access)
            for view in self._live.refresh(session, vault_of(session))
            if (access := reader.for_partition(*_label_of(view.partition))) is not None
        ]

    def _gather(self, session: Session, request: SearchRequest, attempt: Attempt, opened: Sequence[Opened]) -> None:
        """Ask every opened partition; what is wrong with one stands in the attempt."""
        del request
        vault = vault_of(session)
        bound: dict[int, BoundFilter] = {}
        for one in opened:
            view = one.view
            if view.is_damaged:
                attempt.damaged.append(view.partition)
                continue
            try:
                # Readers give the same filter for many partitions; `opened` keeps it, so that its id stays its own.
                if id(one.access) not in bound:
                    bound[id(one.access)] = BoundFilter.of(one.access)
                with attempt.gathering.deadline.opening(self._segments.kept):
                    segments = self._segments.of(session, vault, view)
                attempt.parts[view.partition] = [*segments, view.tail]
                attempt.gathering.take(segments, view.tail, bound[id(one.access)])
            except SegmentGone:
                self._live.forget([view.id])
                raise
            except Tampered:
                logger.error("a segment of search partition %s does not fit its seal", view.id)  # noqa: TRY400 - no key or text may reach a log through a traceback
                self._live.mark_damaged(view)
                attempt.damaged.append(view.partition)
            except TookTooLong:
                attempt.notices.append(TOO_LONG)
                return

    def _answer(self, request: SearchRequest, attempt: Attempt, notices: tuple[Message, ...]) -> SearchAnswer:
        places, has_more = attempt.gathering.in_order()
        if attempt.gathering.is_cut:
            attempt.notices.append(MORE_MAY_ANSWER)
        notices = (*notices, *attempt.notices)
        if request.order is Order.RELEVANCE and request.among is None:
            ranking = tuple(dict.fromkeys(place.found.record_id for place in places))[:MOST_RANKED]
            places = places[: request.limit]
        else:
            ranking = ()
        hits = tuple(map(attempt.gathering.hit, places))
        return SearchAnswer(
            hits=hits,
            is_whole=attempt.is_whole,
            next=hits[-1].cursor if has_more else None,
            ranking=ranking,
            counts=attempt.gathering.counts(),
            notices=once_each((*notices, REBUILDING) if attempt.damaged else notices),
            damaged=tuple(attempt.damaged),
        )


def _label_of(partition: Partition) -> tuple[int, frozenset[UUID], UUID]:
    return partition.level, partition.compartments, partition.department_id


def with_spotted_identifiers(document: SearchDocument) -> SearchDocument:
    """The document with the identifiers its title and texts hold, as the registered recognisers see them."""
    spotted = (found.normalised for text in (document.title, *document.texts) for found in spot_identifiers(text))
    return replace(document, identifiers=tuple(dict.fromkeys((*document.identifiers, *spotted))))
