"""Runs the benchmark: `make bench SIZES="10000 100000" PARTS="opening listing"`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import auditing, demo, listing, opening, report, searching, submitting, visiting
from benchmarks.bench import Bench, Figure
from benchmarks.client import Client
from benchmarks.filling import fill
from benchmarks.people import list_staff
from benchmarks.serving import Installation, new_installation, served

ROUNDS = 6
QUICK_BELOW, QUICK_ROUNDS = 5_000, 2
# At every size, and at the smallest alone.
EVERY: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    opening.PART: opening.measure,
    listing.PART: listing.measure,
    searching.PART: searching.measure,
}
ONCE: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    submitting.PART: submitting.measure,
    auditing.PART: auditing.measure,
    visiting.PART: visiting.measure,
}
PARTS = (*EVERY, *ONCE, demo.PART)


def main() -> int:
    """Measure, print as it goes, and write the page."""
    given = argparse.ArgumentParser(prog="make bench")
    given.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    given.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    given.add_argument("--document", type=Path, help="where to write the page; nowhere in a quick run")
    options = given.parse_args()
    sizes, parts = sorted(options.sizes), set(options.parts)
    command = f'make bench SIZES="{" ".join(map(str, sizes))}"'
    figures: list[Figure] = []
    with new_installation() as installation:
        with served(installation):
            machine = report.describe_machine(installation.var)
        _say("\n".join(machine))
        filled = 0
        for size in sizes:
            with served(installation):
                seconds = fill(installation.settings, filled, size, leaves_to_worker=False)
            figures.append(
                Figure(
                    part="filling",
                    what=f"filling {size - filled:,} records in bulk",
                    size=size,
                    value=seconds,
                    unit="s",
                )
            )
            filled = size
            figures += _show(_measure(installation, size, parts, is_first=size == sizes[0]))
    if demo.PART in parts:
        figures += _show(demo.measure())
    is_whole = parts == set(PARTS) and sizes[0] >= QUICK_BELOW
    document = options.document or (report.DOCUMENT if is_whole else None)
    if document is not None:
        report.write_report(figures, machine, command, document=document)
        _say(f"written to {document}")
    return 0


def _measure(installation: Installation, size: int, parts: set[str], *, is_first: bool) -> Iterator[Figure]:
    with served(installation) as ready, Client() as client:
        yield Figure(part="starting", what="start of a filled installation", size=size, value=ready, unit="s")
        units = installation.units()
        rounds = QUICK_ROUNDS if size < QUICK_BELOW else ROUNDS
        bench = Bench(
            installation=installation, units=units, staff=list_staff(units), client=client, size=size, rounds=rounds
        )
        if searching.PART in parts:
            yield from searching.measure_first(bench)
        for part, measure in (EVERY | ONCE if is_first else EVERY).items():
            if part in parts:
                time.sleep(1.0)  # the worker and the last part come to rest
                yield from measure(bench)
        units.engine.dispose()


def _show(figures: Iterator[Figure]) -> Iterator[Figure]:
    for one in figures:
        _say(f"{one.size:>7} {one.part:10} {one.value:10.2f} {one.unit:3} {one.what}; {one.words}")
        yield one


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
