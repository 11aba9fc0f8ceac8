"""The pages that show many records: the list, the desks of the home page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from benchmarks.bench import Bench, Figure, page_figure
from benchmarks.filling import CLEAR_ROWS
from intelhub.records.domain import RecordState

PART = "listing"


def measure(bench: Bench) -> Iterator[Figure]:
    """Median of the first page of the list and of the home page."""
    officer = bench.reader(f"officer.{bench.department.code.lower()}")
    pages = [
        ("list, a department's analyst", bench.analyst.get("/records")),
        ("list, headquarters", bench.headquarters.get("/records")),
        ("home, an officer", officer.get("/")),
        ("home, a department's analyst", bench.analyst.get("/")),
        ("home, headquarters", bench.headquarters.get("/")),
    ]
    clear = bench.bare_pages(islice(bench.planned(CLEAR_ROWS, RecordState.SHARED_UP), 10 * bench.rounds))
    bare, *runs = bench.alternate([clear, *([call] * (10 * bench.rounds) for _, call in pages)], unheard=1)
    for (what, _), run in zip(pages, runs, strict=True):
        yield page_figure(PART, what, bench.size, run, bare=bare)
