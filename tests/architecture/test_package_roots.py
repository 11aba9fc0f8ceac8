"""A feature is known to others by its package root alone, and the import contracts hold."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FEATURES = ("crypto", "audit", "organisation", "access", "search", "records")
# The lists of words, which hold nothing of anybody, and what the reference pages describe from within.
ALLOWED = {
    ("frame", "intelhub.records.catalogues"),
    ("reference", "intelhub.records.catalogues"),
    ("reference", "intelhub.records.domain"),
    ("reference", "intelhub.access.policy"),
}


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return named | {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}


def _reaching_inside() -> set[tuple[str, str]]:
    found = set()
    for path in sorted((ROOT / "intelhub").rglob("*.py")):
        top = path.relative_to(ROOT / "intelhub").with_suffix("").parts[0]
        for name in _imports(path):
            parts = name.split(".")
            if len(parts) > 2 and parts[0] == "intelhub" and parts[1] in FEATURES and parts[1] != top:
                found.add((top, name))
    return found


def test_nobody_reaches_inside_a_feature():
    assert _reaching_inside() <= ALLOWED


def test_the_import_contracts_hold():
    program = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([str(program), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
