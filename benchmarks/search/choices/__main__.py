"""Measures the ways that were not taken: `make bench-choices`; a server of its own, or one given."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.bench import Figure
from benchmarks.report import table
from benchmarks.search.choices import counting, making, splitting, switching
from benchmarks.search.loading import PROCESSES, load
from benchmarks.search.node import Node, running_node
from benchmarks.search.settling import settle
from benchmarks.search.stored import Stores
from benchmarks.search.telling import machine, say, shown, write_page
from benchmarks.search.variants import COUNTED, WALLS, index_of

_DOCUMENT = Path(__file__).parents[3] / "docs" / "benchmarks-choices.md"
_LOADED = (WALLS, COUNTED)
_NOTES = Path(__file__).with_name("notes.md")


def main() -> int:
    """Measure, print as it goes, and write the page."""
    given = argparse.ArgumentParser(prog="make bench-choices")
    given.add_argument("--size", type=int, default=100_000)
    given.add_argument("--document", type=Path, default=_DOCUMENT)
    options = given.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="intelhub-bench-choices-"))
    try:
        with running_node() as node:
            told = machine(node)
            say("\n".join(told))
            try:
                found = list(shown(_measured(node, folder, options.size)))
            finally:
                for variant in _LOADED:
                    node.drop(index_of(variant))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _write(found, told, options.document)
    say(f"written to {options.document}")
    return 0


def _measured(node: Node, folder: Path, size: int) -> Iterator[Figure]:
    yield from making.figures(node)
    yield from switching.figures(node)
    for variant in _LOADED:
        node.drop(index_of(variant))
    load(node, folder, 0, size, _LOADED)
    for variant in _LOADED:
        settle(node, index_of(variant))
    yield from splitting.figures(node, size)
    yield from counting.figures(node, Stores(folder, PROCESSES), size)


def _write(found: Sequence[Figure], told: Sequence[str], document: Path) -> None:
    parts = [[*told, ""], list(table("Everything measured", found))]
    write_page(document, "Ways of search that were not taken", "make bench-choices", parts, _NOTES)


if __name__ == "__main__":
    sys.exit(main())
