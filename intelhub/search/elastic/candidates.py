"""The candidates of one question: what the server names is opened, filtered and compared word by word.

The newest are looked for in stretches of days that hold few candidates, because the server knows no order of time. By
relevance those are opened and weighed by our own formula that hold most of the words, the newest first. Nothing of the
server's own order is taken: it hangs on documents that this reader may not read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault
from intelhub.platform.messages import Message
from intelhub.search.document import Partition, SearchDocument
from intelhub.search.elastic import documents
from intelhub.search.elastic.asking import EVERYTHING, Asking, Query, is_expanded
from intelhub.search.elastic.documents import DocumentRow
from intelhub.search.elastic.server import MOST_IDS, Proposed, SearchServer, ServerAway
from intelhub.search.elastic.stretches import Stretches
from intelhub.search.elastic.tokens import Wall, day_of
from intelhub.search.engine import MOST_RANKED, Order, SearchRequest
from intelhub.search.ranking import MOST_COUNTED
from intelhub.search.sealed import Attempt, Opened
from intelhub.search.segment import TookTooLong

TOO_MANY = Message("More records may answer than were looked through; narrow the search by more words or a field.")
SAMPLED = 300  # documents in which words are counted where the server may not
Found = tuple[Wall, UUID]

logger = logging.getLogger(__name__)


class Candidates:
    """Asks for the candidates of one question and gives those to it that stand."""

    def __init__(self, vault: Vault, attempt: Attempt, opened: Sequence[Opened], server: SearchServer | None) -> None:
        self._vault = vault
        self._attempt = attempt
        self._gathering = attempt.gathering
        self.opened = opened
        self._by_partition = {one.view.partition: one for one in opened}
        self._told = server

    def ask(self, session: Session, request: SearchRequest, index: str, asking: Asking) -> None:
        """Ask layers in one index."""
        self._gathering.begin_candidates()
        if request.order is Order.NEWEST:
            self._ask_newest(session, index, asking)
            return
        if not asking.is_flat:  # the server would count dummies there, of which there are more for what is hidden
            self._count(index, asking)
        if not request.limit:  # counted, and nothing more is wanted
            if asking.is_flat:
                self._ask_newest(session, index, asking, most=SAMPLED)
            return
        self._ask_fullest(session, index, asking)

    def take_records(self, session: Session, records: Sequence[UUID]) -> None:
        """Take these records, wherever they lie behind tokens."""
        self._take(documents.fetch_of_records(session, records))

    def _ask_fullest(self, session: Session, index: str, asking: Asking) -> None:
        """Open those that hold most of the words, and of these the newest, until so many fit as are ranked.

        Everything is cut where documents of this reader alone say so.
        """
        room = MOST_RANKED
        for tier in asking.tiers(self._gathering.tree, self._gathering.leaves):
            room -= self._ask_newest(session, index, asking, tier=tier, most=room)
            if not room:
                self._attempt.notices.append(TOO_MANY)
                return

    def _ask_newest(
        self, session: Session, index: str, asking: Asking, *, tier: Query = EVERYTHING, most: int = MOST_IDS
    ) -> int:
        """Open stretches of days, the newest first, until nothing older can stand on the page or `most` fit."""
        stretches = Stretches(
            self._server, index, asking, self._gathering.tree, days=self._within(asking.days), tier=tier
        )
        taken = 0
        while stretches.days and taken < most and not self._gathering.is_past(_end_of(stretches.days[0])):
            rows = self._rows(session, asking, stretches.take(self._seconds))
            taken += self._take(rows, most=most - taken, is_counted=asking.is_flat)
        if stretches.is_cut:
            self._attempt.notices.append(TOO_MANY)
        return taken

    def _count(self, index: str, asking: Asking) -> None:
        """In how many documents of this reader each leaf stands, counted behind the filter."""
        # Not of what a dictionary completes: a count would tell of words in what is hidden.
        leaves = [leaf for leaf in self._gathering.leaves if not is_expanded(leaf)]
        asked: list[Query] = [asking.candidates(leaf) for leaf in leaves]
        counted = self._server.count(index, asked, most=MOST_COUNTED, seconds=self._seconds())
        for leaf, count in zip(leaves, counted, strict=True):
            self._gathering.count(leaf, count)

    @property
    def _server(self) -> SearchServer:
        if self._told is None:
            raise ServerAway
        return self._told

    def _seconds(self) -> float:
        left = self._gathering.deadline - time.monotonic()
        if left <= 0:
            raise TookTooLong
        return left

    def _records(self, asking: Asking, proposed: Iterable[Proposed]) -> list[Found]:
        """Whose ids these are, in their order; what is of no wall that was asked was made up."""
        order = list(proposed)
        named: dict[str, list[UUID]] = {}
        for one in order:
            named.setdefault(one.partition, []).append(one.id)
        found: dict[UUID, Found] = {}
        for layer in asking.layers:
            ids = named.get(layer.tokens.partition, [])
            found |= zip(ids, ((layer.head.wall, record) for record in layer.wall.records_of(ids)), strict=True)
        return [found[one.id] for one in order if one.id in found]

    def _rows(self, session: Session, asking: Asking, proposed: Iterable[Proposed]) -> list[DocumentRow]:
        """The sealed documents of these in their order; an id without one was left behind by a move."""
        wanted = self._records(asking, proposed)
        rows = documents.fetch_of_records(session, [record for _, record in wanted])
        known = {(Wall.of(row.partition), row.record_id): row for row in rows}
        return [known[one] for one in wanted if one in known]

    def _take(self, rows: Sequence[DocumentRow], *, most: int = MOST_IDS, is_counted: bool = False) -> int:
        """Open candidates and give the readable ones to the question, the newest first; how many of them fit it."""
        newer = self._newer_than(rows)
        readable = self._readable(row for row in rows if (row.partition, row.record_id) not in newer)
        return self._gathering.take_documents(readable, most=most, is_counted=is_counted)

    def _newer_than(self, rows: Iterable[DocumentRow]) -> set[tuple[Partition, UUID]]:
        """Those of which the tail or a segment knows something newer."""
        versions: dict[Partition, dict[UUID, int]] = {}
        for row in rows:
            versions.setdefault(row.partition, {})[row.record_id] = row.row_version
        return {
            (partition, record)
            for partition, known in versions.items()
            for part in self._attempt.parts.get(partition, ())
            for record in part.newer_than(known)
        }

    def _readable(self, rows: Iterable[DocumentRow]) -> Iterator[SearchDocument]:
        for row in rows:
            self._seconds()  # opening takes time too
            opened = self._by_partition.get(row.partition)
            if opened is None or opened.view.partition in self._attempt.damaged:
                continue
            try:
                document = row.opened(self._vault)
            except Tampered:
                logger.error("document %s of the search index does not fit its seal", row.id)  # noqa: TRY400 - no key or text may reach a log through a traceback
                self._attempt.damaged.append(row.partition)
                continue
            if opened.access.admits(document.author_id, document.unit_id, document.exposure):
                yield document

    def _within(self, days: Sequence[str]) -> Sequence[str]:
        """The days that the question's times and its place in the pages leave."""
        oldest, newest = self._gathering.not_before, self._gathering.newest_wanted
        if oldest is None and newest is None:
            return days
        return [
            day
            for day in days
            if (oldest is None or day >= day_of(oldest)) and (newest is None or day <= day_of(newest))
        ]


def _end_of(day: str) -> datetime:
    """The first moment that is newer than a day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)
