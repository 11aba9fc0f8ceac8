"""Searching over HTTP, and what the access filter costs inside the engine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID, uuid4

from benchmarks.bench import Bench, Figure, page_figure
from benchmarks.filling import CLEAR_ROWS
from benchmarks.people import HEADQUARTERS, Staff
from intelhub import access
from intelhub.platform.actor import Actor
from intelhub.records.domain import RecordState
from intelhub.search import PartitionFilter, ReadFilter, SealedIndex, SearchRequest

PART = "searching"
QUERIES = (
    ("two words without diacritics", "phu tung"),
    ("a phrase", '"khai sai"'),
    ("a word and a field", "container level:1"),
)
_VALUES = 64


def measure_first(bench: Bench) -> Iterator[Figure]:
    """The first search of a process that has just started: it opens every segment the reader may see."""
    call = bench.headquarters.post("/search", {"q": QUERIES[0][1]}, expects=200)
    begin = time.perf_counter()
    bench.headquarters.ask(call)
    seconds = time.perf_counter() - begin
    yield Figure(
        part=PART, what="first search after the start, headquarters", size=bench.size, value=seconds * 1000, unit="ms"
    )


def measure(bench: Bench) -> Iterator[Figure]:
    """Three typical questions of an analyst and of headquarters, and the filter's share."""
    for who, reader in (("a department's analyst", bench.analyst), ("headquarters", bench.headquarters)):
        calls = [reader.post("/search", {"q": text}, expects=200) for _, text in QUERIES]
        clear = bench.bare_pages(islice(bench.planned(CLEAR_ROWS, RecordState.SHARED_UP), 10 * bench.rounds))
        bare, *runs = bench.alternate([clear, *([call] * (10 * bench.rounds) for call in calls)], unheard=1)
        for (what, _), run in zip(QUERIES, runs, strict=True):
            yield page_figure(PART, f"{what}, {who}", bench.size, run, bare=bare)
    yield from _filtered(bench)


_ASKS_NOTHING = access.PartitionFilter(stages=((access.RowCondition(),),))


@dataclass(frozen=True, slots=True)
class _Everything:
    """Opens every partition and asks nothing."""

    def for_partition(self, _level: int, _compartments: frozenset[UUID], _department_id: UUID) -> PartitionFilter:
        return _ASKS_NOTHING


@dataclass(frozen=True, slots=True)
class _ManyUnits:
    """Opens every partition with a filter of the product's: all units of its department, and others up to 64."""

    filters: Mapping[UUID, access.ReadFilter]

    def for_partition(
        self, level: int, compartments: frozenset[UUID], department_id: UUID
    ) -> access.PartitionFilter | None:
        return self.filters[department_id].for_partition(level, compartments, department_id)


def _many_units(actor: Actor, staff: Sequence[Staff]) -> _ManyUnits:
    filters = {}
    for one in staff:
        own = [unit for unit, _ in one.units]
        clause = access.Clause(
            reach=access.Reach.UNIT,
            ceiling=access.HIGHEST_LEVEL,
            handling="H0",
            guards=frozenset(),
            actor_id=actor.user_id,
            unit_ids=frozenset((*own, *(uuid4() for _ in range(_VALUES - len(own))))),
            department_ids=frozenset({one.department_id}),
        )
        filters[one.department_id] = access.ReadFilter(
            actor_id=actor.user_id, compartments=frozenset(), stages=((clause,),)
        )
    return _ManyUnits(filters)


def _filtered(bench: Bench) -> Iterator[Figure]:
    index = SealedIndex()
    with bench.units.begin(access.NOBODY, access.scope_for(access.NOBODY)) as session:
        actor = access.actor_named(session, HEADQUARTERS)
    many = _many_units(actor, bench.staff)
    with bench.units.begin(actor, access.scope_for(actor)) as session:

        def seconds(reader: ReadFilter, request: SearchRequest) -> float:
            begin = time.perf_counter()
            index.search(session, reader, request)
            return time.perf_counter() - begin

        without: list[float] = []
        filtered: list[float] = []
        for text in (text for _, text in QUERIES):
            request = SearchRequest(text=text, limit=101)
            seconds(_Everything(), request)
            for _ in range(10 * bench.rounds):
                without.append(seconds(_Everything(), request))
                filtered.append(seconds(many, request))
    bare, ours = statistics.median(without) * 1000, statistics.median(filtered) * 1000
    yield Figure(
        part=PART,
        what=f"the engine with an access filter of {_VALUES} units against none",
        size=bench.size,
        value=ours / bare,
        unit="x",
        words=f"with {ours:.2f} ms, without {bare:.2f} ms, the same hits",
        at_most=1.15,
    )
