"""Runs the benchmark of search: `make bench-search SIZES="10000 100000 1000000"`; a server of its own, or one given."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bench import Figure
from benchmarks.report import table
from benchmarks.search.loading import PROCESSES, load
from benchmarks.search.node import Node, running_node
from benchmarks.search.running import Running, loading_figures
from benchmarks.search.settling import settle
from benchmarks.search.stored import Stores
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
            machine = _machine(node)
            _say("\n".join(machine))
            for variant in VARIANTS:
                node.drop(index_of(variant))
            for figure in _measured(node, folder, sizes, options.rounds):
                figures.append(figure)
                _write(figures, machine, command, options.document)
            for variant in VARIANTS:
                node.drop(index_of(variant))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _say(f"written to {options.document}")
    return 0


def _measured(node: Node, folder: Path, sizes: Sequence[int], rounds: int) -> Iterator[Figure]:
    filled = 0
    for size in sizes:
        spent = load(node, folder, filled, size)
        yield from _shown(loading_figures(spent, size))
        for variant in VARIANTS:
            seconds = settle(node, index_of(variant))
            _say(f"{size:>9,} {variant.name} merged in {seconds:.0f} s")
        filled = size
        yield from _shown(Running(node, Stores(folder, PROCESSES), size, rounds).figures())


def _shown(figures: Iterator[Figure]) -> Iterator[Figure]:
    for one in figures:
        met = {None: "", True: "kept", False: "MISSED"}[one.is_met]
        _say(f"{one.size:>9,} {one.part:13} {one.value:10.3f} {one.unit:4} {met:6} {one.what}; {one.words}")
        yield one


def _machine(node: Node) -> list[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"- {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory, {platform.system()}",
        f"- Elasticsearch {node.version()} on the same machine, a heap of 512 MB, one shard, no copy",
        f"- Python {platform.python_version()}",
        f"- load average before it began: {os.getloadavg()[2]:.1f} (other work on the machine makes every time longer)",
    ]


def _write(figures: Sequence[Figure], machine: Sequence[str], command: str, document: Path) -> None:
    lines = ["# Benchmarks of search", ""]
    lines += [f"Measured on {datetime.now(UTC):%Y-%m-%d} by `{command}`, over invented documents.", "", *machine, ""]
    limited = [one for one in figures if one.is_met is not None]
    missed = sum(one.is_met is False for one in limited)
    lines += [f"{len(limited)} limits were measured, {len(limited) - missed} kept and {missed} missed.", ""]
    lines += table("Against the limits", limited)
    lines += table("Everything measured", figures)
    lines += _NOTES.read_text("utf-8").splitlines()
    document.write_text("\n".join(lines) + "\n", "utf-8")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
