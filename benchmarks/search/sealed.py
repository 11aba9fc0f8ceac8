"""The sealed engine at the same questions: its own segments, one a department and year, opened in memory."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.search.comparing import PAGE, Ask
from benchmarks.search.documents import document
from benchmarks.search.questions import Question, typed
from intelhub import access
from intelhub.search import Order, Partition, SearchDocument, SearchRequest
from intelhub.search.deadline import Deadline
from intelhub.search.gathering import Gathering
from intelhub.search.query import parse_query
from intelhub.search.segment import BoundFilter, Segment

MOST = 100_000  # documents that are held in memory while their segments are written
_ASKS_NOTHING = BoundFilter.of(access.PartitionFilter(stages=((access.RowCondition(),),)))


@dataclass(frozen=True, slots=True)
class Sealed:
    """Open segments with an empty tail each, and the seconds it took to write them."""

    parts: Sequence[tuple[Segment, Segment]]
    seconds: float

    @property
    def bytes(self) -> int:
        """The images together, before they are sealed and padded."""
        return sum(segment.size for segment, _ in self.parts)

    def ask(self, order: Order) -> Ask:
        """The first page of all segments, as the engine gathers it."""

        def asked(question: Question) -> list[str]:
            request = SearchRequest(text=typed(question), order=order, limit=PAGE)
            gathering = Gathering(parse_query(request.text), request, Deadline(float("inf")))
            for segment, tail in self.parts:
                gathering.take([segment], tail, _ASKS_NOTHING)
            places, _ = gathering.in_order()
            return [gathering.hit(place).record_id.hex for place in places[:PAGE]]

        return asked


def write_segments(size: int) -> Sealed:
    """Segments of the first so many documents."""
    by_partition: dict[Partition, list[SearchDocument]] = defaultdict(list)
    for number in range(size):
        one = document(number)
        by_partition[one.partition].append(one)
    begin = time.perf_counter()
    parts = [
        (Segment(partition, image=Segment.image_of(partition, by_partition.pop(partition))), Segment(partition))
        for partition in list(by_partition)
    ]
    return Sealed(parts, time.perf_counter() - begin)
