"""What the documents name is there: links lead somewhere, files and tests exist, commands are commands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from intelhub.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md"))
    if path.name != "notices.md"
)
_TOPS = "intelhub|policies|migrations|search|tests|docs|deploy|benchmarks|\\.ci"
_NAMED = re.compile(rf"`((?:{_TOPS})/[A-Za-z0-9_./-]+|wsgi\.py|pyproject\.toml)`")
_LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(#[^)\s]+)?\)")
_COMMAND = re.compile(r"`intelhub ([a-z-]+)(?: ([a-z-]+))?")
_TARGET = re.compile(r"`make ([a-z-]+)")
_BROAD = re.compile(r"\b(?:TODO|FIXME|lorem)\b|/(?:home|root)/|localhost:\d", re.IGNORECASE)


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {"#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_document_is_true_of_the_tree(page):
    text = page.read_text(encoding="utf-8")
    lost = [name for name in _NAMED.findall(text) if not (ROOT / name).exists()]
    for target, anchor in _LINK.findall(text):
        there = (page.parent / target).resolve() if target else page
        if not there.exists() and target.endswith(".png") and not (ROOT / "docs" / "images").exists():
            continue  # pictures are taken from the running product, all of them at once
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in _anchors(there)):
            lost.append(target + anchor)
    assert not lost
    assert not _BROAD.findall(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_command_that_is_named_can_be_typed(page):
    text = page.read_text(encoding="utf-8")
    groups = {name: getattr(command, "commands", {}) for name, command in cli.commands.items()}
    unknown = [
        f"{first} {second}".strip()
        for first, second in _COMMAND.findall(text)
        if first not in groups or (groups[first] and second and second not in groups[first])
    ]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert not unknown
    assert not set(_TARGET.findall(text)) - targets


def test_every_attack_is_in_the_threat_model():
    model = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    attacks = {path.name for path in (ROOT / "tests" / "attacks").glob("test_*.py")}
    assert not {name for name in attacks if name not in model}


def test_decisions_are_numbered_without_a_gap_and_have_four_parts():
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        lines = page.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith(f"# {int(page.name[:4])}. ")
        assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]


def test_the_units_start_what_there_is():
    web, worker = (
        (ROOT / "deploy" / f"intelhub-{name}.service").read_text(encoding="utf-8") for name in ("web", "worker")
    )
    assert '"intelhub.app:create_app()"' in web
    assert "intelhub worker --var" in worker
    assert "worker" in cli.commands
    tracked = subprocess.run(
        ["git", "ls-files", "deploy"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    assert not tracked or "deploy/nginx.conf" in tracked
