"""Nobody checks a column that is read without its row: what grants something is loaded, and so checked, whole."""

from __future__ import annotations

import ast
from pathlib import Path

import intelhub
from intelhub.access import models
from intelhub.access.seals import SealedRow

ROWS = {name: row for name, row in vars(models).items()
        if isinstance(row, type) and issubclass(row, SealedRow) and row is not SealedRow}  # fmt: skip
# Who somebody is grants nothing.
NAMES = {"id", "user_id", "username"}


def aliases_in(tree: ast.AST) -> dict[str, type[SealedRow]]:
    """The names under which a module speaks of sealed rows."""
    aliased = {
        target.id: ROWS[node.value.args[0].id]
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and "aliased" in ast.dump(node.value.func)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return ROWS | aliased


def read_alone(tree: ast.AST) -> list[str]:
    """The sealed columns that statements of a module read, or write, without the row they stand in."""
    aliases, found = aliases_in(tree), []
    for call in ast.walk(tree):
        name = getattr(call.func, "id", getattr(call.func, "attr", "")) if isinstance(call, ast.Call) else ""
        if name in {"select", "with_only_columns", "returning", "add_columns", "query"}:
            found += [
                f"{part.value.id}.{part.attr}"
                for argument in call.args
                for part in ast.walk(argument)
                if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in aliases
                if part.attr in {*aliases[part.value.id].__sealed__, "__table__"} - NAMES
            ]
        elif name == "values":
            rows = [row for alias, row in aliases.items() if f"'{alias}'" in ast.dump(call.func)]
            found += [keyword.arg for keyword in call.keywords for row in rows if keyword.arg in row.__sealed__]
    return found


def test_no_granting_column_is_read_without_its_row():
    package = Path(intelhub.__file__).parent
    found = {str(path.relative_to(package)): read_alone(ast.parse(path.read_text("utf-8")))
             for path in package.rglob("*.py")}  # fmt: skip
    assert {path: columns for path, columns in found.items() if columns} == {}


def test_one_that_is_read_alone_is_found():
    for source in (
        "select(UserRow.clearance)",
        "select(func.array_agg(CompartmentMemberRow.compartment_id))",
        "held = aliased(PostRow)\nselect(held.unit_id)",
        "session.query(SessionRow.strength)",
        "update(SessionRow).values(strength='demo')",
        "select(PostRow.__table__)",
    ):
        assert read_alone(ast.parse(source)), source
