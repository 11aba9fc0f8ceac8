"""How a benchmark of search says what it finds: a line as it goes, a page at the end."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bench import Figure
from benchmarks.search.node import Node


def say(line: str) -> None:
    """A line on the terminal, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def shown(figures: Iterator[Figure]) -> Iterator[Figure]:
    """The same figures, each said as it is found."""
    for one in figures:
        met = {None: "", True: "kept", False: "MISSED"}[one.is_met]
        say(f"{one.size:>9,} {one.part:13} {one.value:10.3f} {one.unit:4} {met:6} {one.what}; {one.words}")
        yield one


def machine(node: Node) -> list[str]:
    """What it is measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"- {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory, {platform.system()}",
        f"- Elasticsearch {node.version()} on the same machine, a heap of 512 MB, one shard, no copy",
        f"- Python {platform.python_version()}",
        f"- load average before it began: {os.getloadavg()[2]:.1f} (other work on the machine makes every time longer)",
    ]


def write_page(document: Path, title: str, command: str, parts: Sequence[Sequence[str]], notes: Path) -> None:
    """A page of figures: how they were found, the figures, and what they mean."""
    lines = [f"# {title}", "", f"Measured on {datetime.now(UTC):%Y-%m-%d} by `{command}`, over invented documents.", ""]
    for part in parts:
        lines += part
    lines += notes.read_text("utf-8").splitlines()
    document.write_text("\n".join(lines) + "\n", "utf-8")
