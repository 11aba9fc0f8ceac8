"""One question while it is being answered: hits gathered partition by partition, then put in order.

Only what `Segment` let through its access filter gets here, and nothing here opens or fetches anything.
"""

from __future__ import annotations

import heapq
import time
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property, partial

from intelhub.search.deadline import Deadline
from intelhub.search.document import SearchDocument, to_microseconds
from intelhub.search.engine import MOST_RANKED, Hit, Marked, Order, RowFilter, SearchRequest
from intelhub.search.fullness import counted
from intelhub.search.matching import Checked, all_facets
from intelhub.search.query import And, Leaf, Node, Or, Query, Term, bare_identifier, facet, positive_leaves
from intelhub.search.ranking import Held, hold, rank
from intelhub.search.segment import Found, Plan, Segment, TookTooLong
from intelhub.search.snippets import best_snippet, mark_hits
from intelhub.search.spelling import as_spelt
from intelhub.search.tail import settle

MOST_COUNTED = 1_000  # beyond that a word is not rare
_WEIGHING_SECONDS = 1.0  # for what was found at the last moment


@dataclass(frozen=True, slots=True)
class Place:
    """A hit, and how to come by what is stored of it, ready to be compared."""

    found: Found
    checked: Callable[[], Checked]


Candidate = tuple[int, Found, Callable[[], Checked]]
"""How many parts of the question a hit lacks, what it is, and how to come by what is stored of it."""


class Gathering:
    """Takes partitions one after the other; raises `TookTooLong` when `deadline` passes."""

    def __init__(self, query: Query, request: SearchRequest, deadline: Deadline) -> None:
        self._request = request
        self.deadline = deadline
        self.tree = _narrowed(query.tree, request)
        self.not_before = max(filter(None, (query.not_before, request.not_before)), default=None)
        self.not_after = min(filter(None, (query.not_after, request.not_after)), default=None)
        self.leaves: list[Leaf] = list(dict.fromkeys(positive_leaves(query.tree)))
        spelt = as_spelt(query.tree)
        self._as_spelt = spelt if spelt != query.tree else None
        self.parts = counted(self.leaves)
        self.words = [] if request.limit else [leaf for leaf in self.leaves if isinstance(leaf, Term)]
        """What is counted where nothing is to be found."""
        self._places: dict[bytes, Place] = {}
        self._floor: datetime | None = None
        self._sealed: list[Candidate] = []
        self._admitted: list[Candidate] = []
        self.is_cut = False
        """Whether more may answer by relevance than are weighed."""
        self._counts: Counter[Term] = Counter()

    def take(self, segments: Sequence[Segment], tail: Segment, access: RowFilter) -> None:
        """Ask one partition, the tail last: what changes meanwhile is then found there if no longer in a segment."""
        settle(segments, tail)
        for segment in (*segments, tail):
            plan = Plan(
                tree=self.tree,
                access=access,
                not_before=self._floor or self.not_before,
                not_after=self.not_after,
                deadline=self.deadline.at,
            )
            if not len(segment):
                continue
            if self._request.among is not None:
                named = _places(segment, segment.among(plan, self._request.among))
                self._keep(place for place in named if self._fits(place.checked()))
            elif self._request.order is Order.NEWEST:
                found = segment.newest(plan, limit=self._request.limit + 1, after=self._request.after)
                if found:
                    self._keep(_places(segment, found))
                    self._cut()
            elif self._request.limit:
                self._sealed += (
                    (lacking, found, partial(_opened, segment, found.row))
                    for lacking, found in segment.fullest(plan, self.parts, limit=MOST_RANKED + 1)
                )
            else:
                self._count_words(segment, access)

    def _count_words(self, segment: Segment, access: RowFilter) -> None:
        for word in self.words:
            if (most := MOST_COUNTED - self._counts[word]) > 0:
                standing = Plan(tree=word, access=access, deadline=self.deadline.at)
                self._counts[word] += segment.count(standing, most=most)

    def take_documents(self, documents: Iterable[SearchDocument]) -> None:
        """Take those that fit of documents that may: for the page of the newest, or where records were named."""
        for one in sorted(documents, key=found_of):
            if self._floor is not None and one.occurred_at < self._floor:
                break
            checked = Checked(one)
            if self._fits(checked):
                self._keep([Place(found_of(one), partial(_same, checked))])
                if self._request.among is None:
                    self._cut()

    def fitting(self, documents: Iterable[SearchDocument]) -> list[Checked]:
        """Those of some candidates that fit, the newest first."""
        return list(filter(self._fits, map(Checked, sorted(documents, key=found_of))))

    def admit(self, lacking: int, checked: Checked) -> bool:
        """Let a document that fits be weighed, the next behind those admitted; `False` where there is no more room.

        All sealed segments are asked before.
        """
        one: Candidate = (lacking, found_of(checked.document), partial(_same, checked))
        if bisect(self._sealed_in_order, _in_order(one), key=_in_order) + len(self._admitted) >= MOST_RANKED:
            self.is_cut = True
            return False
        self._admitted.append(one)
        return True

    @cached_property
    def _sealed_in_order(self) -> list[Candidate]:
        return sorted(self._sealed, key=_in_order)

    def count_in(self, checked: Checked) -> None:
        """Count the words of a document where nobody else can count them."""
        for word in self.words:
            self._counts[word] += checked.fits(word)

    def count(self, word: Term, found: int) -> None:
        """Add to the number of documents a word stands in."""
        self._counts[word] += found

    def counts(self) -> dict[str, int]:
        """In how many readable documents each word stands, by its folded spelling."""
        return {one.word.folded: min(self._counts[one], MOST_COUNTED) for one in self.words}

    @property
    def newest_wanted(self) -> datetime | None:
        """No hit is newer than this: by the question's times, and by the page before."""
        after = self._request.after
        return min(filter(None, (self.not_after, after.occurred_at if after else None)), default=None)

    def is_past(self, moment: datetime) -> bool:
        """Whether nothing older than this can stand on the page any more."""
        return self._floor is not None and self._floor >= moment

    def _fits(self, checked: Checked) -> bool:
        document = checked.document
        if time.monotonic() > self.deadline.at:
            raise TookTooLong
        if self._request.among is not None and document.record_id not in self._request.among:
            return False
        at, after = document.occurred_at, self._request.after
        return (
            (self.not_before is None or at >= self.not_before)
            and (self.not_after is None or at <= self.not_after)
            and (after is None or found_of(document)[:2] > (-to_microseconds(after.occurred_at), after.record_id.bytes))
            and checked.fits(self.tree)
        )

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
        checked = place.checked()
        document = checked.document
        return Hit(
            record_id=document.record_id,
            row_version=document.row_version,
            occurred_at=document.occurred_at,
            mark=cache(lambda: self._marked(document)) if self._request.with_snippets else Marked,
            spells=lambda: self._as_spelt is None or checked.fits(self._as_spelt),
            facets=all_facets(document),
            identifiers=tuple(one for one in self._request.identifiers if checked.fits(bare_identifier(one))),
        )

    def _marked(self, document: SearchDocument) -> Marked:
        return Marked(title=mark_hits(document.title, self.leaves), snippet=best_snippet(document.texts, self.leaves))

    def _keep(self, places: Iterable[Place]) -> None:
        for place in places:
            earlier = self._places.get(place.found.record)
            if earlier is None or earlier.found.row_version <= place.found.row_version:
                self._places[place.found.record] = place

    def _cut(self) -> None:
        """Once there is a page and one more, nothing older than its end is asked for any longer."""
        most = self._request.limit + 1
        if len(self._places) < most:
            return
        newest = sorted(self._places.values(), key=lambda place: place.found)[:most]
        self._places = {place.found.record: place for place in newest}
        self._floor = newest[-1].found.occurred_at

    def _candidates(self) -> list[Place]:
        """Those that lack the fewest words and of these the newest, whatever part of the index they lie in."""
        for _, found, checked in heapq.merge(self._sealed_in_order, self._admitted, key=_in_order):
            if len(self._places) == MOST_RANKED and found.record not in self._places:
                self.is_cut = True
                break
            self._keep([Place(found, checked)])
        return list(self._places.values())

    def _ranked(self) -> list[Place]:
        """The best first; what there is no time to weigh follows, the newest first."""
        until = max(self.deadline.at, time.monotonic() + _WEIGHING_SECONDS)
        places = sorted(self._candidates(), key=lambda place: place.found)
        held: list[Held] = []
        for place in places:
            if time.monotonic() > until:
                break
            held.append(hold(place.checked(), self.leaves))
        weighed, rest = places[: len(held)], places[len(held) :]
        order = [(*relevance.order, place.found) for relevance, place in zip(rank(held), weighed, strict=True)]
        return [*(weighed[number] for number in sorted(range(len(order)), key=order.__getitem__)), *rest]


def _places(segment: Segment, found: Iterable[Found]) -> Iterator[Place]:
    for hit in found:
        yield Place(hit, partial(_opened, segment, hit.row))


def _in_order(one: Candidate) -> tuple[int, Found]:
    return one[:2]


def found_of(document: SearchDocument) -> Found:
    """What puts a document in order, the newest first."""
    return Found(-to_microseconds(document.occurred_at), document.record_id.bytes, -document.row_version, 0)


def _opened(segment: Segment, row: int) -> Checked:
    return Checked(segment.document(row))


def _same(checked: Checked) -> Checked:
    return checked


def _narrowed(tree: Node, request: SearchRequest) -> Node:
    chosen: list[Node] = [
        Or(tuple(facet(name, value) for value in values)) for name, values in sorted(request.facets.items()) if values
    ]
    if request.identifiers:
        chosen.append(Or(tuple(map(bare_identifier, request.identifiers))))
    return And((tree, *chosen)) if chosen else tree
