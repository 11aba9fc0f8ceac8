"""The sealed engine: partitions as sealed segments in PostgreSQL, opened in memory, with a tail for what is new.

It answers only from partitions the reader's filter opens, and inside them only rows the filter lets through. A part
that does not fit its seal is left out together with its partition, because what it masked would come back otherwise.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, vault_of
from intelhub.platform.errors import Unavailable
from intelhub.platform.messages import Message
from intelhub.search import store
from intelhub.search.analysis import spot_identifiers
from intelhub.search.document import Partition, SearchDocument, Tombstone
from intelhub.search.engine import Order, PartitionFilter, ReadFilter, SearchAnswer, SearchRequest
from intelhub.search.gathering import Gathering
from intelhub.search.open_segments import DEFAULT_BUDGET, OpenSegments, SegmentGone
from intelhub.search.query import once_each, parse_query
from intelhub.search.segment import BoundFilter, TookTooLong
from intelhub.search.tail import LivePartitions

REBUILDING = Message("A part of the index is being rebuilt; some records may be missing from these results.")
TOO_LONG = Message("The search took too long and was stopped; narrow it by more words or a field.")
_MOST_ATTEMPTS = 5

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Attempt:
    gathering: Gathering
    damaged: list[Partition] = field(default_factory=list)
    notices: list[Message] = field(default_factory=list)


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
        deadline = min(time.monotonic() + self._seconds, request.until)
        for _ in range(_MOST_ATTEMPTS):
            attempt = _Attempt(Gathering(query, request, deadline))
            try:
                self._gather(session, reader, attempt)
            except SegmentGone:
                continue
            return self._answer(request, attempt, (*query.notices, *attempt.notices))
        raise Unavailable("The search index is being rewritten; please search again.")

    def _gather(self, session: Session, reader: ReadFilter, attempt: _Attempt) -> None:
        vault = vault_of(session)
        bound: dict[int, tuple[PartitionFilter, BoundFilter]] = {}
        for view in self._live.refresh(session, vault):
            part = view.partition
            access = reader.for_partition(part.level, part.compartments, part.department_id)
            if access is None:
                continue
            if view.is_damaged:
                attempt.damaged.append(part)
                continue
            try:
                # Readers give the same filter for many partitions; it is kept beside, so that its id stays its own.
                if id(access) not in bound:
                    bound[id(access)] = (access, BoundFilter.of(access))
                _, ours = bound[id(access)]
                attempt.gathering.take(self._segments.of(session, vault, view), view.tail, ours)
            except SegmentGone:
                self._live.forget([view.id])
                raise
            except Tampered:
                logger.error("a segment of search partition %s does not fit its seal", view.id)  # noqa: TRY400 - no key or text may reach a log through a traceback
                self._live.mark_damaged(view)
                attempt.damaged.append(part)
            except TookTooLong:
                attempt.notices.append(TOO_LONG)
                return

    def _answer(self, request: SearchRequest, attempt: _Attempt, notices: tuple[Message, ...]) -> SearchAnswer:
        places, has_more = attempt.gathering.in_order()
        if request.order is Order.RELEVANCE and request.among is None:
            ranking = tuple(place.found.record_id for place in places)
            places = places[: request.limit]
        else:
            ranking = ()
        hits = tuple(map(attempt.gathering.hit, places))
        return SearchAnswer(
            hits=hits,
            next=hits[-1].cursor if has_more else None,
            ranking=ranking,
            notices=once_each((*notices, REBUILDING) if attempt.damaged else notices),
            damaged=tuple(attempt.damaged),
        )


def with_spotted_identifiers(document: SearchDocument) -> SearchDocument:
    """The document with the identifiers its title and texts hold, as the registered recognisers see them."""
    spotted = (found.normalised for text in (document.title, *document.texts) for found in spot_identifiers(text))
    return replace(document, identifiers=tuple(dict.fromkeys((*document.identifiers, *spotted))))
