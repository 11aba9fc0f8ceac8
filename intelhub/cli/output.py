"""How commands speak: plain lines, tables and progress; nothing a file or a record says can steer the terminal."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

LEVEL_NAMES = ("none", "Mật", "Tối mật", "Tuyệt mật")
_WIDTH_OF_A_PIPE = 160


def printable(value: object) -> str:
    """The text with everything replaced that a terminal would obey instead of show, and on one line."""
    return "".join(
        " " if c in "\n\t" else "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c
        for c in str(value)
    )


def say(sentence: str) -> None:
    """A line of the answer."""
    click.echo(sentence)


def warn(sentence: str) -> None:
    """A line beside the answer, on stderr."""
    click.echo(sentence, err=True)


def print_json(value: Any) -> None:
    """The answer for another program, in UTF-8."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, err: bool = False) -> None:
    """A table without frames, as wide as the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    stream = sys.stderr if err else sys.stdout
    Console(file=stream, highlight=False, width=None if stream.isatty() else _WIDTH_OF_A_PIPE).print(table)


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr while somebody watches; gives back what is called with how much more is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda more: bar.advance(task, more)
