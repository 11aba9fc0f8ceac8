"""Files to take along: a table with its marks as a workbook or as text, in which nothing that was typed is a formula.

A workbook holds every word as text. In a text file whoever opens it decides what a cell is, and between which signs:
what could begin a formula behind any of them gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import xlsxwriter

SEPARATOR = ";"
"""Excel with Vietnamese settings, where the comma parts decimals, parts cells at semicolons."""

_BOM = "\ufeff"
# What spreadsheets take for the beginning of a formula, with the wide forms that some of them fold.
_BEGINS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212"
# Behind the beginning of a text, or behind any sign that may part cells; spaces, quotation marks and invisible signs
# between the two are passed over, as spreadsheets do.
_PASSED_OVER = r"[\s\"'\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]*"
_FORMULA = re.compile(rf"(^|[,;|\t])({_PASSED_OVER})(?=[{_BEGINS}])")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_WIDEST = 60

Cell = str | int | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a file shows: its level on top, marks that say whose copy it is, and rows under their titles.

    `marks` are pairs of what is said and its words; `mark` is all of it in one line, for each printed sheet.
    """

    level: str
    mark: str
    marks: Sequence[tuple[str, str]]
    titles: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def plain(text: str) -> str:
    """One line of text without control signs, as both kinds of file can hold it."""
    return _CONTROLS.sub(" ", _UNWRITABLE.sub("\ufffd", text)).strip()


def neutral(text: str) -> str:
    """Text that no spreadsheet reads as a formula, wherever it parts cells."""
    return _FORMULA.sub(r"\1\2'", plain(text))


def write_csv(table: Table, zone: tzinfo) -> bytes:
    """The table as text in UTF-8 with its mark at the beginning, the marks first; times in a zone."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=SEPARATOR, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    above = [[table.level], *([name, words] for name, words in table.marks), [], table.titles]
    for row in (*above, *table.rows):
        writer.writerow([neutral(_as_text(cell, zone)) for cell in row])
    return (_BOM + written.getvalue()).encode()


def _as_text(cell: Cell, zone: tzinfo) -> str:
    if isinstance(cell, datetime):
        return f"{cell.astimezone(zone):%Y-%m-%d %H:%M}"
    return "" if cell is None else str(cell)


def write_xlsx(table: Table, zone: tzinfo) -> bytes:
    """The table as a workbook made in memory: not a word of it passes through a temporary file."""
    written = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd hh:mm",
    }
    with xlsxwriter.Workbook(written, options) as book:
        _fill(book, table, zone)
    return written.getvalue()


def _fill(book: Any, table: Table, zone: tzinfo) -> None:
    # The quotation prefix keeps a text a text when somebody edits its cell.
    text = book.add_format({"quote_prefix": True, "valign": "top"})
    wrapped = book.add_format({"quote_prefix": True, "valign": "top", "text_wrap": True})
    strong = book.add_format({"quote_prefix": True, "bold": True})
    banner = book.add_format({"quote_prefix": True, "bold": True, "font_size": 14})
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm", "valign": "top", "align": "left"})
    sheet = book.add_worksheet()
    sheet.write_string(0, 0, plain(table.level), banner)
    for number, (name, words) in enumerate(table.marks, start=1):
        sheet.write_string(number, 0, plain(name), strong)
        sheet.write_string(number, 1, plain(words), text)
    head = len(table.marks) + 2
    for column, title in enumerate(table.titles):
        sheet.write_string(head, column, plain(title), strong)
    for number, row in enumerate(table.rows, start=head + 1):
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, column, cell.astimezone(zone).replace(tzinfo=None), moment)
            elif isinstance(cell, int):
                sheet.write_number(number, column, cell)
            elif cell:
                said = plain(cell)
                sheet.write_string(number, column, said, wrapped if len(said) > _WIDEST else text)
    for column, width in enumerate(_widths(table, zone)):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(head + 1, 0)
    sheet.repeat_rows(head)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_header(f"&C&B{_printed(table.level)}")
    sheet.set_footer(f"&L{_printed(table.mark)}&R&P/&N")


def _widths(table: Table, zone: tzinfo) -> list[int]:
    columns = zip(table.titles, *table.rows, strict=True)
    return [min(max(len(_as_text(cell, zone)) for cell in column) + 2, _WIDEST) for column in columns]


def _printed(words: str) -> str:
    """Words in a header or footer, where an ampersand begins a command; longer ones a workbook does not hold."""
    return plain(words)[:100].replace("&", "&&")
