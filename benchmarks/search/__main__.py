"""Runs the benchmark of search: `make bench-search SIZES="10000 100000 1000000"`; a server of its own, or one given."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.bench import Figure
from benchmarks.report import table
from benchmarks.search.loading import PROCESSES, load
from benchmarks.search.node import Node, running_node
from benchmarks.search.running import Running, loading_figures
from benchmarks.search.settling import settle
from benchmarks.search.stored import Stores
from benchmarks.search.telling import machine, say, shown, write_page
from benchmarks.search.variants import VARIANTS, index_of

ROUNDS = 5
DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks-search.md"
_NOTES = Path(__file__).with_name("notes.md")


def main() -> int:
    """Measure, print as it goes, and write the page."""
    given = argparse.ArgumentParser(prog="make bench-search")
    given.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    given.add_argument("--rounds", type=int, default=ROUNDS)
    given.add_argument("--document", type=Path, default=DOCUMENT)
    options = given.parse_args()
    sizes = sorted(options.sizes)
    command = f'make bench-search SIZES="{" ".join(map(str, sizes))}"'
    folder = Path(tempfile.mkdtemp(prefix="intelhub-bench-search-"))
    figures: list[Figure] = []
    try:
        with running_node() as node:
            told = machine(node)
            say("\n".join(told))
            for variant in VARIANTS:
                node.drop(index_of(variant))
            for figure in _measured(node, folder, sizes, options.rounds):
                figures.append(figure)
                _write(figures, told, command, options.document)
            for variant in VARIANTS:
                node.drop(index_of(variant))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(f"written to {options.document}")
    return 0


def _measured(node: Node, folder: Path, sizes: Sequence[int], rounds: int) -> Iterator[Figure]:
    filled = 0
    for size in sizes:
        spent = load(node, folder, filled, size)
        yield from shown(loading_figures(spent, size))
        for variant in VARIANTS:
            seconds = settle(node, index_of(variant))
            say(f"{size:>9,} {variant.name} merged in {seconds:.0f} s")
        filled = size
        yield from shown(Running(node, Stores(folder, PROCESSES), size, rounds).figures())


def _write(figures: Sequence[Figure], told: Sequence[str], command: str, document: Path) -> None:
    limited = [one for one in figures if one.is_met is not None]
    missed = sum(one.is_met is False for one in limited)
    said = [f"{len(limited)} limits were measured, {len(limited) - missed} kept and {missed} missed.", ""]
    tables = [list(table("Against the limits", limited)), list(table("Everything measured", figures))]
    write_page(document, "Benchmarks of search", command, [[*told, ""], said, *tables], _NOTES)


if __name__ == "__main__":
    sys.exit(main())
