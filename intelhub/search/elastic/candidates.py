"""The candidates of one question: what the server names is opened, filtered and compared word by word.

The newest are looked for in stretches of days that hold few candidates, because the server knows no order of time. By
relevance those are opened and weighed by our own formula that hold most of the words, the newest first. Nothing of the
server's own order is taken: it hangs on documents that this reader may not read.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault
from intelhub.search.document import Partition, SearchDocument
from intelhub.search.elastic import documents
from intelhub.search.elastic.asking import EVERYTHING, Asking, Query
from intelhub.search.elastic.documents import DocumentRow
from intelhub.search.elastic.server import AskedTooMuch, Proposed, SearchServer, ServerAway
from intelhub.search.elastic.stretches import ENOUGH, Stretches
from intelhub.search.elastic.tokens import Wall, day_of
from intelhub.search.engine import Order, SearchRequest
from intelhub.search.fullness import wants_all
from intelhub.search.gathering import MOST_COUNTED, found_of
from intelhub.search.matching import Checked
from intelhub.search.sealed import MORE_MAY_ANSWER, TOO_LONG, Attempt, Opened
from intelhub.search.segment import Found, TookTooLong

MOST_NAMED = 1_000  # by one look at what is fullest
SAMPLED = 300  # documents in which words are counted where the server may not
Named = tuple[Wall, UUID]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Group:
    """Layers in one index of which the access filter leaves the same to ask."""

    index: str
    asking: Asking


class Fitting(NamedTuple):
    """A candidate that fits, with how many parts of the question it lacks."""

    lacking: int
    checked: Checked


class Candidates:
    """Asks for the candidates of one question and gives those to it that stand."""

    def __init__(self, vault: Vault, attempt: Attempt, opened: Sequence[Opened], server: SearchServer | None) -> None:
        self._vault = vault
        self._attempt = attempt
        self._gathering = attempt.gathering
        self.opened = opened
        self._by_partition = {one.view.partition: one for one in opened}
        self._told = server

    def ask(self, session: Session, request: SearchRequest, groups: Sequence[Group]) -> None:
        """Ask groups of layers, each in its index."""
        if request.order is Order.NEWEST:
            for group in groups:
                self._ask_newest(session, group)
            return
        if request.limit:
            self._ask_fullest(session, groups)
        else:  # counted, and nothing more is wanted
            self._count_words(session, groups)

    def take_records(self, session: Session, records: Sequence[UUID]) -> None:
        """Take these records, wherever they lie behind tokens."""
        self._gathering.take_documents(self._readable(documents.fetch_of_records(session, records)))

    def _ask_newest(self, session: Session, group: Group) -> None:
        """Open stretches of days, the newest first, until nothing older can stand on the page."""
        stretches = self._stretches(group)
        while stretches.days and not self._gathering.is_past(_end_of(stretches.days[0])):
            self._gathering.take_documents(self._documents(session, group, stretches))

    def _ask_fullest(self, session: Session, groups: Sequence[Group]) -> None:
        """Name those that lack the fewest words, and of these the newest, until there is no more room.

        Everything is cut where documents of this reader alone say so, over all groups at once: where stretches of days
        end hangs on what others wrote, and which of too many are weighed may not.
        """
        for one in self._in_line(self._fullest_of(session, group) for group in groups):
            if not self._gathering.admit(one.lacking, one.checked):
                return

    def _in_line(self, groups: Iterable[Iterator[Fitting]]) -> Iterator[Fitting]:
        """What fits in all groups, the fullest first and of these the newest."""
        return heapq.merge(*map(self._to_its_end, groups), key=_in_order)

    def _to_its_end(self, group: Iterator[Fitting]) -> Iterator[Fitting]:
        """One group as far as it can be asked: what is missing of it takes nothing from the others."""
        try:
            yield from group
        except (TookTooLong, AskedTooMuch):
            self._attempt.notices.append(TOO_LONG)

    def _fullest_of(self, session: Session, group: Group) -> Iterator[Fitting]:
        """What fits in a group, the fullest first and of these the newest; asked on when that is taken.

        One look tells which tiers there are. Those that it names whole and are small are opened at once.
        """
        parts, asking = self._gathering.parts, group.asking
        if not parts or wants_all(self._gathering.tree):
            yield from self._of_tier(session, group)
            return
        tiers, cut = self._look(group)
        for held in range(len(parts), -1, -1):
            named = tiers.get(held, [])
            if held <= cut or len(named) > ENOUGH:
                yield from self._of_tier(session, group, len(parts) - held, asking.tier(parts, held))
            elif named:
                rows = self._rows(session, asking, named)
                for checked in self._gathering.fitting(self._readable(rows)):
                    yield Fitting(len(parts) - held, checked)

    def _look(self, group: Group) -> tuple[dict[int, list[Proposed]], int]:
        """The fullest, by how many parts they hold; and how many those hold of which not all are named, or fewer.

        That is -1 where everything was named.
        """
        asked = list(map(group.asking.rendered, self._gathering.parts))
        query = group.asking.candidates(self._gathering.tree, days=self._within(group.asking.days))
        named = self._server.find_fullest(group.index, query, asked, limit=MOST_NAMED, seconds=self._seconds())
        tiers: dict[int, list[Proposed]] = {}
        for held, one in named:
            tiers.setdefault(held, []).append(one)
        return tiers, named[-1][0] if len(named) == MOST_NAMED else -1

    def _of_tier(self, session: Session, group: Group, lacking: int = 0, tier: Query = EVERYTHING) -> Iterator[Fitting]:
        """What fits in a tier of a group, the newest first; asked on when that is taken."""
        stretches = self._stretches(group, tier)
        while stretches.days:
            for checked in self._gathering.fitting(self._documents(session, group, stretches)):
                yield Fitting(lacking, checked)

    def _stretches(self, group: Group, tier: Query = EVERYTHING) -> Stretches:
        days = self._within(group.asking.days)
        return Stretches(self._server, group.index, group.asking, self._gathering.tree, days=days, tier=tier)

    def _documents(self, session: Session, group: Group, stretches: Stretches) -> Iterator[SearchDocument]:
        """The readable documents of the next stretch."""
        rows = self._rows(session, group.asking, stretches.take(self._seconds))
        if stretches.is_cut:
            self._attempt.notices.append(MORE_MAY_ANSWER)
        return self._readable(rows)

    def _count_words(self, session: Session, groups: Sequence[Group]) -> None:
        """In how many documents of this reader each word stands, counted behind the filter.

        In flat walls the server would count dummies, and more where more is hidden: there a sample is opened instead.
        """
        for group in groups:
            if not group.asking.is_flat:
                self._count(group)
        flat = (self._of_tier(session, group) for group in groups if group.asking.is_flat)
        for one in itertools.islice(self._in_line(flat), SAMPLED):
            self._gathering.count_in(one.checked)

    def _count(self, group: Group) -> None:
        words = self._gathering.words
        asked: list[Query] = [group.asking.candidates(word) for word in words]
        counted = self._server.count(group.index, asked, most=MOST_COUNTED, seconds=self._seconds())
        for word, count in zip(words, counted, strict=True):
            self._gathering.count(word, count)

    @property
    def _server(self) -> SearchServer:
        if self._told is None:
            raise ServerAway
        return self._told

    def _seconds(self) -> float:
        left = self._gathering.deadline.at - time.monotonic()
        if left <= 0:
            raise TookTooLong
        return left

    def _records(self, asking: Asking, proposed: Iterable[Proposed]) -> list[Named]:
        """Whose ids these are, in their order; what is of no wall that was asked was made up."""
        order = list(proposed)
        named: dict[str, list[UUID]] = {}
        for one in order:
            named.setdefault(one.partition, []).append(one.id)
        found: dict[UUID, Named] = {}
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

    def _readable(self, rows: Sequence[DocumentRow]) -> Iterator[SearchDocument]:
        """Open candidates that this reader may read and of which nothing newer is known."""
        newer = self._newer_than(rows)
        for row in rows:
            if (row.partition, row.record_id) in newer:
                continue
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
            if opened.access.admits(
                document.author_id, document.unit_id, document.recipient_unit_ids, document.exposure
            ):
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


def _in_order(one: Fitting) -> tuple[int, Found]:
    return one.lacking, found_of(one.checked.document)


def _end_of(day: str) -> datetime:
    """The first moment that is newer than a day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)
