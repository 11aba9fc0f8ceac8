"""What others made is named in docs/notices.md with a licence that is really there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTICES = (ROOT / "docs" / "notices.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:intelhub|migrations|tests|docs|search)/[^`]+)`", NOTICES)))
VENDORED = sorted((ROOT / "intelhub/platform/web/static/vendor").iterdir()) + [
    path for path in sorted((ROOT / "tests/web/vendor").iterdir()) if not path.name.endswith(".LICENSE")
]
LICENCES = {name for name in NAMED if name.endswith("LICENSE")}


@pytest.mark.parametrize("name", NAMED)
def test_what_the_notices_name_is_there(name):
    assert (ROOT / name).exists()


@pytest.mark.parametrize("name", sorted(LICENCES))
def test_a_licence_file_holds_a_licence_and_its_holder(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.search(r"Permission (is hereby granted|to use, copy)|Mozilla Public License", text)
    assert "Copyright" in text or "Zero-Clause BSD" in text or "Mozilla" in text


@pytest.mark.parametrize("path", VENDORED, ids=lambda path: path.name)
def test_every_vendored_thing_is_named(path):
    assert path.relative_to(ROOT).as_posix() in NOTICES


def test_every_licence_file_in_the_tree_is_named():
    there = {
        path.relative_to(ROOT).as_posix()
        for top in ("intelhub", "migrations", "tests", "search", "policies")
        for path in (ROOT / top).rglob("*LICENSE*")
    }
    assert there == LICENCES
