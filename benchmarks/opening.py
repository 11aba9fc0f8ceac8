"""Opening a record against the bare page of the same row in clear; listing the part that grows with the archive."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice

from benchmarks.bench import AT_ONCE, Bench, Figure, median, page_figure, said
from benchmarks.client import Call
from benchmarks.filling import CLEAR_ROWS
from benchmarks.plan import Planned
from benchmarks.reader import Reader
from intelhub.records.domain import RecordState

PART = "opening"


def measure(bench: Bench) -> Iterator[Figure]:
    """Median and p95 one after the other, and how many a second with all threads busy."""
    shared = list(bench.planned(CLEAR_ROWS, RecordState.SHARED_UP))
    calls = 60 * bench.rounds
    for who, reader in (("headquarters", bench.headquarters), ("a department's analyst", bench.analyst)):
        mine = shared if reader is bench.headquarters else [p for p in shared if p.staff == bench.department]
        ours, bare = list(islice(cycle(_ours(reader, mine)), calls)), list(islice(cycle(bench.bare_pages(mine)), calls))
        sealed, clear = bench.alternate([ours, bare], unheard=2)
        yield Figure(
            part=PART,
            what=f"opening a record ({who}) against the bare page, one after the other",
            size=bench.size,
            value=median(sealed) / median(clear),
            unit="x",
            words=f"ours {said(sealed)}; bare {said(clear)}",
            at_most=2.0,
        )
        sealed, clear = bench.alternate([ours, bare], connections=AT_ONCE, unheard=1)
        yield Figure(
            part=PART,
            what=f"opening a record ({who}) against the bare page, {AT_ONCE} at once",
            size=bench.size,
            value=clear.per_second / sealed.per_second,
            unit="x",
            words=f"ours {sealed.per_second:.0f}/s, bare {clear.per_second:.0f}/s",
            at_most=2.0,
        )
    desk = [p for p in bench.planned(bench.size, RecordState.RECEIVED) if p.staff == bench.department]
    waiting = list(islice(cycle(_ours(bench.analyst, desk)), calls // 2))
    graded, clear = bench.alternate([waiting, bench.bare_pages(islice(cycle(shared), calls // 2))], unheard=1)
    what = "opening a record that waits for its grade, with related records searched"
    yield page_figure(PART, what, bench.size, graded, bare=clear)


def _ours(reader: Reader, planned: list[Planned]) -> list[Call]:
    return [reader.get(f"/records/{one.id}") for one in planned]
