"""The engine with a search server: sealed parts as ever, and documents that keyed tokens propose.

What the server names is a candidate and no more: its sealed document is opened, asked by the access filter, compared
with the query word by word and passed over where something newer is known. Without the server the sealed parts go on
answering, and a notice says what is missing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault, vault_of
from intelhub.platform.messages import Message
from intelhub.search import store
from intelhub.search.document import SearchDocument
from intelhub.search.elastic import documents
from intelhub.search.elastic.asking import Asking, OpenWall
from intelhub.search.elastic.dictionary import Dictionary
from intelhub.search.elastic.documents import DictionaryRow, DocumentRow
from intelhub.search.elastic.server import MOST_IDS, AskedTooMuch, SearchServer, ServerAway
from intelhub.search.elastic.tokens import Tokens, Wall, index_name, month_of
from intelhub.search.engine import MOST_RANKED, Order, PartitionFilter, SearchRequest
from intelhub.search.open_segments import DEFAULT_BUDGET, SegmentGone
from intelhub.search.ranking import MOST_COUNTED
from intelhub.search.sealed import TOO_LONG, Attempt, Opened, SealedIndex
from intelhub.search.segment import TookTooLong

SERVER_AWAY = Message("The search server does not answer; older records may be missing from these results.")
TOO_MANY = Message("More records may answer than were looked through; narrow the search by more words or a field.")
_MOST_DICTIONARIES = 200

logger = logging.getLogger(__name__)


class _Dictionaries:
    """Dictionaries opened in this process, the least recently used let go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[UUID, tuple[int, Dictionary]] = OrderedDict()

    def of(self, session: Session, vault: Vault, row: DictionaryRow) -> Dictionary | None:
        """The dictionary of a wall, as new as this version; raises `Tampered`."""
        with self._lock:
            known = self._open.get(row.wall.id)
            if known is not None and known[0] == row.version:
                self._open.move_to_end(row.wall.id)
                return known[1]
        found = documents.find_dictionary(session, row.wall)
        if found is None:
            return None
        opened = Dictionary.opened(vault, found.sealed, row.wall, found.version)
        with self._lock:
            self._open[row.wall.id] = (found.version, opened)
            while len(self._open) > _MOST_DICTIONARIES:
                self._open.popitem(last=False)
        return opened


class ElasticIndex(SealedIndex):
    """One a process, as the sealed engine is; where no server is named, a notice says what lies there all the same."""

    def __init__(self, server: SearchServer | None, *, memory: int = DEFAULT_BUDGET, seconds: float = 5.0) -> None:
        super().__init__(memory=memory, seconds=seconds)
        self._server = server
        self._dictionaries = _Dictionaries()

    def _gather(self, session: Session, request: SearchRequest, attempt: Attempt, opened: Sequence[Opened]) -> None:
        super()._gather(session, request, attempt, opened)
        if TOO_LONG in attempt.notices:
            return  # of the parts that were not asked nobody knows what they know newer
        rows = {row.wall: row for row in documents.list_dictionaries(session)}
        beside = [one for one in opened if Wall.of(one.view.partition) in rows]
        if not beside:
            return
        try:
            self._ask(session, request, _Candidates(vault_of(session), attempt, beside, self._server), rows)
            self._require_same(session, beside)
        except (TookTooLong, AskedTooMuch):
            attempt.notices.append(TOO_LONG)
        except ServerAway:
            attempt.notices.append(SERVER_AWAY)
        except Tampered:
            logger.error("a dictionary of the search index does not fit its seal")  # noqa: TRY400 - no key or text may reach a log through a traceback
            attempt.damaged += (one.view.partition for one in beside)

    def _ask(
        self, session: Session, request: SearchRequest, candidates: _Candidates, rows: dict[Wall, DictionaryRow]
    ) -> None:
        if request.among is not None:
            candidates.take(documents.fetch_of_records(session, request.among))
            return
        for level, access, walls in _groups(candidates.opened):
            found = [self._dictionaries.of(session, vault_of(session), rows[wall]) for wall in walls]
            known = [
                OpenWall(Tokens(vault_of(session), wall), dictionary)
                for wall, dictionary in zip(walls, found, strict=True)
                if dictionary is not None
            ]
            if known:
                candidates.ask(session, request, level, Asking(known, access))

    def _require_same(self, session: Session, opened: Sequence[Opened]) -> None:
        """Raise `SegmentGone` if a partition was rewritten meanwhile: its documents may lie elsewhere by now."""
        listed = store.list_partitions(session, [one.view.id for one in opened])
        changed = [
            one.view.id
            for one in opened
            if one.view.id not in listed
            or {segment.id for segment in listed[one.view.id].segments} != {meta.id for meta in one.view.segments}
        ]
        if changed:
            self._live.forget(changed)
            raise SegmentGone


class _Candidates:
    """Asks for the candidates of one question and gives those to it that stand."""

    def __init__(self, vault: Vault, attempt: Attempt, opened: Sequence[Opened], server: SearchServer | None) -> None:
        self._vault = vault
        self._attempt = attempt
        self._gathering = attempt.gathering
        self.opened = opened
        self._by_partition = {one.view.partition: one for one in opened}
        self._told = server

    def ask(self, session: Session, request: SearchRequest, level: int, asking: Asking) -> None:
        """Ask walls of one level: month by month while the newest are wanted, all at once for the best."""
        index = index_name(self._vault, level)
        if request.order is Order.RELEVANCE:
            tree, is_timed = self._gathering.tree, self._gathering.not_before or self._gathering.newest_wanted
            timed = self._within(asking.months) if is_timed else None
            wanted = asking.best(tree, self._gathering.leaves, months=timed)
            # Where the text decides, more must be looked at to find a page of what fits.
            limit = MOST_RANKED if asking.is_exact(tree) else MOST_IDS
            ids = self._server.find(index, wanted, limit=limit, seconds=self._seconds)
            self.take(self._rows(session, ids, limit))
            counted = [asking.candidates(leaf) for leaf in self._gathering.leaves]
            counts = self._server.count(index, counted, most=MOST_COUNTED, seconds=self._seconds)
            for leaf, count in zip(self._gathering.leaves, counts, strict=False):
                self._gathering.count(leaf, count)
            return
        for months in _spans(self._within(asking.months)):
            if self._is_answered(months):
                return
            self._ask_months(session, index, asking, months)

    def _ask_months(self, session: Session, index: str, asking: Asking, months: Sequence[str]) -> None:
        """Ask for some months together, and for each alone where together they have too many candidates."""
        query = asking.candidates(self._gathering.tree, months=months)
        ids = self._server.find(index, query, limit=MOST_IDS, seconds=self._seconds)
        if len(ids) < MOST_IDS or len(months) == 1:
            self.take(self._rows(session, ids, MOST_IDS))
            return
        for month in months:
            if not self._is_answered([month]):
                self._ask_months(session, index, asking, [month])

    def _is_answered(self, months: Sequence[str]) -> bool:
        """Whether nothing of these months, or of older ones, can stand on the page any more."""
        return self._gathering.is_past(_moment_after(months[0]))

    def take(self, rows: Sequence[DocumentRow]) -> None:
        """Open candidates and give the readable ones to the question."""
        self._gathering.take_documents(self._readable(rows), self._is_current)

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

    def _rows(self, session: Session, ids: Sequence[UUID], limit: int) -> list[DocumentRow]:
        """The sealed documents of these ids in their order; an id without one was left behind by a move."""
        if len(ids) == limit:
            self._attempt.notices.append(TOO_MANY)
        by_id = {row.id: row for row in documents.fetch_documents(session, ids)}
        return [by_id[one] for one in ids if one in by_id]

    def _readable(self, rows: Iterable[DocumentRow]) -> Iterator[SearchDocument]:
        for row in rows:
            _ = self._seconds  # opening takes time too
            opened = self._by_partition.get(row.partition)
            if opened is None or opened.view.partition in self._attempt.damaged:
                continue
            try:
                document = row.opened(self._vault)
            except (Tampered, ValueError, OverflowError):
                logger.error("document %s of the search index does not fit its seal", row.id)  # noqa: TRY400 - no key or text may reach a log through a traceback
                self._attempt.damaged.append(row.partition)
                continue
            if opened.access.admits(document.author_id, document.unit_id, document.exposure):
                yield document

    def _is_current(self, document: SearchDocument) -> bool:
        parts = self._attempt.parts.get(document.partition, ())
        return not any(part.holds_newer(document.record_id, document.row_version) for part in parts)

    def _within(self, months: Iterable[str]) -> list[str]:
        """The months that the question's times and its place in the pages leave."""
        oldest, newest = self._gathering.not_before, self._gathering.newest_wanted
        return [
            month
            for month in months
            if (oldest is None or month >= month_of(oldest)) and (newest is None or month <= month_of(newest))
        ]


def _groups(opened: Sequence[Opened]) -> Iterator[tuple[int, PartitionFilter, list[Wall]]]:
    """The walls to be asked together: of one level, under one access filter."""
    found: dict[tuple[int, PartitionFilter], dict[Wall, None]] = {}
    for one in opened:
        wall = Wall.of(one.view.partition)
        found.setdefault((wall.level, one.access), {})[wall] = None
    for (level, access), walls in found.items():
        yield level, access, list(walls)


def _spans(months: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ever longer stretches of months: the first page mostly needs the newest alone."""
    start, length = 0, 1
    while start < len(months):
        yield months[start : start + length]
        start += length
        length *= 2


def _moment_after(month: str) -> datetime:
    """The first moment that is newer than a month."""
    year, number = map(int, month.split("-"))
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
