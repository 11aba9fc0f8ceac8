"""Nothing that was typed becomes a formula in a file, and every sheet and file says whose copy it is."""

from __future__ import annotations

import csv
import io
import re
import tempfile
import unicodedata
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from intelhub.platform.clock import HANOI
from intelhub.records.export_files import Table, neutral, write_csv, write_xlsx

EVIL = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "﹢1",
    " =1",
    '"=1',
    "\u200b=1",
    "'=1",
]
NASTY = st.text(alphabet=st.sampled_from("=+-@＝＋－＠﹣−\t\r\n ;,|\"'\u200b\ufeffaĐ1"), max_size=12)
INVISIBLE = re.compile(r"[\s\"\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]+")


def table(*cells, marks=(("Người xuất", "Nông Văn Thử"),)):
    titles = [f"Cột {number}" for number, _ in enumerate(cells)]
    return Table(level="TỐI MẬT", mark="TỐI MẬT Thử 00ff", marks=marks, titles=titles, rows=[list(cells)])


def begins_formula(cell):
    """Whether a spreadsheet could take a cell for a formula, what it passes over passed over."""
    first = unicodedata.normalize("NFKC", INVISIBLE.sub("", cell))[:1].replace("−", "-")
    return first in set("=+-@") if first else False


def cells_of(raw):
    """A workbook as a reader of its XML sees it: each cell with its kind and its text."""
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        assert book.testzip() is None
        shared = [
            "".join(one.text or "" for one in item.iter(f"{{{space['m']}}}t"))
            for item in ET.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 - our own file
        ]
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    found = {}
    for cell in sheet.iterfind(".//m:c", space):
        assert cell.find("m:f", space) is None, "no cell holds a formula"
        value = cell.findtext("m:v", None, space)
        if value is not None:
            found[cell.get("r")] = shared[int(value)] if cell.get("t") == "s" else float(value)
    return found, ET.tostring(sheet, encoding="unicode")


@given(NASTY | st.text(max_size=30))
@example("a;=1")
@example("a,\t =cmd|' /C calc'!A0")
@example("−1")
def test_no_cell_begins_a_formula_wherever_a_spreadsheet_parts_them(text):
    written = neutral(text)
    for separator in (";", ",", "\t", "|", "\n", "\r"):
        assert not any(begins_formula(cell) for cell in written.split(separator)), written


@pytest.mark.parametrize("text", EVIL)
def test_the_text_file_keeps_what_was_typed_behind_an_apostrophe(text):
    raw = write_csv(table(text, "b"), HANOI)
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows[0] == ["TỐI MẬT"]
    assert rows[1] == ["Người xuất", "Nông Văn Thử"]
    assert rows[-1][1] == "b"
    assert "'" in rows[-1][0]
    assert not begins_formula(rows[-1][0])


def test_what_is_harmless_stays_as_it_is():
    for text in ("Hữu Nghị - Lạng Sơn", "29C-123.45", "lô 3 + 4", "a@b.vn", "15BB-TT-2026-0001"):
        assert neutral(text) == text


@given(st.lists(NASTY | st.text(max_size=40), min_size=1, max_size=5))
@example(["\ud800", "_x0041_", "http://a.example", "007", "\x00\x0b"])
def test_a_workbook_holds_every_word_as_text(texts):
    found, _ = cells_of(write_xlsx(table(*texts), HANOI))
    for number, text in enumerate(texts):
        said = found.get(f"{'ABCDE'[number]}5", "")
        assert isinstance(said, str)
        kept = re.sub(
            r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", re.sub("[\ud800-\udfff\ufffe\uffff]", "\ufffd", text)
        ).strip()
        assert said.replace("_x005F_", "_") == kept.replace("_x005F_", "_")


def test_a_workbook_bears_its_marks_on_screen_and_on_every_sheet_of_paper():
    at = datetime(2026, 11, 22, 9, 3, tzinfo=UTC)
    found, sheet = cells_of(write_xlsx(table("Phụ tùng", at, 12), HANOI))
    assert found["A1"] == "TỐI MẬT"
    assert (found["A2"], found["B2"]) == ("Người xuất", "Nông Văn Thử")
    assert found["A4"] == "Cột 0"
    assert found["B5"] == pytest.approx(46348 + (16 * 60 + 3) / 1440), "times are those of Hanoi"
    assert found["C5"] == 12
    assert re.search(r"oddHeader>[^<]*TỐI MẬT", sheet)
    assert re.search(r"oddFooter>[^<]*Thử 00ff", sheet)


def test_an_ampersand_in_a_mark_is_no_command():
    whole = table("a")
    _, sheet = cells_of(write_xlsx(Table(**{**{n: getattr(whole, n) for n in whole.__slots__}, "mark": "A&P"}), HANOI))
    assert "A&amp;&amp;P" in sheet


def test_no_temporary_file_is_written(monkeypatch):
    def refuse(*_args, **_options):
        raise AssertionError("a word would lie in a temporary folder")

    for name in ("mkstemp", "mkdtemp", "TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile"):
        monkeypatch.setattr(tempfile, name, refuse)
    assert write_xlsx(table("Phụ tùng" * 50), HANOI)
