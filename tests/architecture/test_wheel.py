"""The wheel alone, unpacked anywhere, holds everything the product reads and starts from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_ASK = """
import json, sys
import intelhub
from intelhub.access.policy import current_policy
from intelhub.app import create_app
from intelhub.demo.people import generate_people
from intelhub.organisation import template_names
from intelhub.platform.shipped import shipped
from intelhub.records.catalogues import catalogues
from intelhub.search import fold
json.dump({
    "package": intelhub.__file__,
    "lines": len(current_policy().lines),
    "shipped": {name: str(shipped(name)) for name in ("policies", "migrations", "search")},
    "lists": len(catalogues()),
    "templates": len(template_names()),
    "people": len(generate_people(1)),
}, sys.stdout)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The built wheel's file."""
    source = tmp_path_factory.mktemp("source")
    for name in (
        "intelhub",
        "policies",
        "migrations",
        "search",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        ".gitignore",
    ):
        there = ROOT / name
        if there.is_dir():
            shutil.copytree(there, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(there, source / name)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    built = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return next((source / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    """The wheel, unpacked where nothing else of the repository is."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # -S -I would lose the installed dependencies; the folder before them hides the repository's own copy.
    environ = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def _shipped(folder: Path, name: str) -> set[str]:
    return {path.relative_to(folder / name).as_posix() for path in (folder / name).rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["policies", "migrations", "search"])
def test_the_reviewed_files_are_inside(unpacked, name):
    wanted = {
        path.relative_to(ROOT / name).as_posix()
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert _shipped(unpacked / "intelhub" / "_shipped", name) >= wanted


def test_every_file_of_the_package_is_inside(unpacked):
    """Templates, static files, translations, lists, organisations: whatever a module may open."""
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "intelhub").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    there = {path.relative_to(unpacked).as_posix() for path in (unpacked / "intelhub").rglob("*") if path.is_file()}
    assert not wanted - there
    for ending in (".html", ".mo", ".css", ".js", ".svg", ".json", ".txt"):
        assert any(name.endswith(ending) for name in there), ending


def test_nothing_else_is_inside(unpacked):
    assert {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")} == {"intelhub"}
    assert list(unpacked.rglob("LICENSE"))


def test_the_command_line_starts_from_it(unpacked):
    answer = _run(unpacked, "-m", "intelhub.cli", "--help")
    assert answer.returncode == 0, answer.stderr
    for command in ("demo", "init", "records", "audit", "reindex"):
        assert command in answer.stdout


def test_policies_lists_and_people_are_read_from_it(unpacked):
    answer = _run(unpacked, "-c", _ASK)
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert Path(told["package"]).is_relative_to(unpacked)
    assert all(Path(folder).is_relative_to(unpacked) for folder in told["shipped"].values())
    assert told["lines"] > 50
    assert told["lists"] > 10
    assert told["templates"] == 3
    assert told["people"] >= 50


def test_the_translations_are_found_from_it(unpacked):
    code = (
        "from pathlib import Path; import intelhub; from babel.support import Translations;"
        "folder = Path(intelhub.__file__).parent / 'translations';"
        "print(Translations.load(folder, ['vi']).gettext('My work'))"
    )
    answer = _run(unpacked, "-c", code)
    assert answer.stdout.strip() == "Việc của tôi", answer.stderr
