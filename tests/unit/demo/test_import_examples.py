from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from intelhub.cli.import_lines import Line, fields_in
from intelhub.records.catalogues import catalogue
from intelhub.records.domain import RecordContent
from intelhub.records.validation import check_content

ROOT = Path(__file__).parents[3]
EXAMPLES = (ROOT / "docs" / "examples" / "records.jsonl").read_text(encoding="utf-8").splitlines()
PAGE = (ROOT / "docs" / "users" / "import-format.md").read_text(encoding="utf-8")
TEMPLATE = ROOT / "intelhub" / "organisation" / "data" / "VN-2006-2024.json"
UNITS = frozenset(unit["code"] for unit in json.loads(TEMPLATE.read_text(encoding="utf-8"))["units"])
SHORTEST = re.findall(r"```json\n(\{\"text\".*)\n```", PAGE)


def test_there_are_six_examples_and_the_shortest_line():
    assert len(EXAMPLES) == 6
    assert len(SHORTEST) == 1


@pytest.mark.parametrize("line", EXAMPLES + SHORTEST)
def test_every_example_would_be_taken_in(line):
    given = fields_in(Line(number=1, size=len(line), content=line.encode()))
    content = check_content(given, now=datetime(2025, 6, 2, tzinfo=UTC), unit_codes=UNITS)
    assert content.level <= 1  # so that a control officer of the demo can try the file


def test_the_page_names_every_field():
    rows = set(re.findall(r"^\| `(\w+)` \| (?:yes|no|with|above|one)", PAGE, re.MULTILINE))
    assert rows == {field.name for field in fields(RecordContent)}


@pytest.mark.parametrize("name", ["channel", "topic", "method", "subject_type", "urgency", "handling", "source_kind"])
def test_the_page_names_every_code(name):
    assert {item.code for item in catalogue(name)} <= set(re.findall(r"`(\w+)`", PAGE))
