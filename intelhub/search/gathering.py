"""One question while it is being answered: hits gathered partition by partition, then put in order.

Only what `Segment` let through its access filter gets here, and nothing here opens or fetches anything.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from intelhub.search.document import SearchDocument
from intelhub.search.engine import MOST_RANKED, Hit, Marked, Order, PartitionFilter, SearchRequest
from intelhub.search.matching import Checked, all_facets
from intelhub.search.query import And, Leaf, Node, Or, Query, facet, positive_leaves
from intelhub.search.ranking import MOST_COUNTED, rank
from intelhub.search.segment import Found, Plan, Segment
from intelhub.search.snippets import best_snippet, mark_hits
from intelhub.search.tail import settle


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hit lies."""

    found: Found
    segment: Segment

    def document(self) -> SearchDocument:
        """What is stored there."""
        return self.segment.document(self.found.row)


class Gathering:
    """Takes partitions one after the other; raises `TookTooLong` when `deadline` (monotonic seconds) passes."""

    def __init__(self, query: Query, request: SearchRequest, deadline: float) -> None:
        self._request = request
        self._deadline = deadline
        self._tree = _narrowed(query.tree, request)
        self._not_before = max(filter(None, (query.not_before, request.not_before)), default=None)
        self._not_after = min(filter(None, (query.not_after, request.not_after)), default=None)
        self._leaves: list[Leaf] = list(dict.fromkeys(positive_leaves(query.tree)))
        self._places: dict[bytes, Place] = {}
        self._floor: datetime | None = None
        self._by_rank: list[list[Place]] = []
        self._counts: Counter[Leaf] = Counter()

    def take(self, segments: Sequence[Segment], tail: Segment, access: PartitionFilter) -> None:
        """Ask one partition, the tail last: what changes meanwhile is then found there if no longer in a segment."""
        settle(segments, tail)
        for segment in (*segments, tail):
            plan = Plan(
                tree=self._tree,
                access=access,
                not_before=self._floor or self._not_before,
                not_after=self._not_after,
                deadline=self._deadline,
            )
            if not len(segment):
                continue
            if self._request.among is not None:
                self._keep(segment, segment.among(plan, self._request.among))
            elif self._request.order is Order.NEWEST:
                found = segment.newest(plan, limit=self._request.limit + 1, after=self._request.after)
                if found:
                    self._keep(segment, found)
                    self._cut()
            else:
                best = segment.best(plan, limit=MOST_RANKED)
                self._by_rank.append([Place(found, segment) for found in best])
                for leaf in self._leaves:
                    counted = Plan(tree=leaf, access=access, deadline=self._deadline)
                    self._counts[leaf] += segment.count(counted, most=MOST_COUNTED)

    def in_order(self) -> tuple[list[Place], bool]:
        """The hits of the page, and whether more may follow it."""
        if self._request.among is not None:
            wanted = [self._places.get(record.bytes) for record in self._request.among]
            return [place for place in wanted if place is not None], False
        if self._request.order is Order.NEWEST:
            places = sorted(self._places.values(), key=lambda place: place.found)
            return places[: self._request.limit], len(places) > self._request.limit
        return self._ranked(), False

    def hit(self, place: Place) -> Hit:
        """A hit with what its row in the index says; its words are marked when somebody looks."""
        document = place.document()
        return Hit(
            record_id=document.record_id,
            row_version=document.row_version,
            occurred_at=document.occurred_at,
            mark=functools.cache(lambda: self._marked(document)) if self._request.with_snippets else Marked,
            facets=all_facets(document),
        )

    def _marked(self, document: SearchDocument) -> Marked:
        return Marked(title=mark_hits(document.title, self._leaves), snippet=best_snippet(document.texts, self._leaves))

    def _keep(self, segment: Segment, found: Sequence[Found]) -> None:
        for hit in found:
            earlier = self._places.get(hit.record)
            if earlier is None or earlier.found.row_version <= hit.row_version:
                self._places[hit.record] = Place(hit, segment)

    def _cut(self) -> None:
        """Once there is a page and one more, nothing older than its end is asked for any longer."""
        most = self._request.limit + 1
        if len(self._places) < most:
            return
        newest = sorted(self._places.values(), key=lambda place: place.found)[:most]
        self._places = {place.found.record: place for place in newest}
        self._floor = newest[-1].found.occurred_at

    def _candidates(self) -> list[Place]:
        """The best of every part in turn, because the engine's scores say nothing across parts."""
        for place in itertools.chain.from_iterable(itertools.zip_longest(*self._by_rank)):
            if place is not None:
                self._keep(place.segment, [place.found])
                if len(self._places) == MOST_RANKED:
                    break
        return list(self._places.values())

    def _ranked(self) -> list[Place]:
        weighed = [
            (*rank(Checked(place.document()), self._leaves, self._counts).order, place.found, place)
            for place in self._candidates()
        ]
        weighed.sort(key=lambda entry: entry[:3])
        return [place for *_, place in weighed]


def _narrowed(tree: Node, request: SearchRequest) -> Node:
    chosen = [
        Or(tuple(facet(name, value) for value in values)) for name, values in sorted(request.facets.items()) if values
    ]
    return And((tree, *chosen)) if chosen else tree
