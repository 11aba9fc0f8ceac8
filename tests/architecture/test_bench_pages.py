"""The bare page of the bench is the product's own template: it must be given all that the product's view gives it."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def given(path: str, function: str) -> set[str]:
    """The names a function hands to `records/record.html`."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    [body] = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == function]
    [call] = [
        one
        for one in ast.walk(body)
        if isinstance(one, ast.Call)
        and isinstance(one.func, ast.Name)
        and one.func.id == "render_template"
        and isinstance(one.args[0], ast.Constant)
        and one.args[0].value == "records/record.html"
    ]
    return {one.arg for one in call.keywords if one.arg}


def test_the_bare_page_is_given_what_the_record_s_page_is_given():
    ours, bare = (
        given("intelhub/records/views/record_page.py", "record_page"),
        given("benchmarks/clear_pages.py", "_render"),
    )
    assert ours - bare == {"record", "timeline", "names"}, "which come from the row in clear"
    assert bare <= ours
