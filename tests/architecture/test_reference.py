"""The reference pages say what the code says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from intelhub import reference
from intelhub.access import Reach
from intelhub.records.domain import RecordContent

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The pages as a process of their own writes them, so that nothing a test registered gets in."""
    folder = tmp_path_factory.mktemp("reference")
    subprocess.run([sys.executable, "-m", "intelhub.reference", str(folder)], check=True, cwd=ROOT)
    return folder


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_a_page_is_up_to_date(written, name):
    assert (FOLDER / name).read_text(encoding="utf-8") == (written / name).read_text(encoding="utf-8"), (
        "run: make reference"
    )


def test_no_page_is_left_behind():
    assert {path.name for path in FOLDER.iterdir()} == set(reference.PAGES)


def test_every_field_of_a_record_is_described():
    assert set(reference.FIELD_NAMES) == set(RecordContent.__dataclass_fields__)


def test_every_list_that_a_field_names_is_on_the_page(written):
    text = (written / "record-fields.md").read_text(encoding="utf-8")
    headings = {line[3:].lower().replace(" ", "-") for line in text.splitlines() if line.startswith("## ")}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


def test_no_permission_is_missing(written):
    text = (written / "permissions.md").read_text(encoding="utf-8")
    policy = (ROOT / "policies" / "policy.csv").read_text(encoding="ascii")
    lines = [line for line in policy.splitlines() if line.startswith("p, ")]
    table = text.split("## Lines in full")[1].split("##")[0]
    assert len([line for line in table.splitlines() if line.startswith("| `")]) == len(lines)


def test_every_reach_of_the_policy_is_explained():
    assert set(reference._REACHES) == {reach.value for reach in Reach}
