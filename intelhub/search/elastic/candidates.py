"""The candidates of one question: what the server names is opened, filtered and compared word by word.

The newest are looked for in stretches of days that hold few candidates, because the server knows no order of time. Of
the best, the first are opened and weighed by our own formula; the others follow in the server's order, unopened, and
are read like any hit when their page is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault
from intelhub.platform.messages import Message
from intelhub.search.document import Partition, SearchDocument
from intelhub.search.elastic import documents
from intelhub.search.elastic.asking import Asking, Query, is_expanded, rarity
from intelhub.search.elastic.documents import DocumentRow
from intelhub.search.elastic.server import MOST_IDS, Proposed, SearchServer, ServerAway
from intelhub.search.elastic.tokens import Wall, day_of
from intelhub.search.engine import MOST_RANKED, Order, SearchRequest
from intelhub.search.query import Leaf
from intelhub.search.ranking import MOST_COUNTED, weight_of
from intelhub.search.sealed import Attempt, Opened
from intelhub.search.segment import TookTooLong

TOO_MANY = Message("More records may answer than were looked through; narrow the search by more words or a field.")
RERANKED = 200
ENOUGH = 300  # candidates of one stretch of days: three first pages of what an index may well hold millions of
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
        """Ask walls of one index."""
        if request.order is Order.NEWEST:
            self._ask_newest(session, index, asking)
            return
        weights = self._weights(index, asking)
        if not request.limit:
            return  # counted, and nothing more was wanted
        if asking.is_flat:  # nothing is weighed there: the newest are, when they are opened
            self._ask_newest(session, index, asking, most=MOST_RANKED)
        else:
            self._ask_best(session, index, asking, weights)

    def take_records(self, session: Session, records: Sequence[UUID]) -> None:
        """Take these records, wherever they lie behind tokens."""
        self._take(documents.fetch_of_records(session, records))

    def _ask_newest(self, session: Session, index: str, asking: Asking, *, most: int | None = None) -> None:
        """Open stretches of days, the newest first, until nothing older can stand on the page (or `most` were open)."""
        days, opened = self._within(asking.days), 0
        while days and not self._gathering.is_past(_end_of(days[0])):
            stretch = self._next_stretch(index, asking, days)
            query = asking.candidates(self._gathering.tree, days=None if stretch == asking.days else stretch)
            found = self._server.find(index, query, limit=MOST_IDS, seconds=self._seconds)
            if len(found) == MOST_IDS:
                self._attempt.notices.append(TOO_MANY)
            self._take(self._rows(session, asking, found))
            days, opened = days[len(stretch) :], opened + len(found)
            if most is not None and opened >= most:
                if days:
                    self._attempt.notices.append(TOO_MANY)
                return

    def _next_stretch(self, index: str, asking: Asking, days: Sequence[str]) -> Sequence[str]:
        """The longest stretch of the next days that does not hold too many candidates, or the first day alone."""
        lengths = [len(days)]
        while lengths[-1] > 1:
            lengths.append((lengths[-1] + 2) // 3)
        stretches = [days[:length] for length in lengths]
        tree = self._gathering.tree
        queries = [asking.candidates(tree, days=None if one == asking.days else one) for one in stretches[:-1]]
        counts = self._server.count(index, queries, most=ENOUGH + 1, seconds=self._seconds)
        fitting = (one for one, count in zip(stretches, counts, strict=False) if count <= ENOUGH)
        return next(fitting, stretches[-1])

    def _ask_best(self, session: Session, index: str, asking: Asking, weights: Mapping[Leaf, float]) -> None:
        tree = self._gathering.tree
        is_timed = self._gathering.not_before or self._gathering.newest_wanted
        days = self._within(asking.days) if is_timed else None
        # Where the text decides, more must be looked at to find a page of what fits. Who reads a part of a wall alone
        # gets no order from the server that is worth following; most weigh the same then, and which of those come first
        # may not hang on where hidden documents let them lie.
        is_exact, reads_whole = asking.is_exact(tree), asking.reads_whole
        limit = MOST_RANKED if is_exact and reads_whole else MOST_IDS
        proposed: list[Proposed] = []
        for query in asking.best(tree, weights, days=days):
            proposed += self._server.find(index, query, limit=limit, seconds=self._seconds)
        proposed.sort(key=lambda one: (-one.score, one.id.bytes))
        opened = RERANKED if reads_whole else MOST_RANKED
        if len(proposed) >= (MOST_RANKED if is_exact else MOST_IDS):
            self._attempt.notices.append(TOO_MANY)
        if is_exact:
            self._take(self._rows(session, asking, proposed[:opened]))
            self._gathering.follow(record for _, record in self._records(asking, proposed[opened:MOST_RANKED]))
            return
        fitting = 0
        for start in range(0, min(len(proposed), MOST_IDS), RERANKED):
            fitting += self._take(self._rows(session, asking, proposed[start : start + RERANKED]))
            if fitting >= opened:
                break

    def _weights(self, index: str, asking: Asking) -> dict[Leaf, float]:
        """What each leaf weighs by what this reader may read: counted in whole walls, or behind the filter."""
        leaves = self._gathering.leaves
        counts = {leaf: asking.count_in_whole(leaf) for leaf in leaves}
        # Which words are meant is known of whole walls: a count would tell of words in what is hidden.
        unknown = [leaf for leaf, count in counts.items() if count is None and not is_expanded(leaf)]
        asked: list[Query] = [asking.candidates(leaf) for leaf in unknown]
        counted = self._server.count(index, asked, most=MOST_COUNTED, seconds=self._seconds)
        counts.update(zip(unknown, counted, strict=False))
        known = {leaf: count or 0 for leaf, count in counts.items()}
        for leaf, count in known.items():
            self._gathering.count(leaf, count)
        if asking.reads_whole:
            return {leaf: rarity(count, asking.documents) for leaf, count in known.items()}
        return {leaf: weight_of(count) for leaf, count in known.items()}

    @property
    def _server(self) -> SearchServer:
        if self._told is None:
            raise ServerAway
        return self._told

    @property
    def _seconds(self) -> float:
        left = self._gathering.deadline - time.monotonic()
        if left <= 0:
            raise TookTooLong
        return left

    def _records(self, asking: Asking, proposed: Iterable[Proposed]) -> list[Found]:
        """Whose ids these are, in their order; what is of no wall that was asked was made up."""
        order = list(proposed)
        found: dict[UUID, Found] = {}
        for wall in asking.walls:
            ids = [one.id for one in order if one.wall == wall.tokens.wall]
            found |= zip(ids, ((wall.head.wall, record) for record in wall.tokens.records_of(ids)), strict=True)
        return [found[one.id] for one in order if one.id in found]

    def _rows(self, session: Session, asking: Asking, proposed: Iterable[Proposed]) -> list[DocumentRow]:
        """The sealed documents of these in their order; an id without one was left behind by a move."""
        wanted = self._records(asking, proposed)
        rows = documents.fetch_of_records(session, [record for _, record in wanted])
        known = {(Wall.of(row.partition), row.record_id): row for row in rows}
        return [known[one] for one in wanted if one in known]

    def _take(self, rows: Sequence[DocumentRow]) -> int:
        """Open candidates and give the readable ones to the question; how many of them fit it."""
        newer = self._newer_than(rows)
        return self._gathering.take_documents(
            self._readable(row for row in rows if (row.partition, row.record_id) not in newer)
        )

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
            _ = self._seconds  # opening takes time too
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
