"""Writes what was measured as docs/benchmarks.md: machine, day, command, and every figure with its limit."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from benchmarks.bench import Figure
from benchmarks.serving import superuser_engine
from benchmarks.submitting import PART as SUBMITTING

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"
NOTES = Path(__file__).with_name("notes.md")
_GROWTH = {"listing": 1.3, "opening": 1.3, "searching": 3.0}
_GROWTH_WORDS = (
    "The limits are meant for 10,000 to 1,000,000 records. Minutes lie between the halves of a run, and a machine "
    "that others use too is not as quick in both: where the bare page was measured in turns with a page, growth is "
    "that of the number of bare pages that would go into it, and the milliseconds stand beside it."
)


def describe_machine(var: Path) -> list[str]:
    """Cores, memory, versions; and how busy the machine was with other work before it began."""
    engine = superuser_engine(var)
    with engine.connect() as connection:
        postgres = connection.execute(text("SHOW server_version")).scalar_one()
    engine.dispose()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"- {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory, {platform.system()}",
        f"- Python {platform.python_version()}, PostgreSQL {postgres} (embedded, durable settings)",
        f"- load average before it began: {os.getloadavg()[2]:.1f}",
        "- gunicorn with 2 processes of 4 threads, for ours and for the bare pages; the client is a process of its own",
    ]


def write_report(figures: Sequence[Figure], machine: Iterable[str], command: str, *, document: Path) -> None:
    """Put everything into one page."""
    sizes = sorted({one.size for one in figures if one.part != "demo"})
    lines = ["# Benchmarks", "", *_head(machine, command), ""]
    lines += table("Against the limits", [one for one in figures if one.is_met is not None])
    lines += _growth(figures, sizes)
    lines += table("Everything measured", figures)
    lines += NOTES.read_text("utf-8").splitlines()
    document.write_text("\n".join(lines) + "\n", "utf-8")


def _head(machine: Iterable[str], command: str) -> Iterator[str]:
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d} by `{command}`; one part alone: `make bench PARTS=opening`."
    yield ""
    yield from machine


def table(title: str, figures: Iterable[Figure]) -> Iterator[str]:
    """Figures under a heading, each with its limit."""
    yield from (f"## {title}", "", "| part | what | records | measured | limit | |", "|---|---|---:|---:|---:|---|")
    for one in figures:
        yield f"| {one.part} | {one.what} | {one.size:,} | {_value(one)} | {_limit(one)} | {one.words} |"
    yield ""


def _value(figure: Figure) -> str:
    return f"{figure.value:.2f}x" if figure.unit == "x" else f"{figure.value:,.1f} {figure.unit}"


def _limit(figure: Figure) -> str:
    if figure.is_met is None:
        return ""
    sign, limit = ("≤", figure.at_most) if figure.at_most is not None else ("≥", figure.at_least)
    unit = "x" if figure.unit == "x" else f" {figure.unit}"
    return f"{sign} {limit:g}{unit} {'kept' if figure.is_met else '**missed**'}"


def _growth(figures: Sequence[Figure], sizes: Sequence[int]) -> Iterator[str]:
    if len(sizes) < 2:
        return
    small, large = sizes[0], sizes[-1]
    yield from (f"## Growth from {small:,} to {large:,} records", "")
    yield from (
        _GROWTH_WORDS,
        "",
        "| part | what | growth | limit | milliseconds alone |",
        "|---|---|---:|---:|---:|",
    )
    before = {(one.part, one.what): one for one in figures if one.size == small and one.unit == "ms"}
    for one in figures:
        earlier = before.get((one.part, one.what))
        limit = _GROWTH.get(one.part)
        if one.size != large or earlier is None or one.part == SUBMITTING or limit is None:
            continue
        slower = one.value / earlier.value
        growth = slower / (one.bare / earlier.bare) if one.bare and earlier.bare else slower
        verdict = "kept" if growth <= limit else "**missed**"
        yield f"| {one.part} | {one.what} | {growth:.2f}x | ≤ {limit:g}x {verdict} | {slower:.2f}x |"
    yield ""
