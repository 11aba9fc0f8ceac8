"""Every sentence of the product is there in Vietnamese, says the same variables, and is compiled."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import re
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo

import intelhub
from intelhub.platform.errors import IntelhubError

ROOT = Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("messages_tool", ROOT / "docs" / "developers" / "messages.py")
tool = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(tool)

_VARIABLES = re.compile(r"%\(\w+\)[sd]")
_CALLED = {"Message", "gettext", "ngettext", "_"}
# Where a message's sentence is handed on: each of these is known to `docs/developers/messages.py`. One that was kept
# sealed arose somewhere else, where it is collected.
_HANDED_ON = {"_broken", "_refuse", "_refused", "_unsealed_message", "complain", "__init__", "say"}


def texts(said):
    """A sentence, or those of one and of many."""
    return (said,) if isinstance(said, str) else tuple(said)


@pytest.fixture(scope="module")
def collected():
    return tool.collect()


@pytest.fixture(scope="module")
def kept():
    return tool.read()


def test_every_sentence_of_the_code_is_in_vietnamese(collected, kept):
    known = {message.id: message.string for message in kept if message.id}
    assert not [message.id for message in collected if message.id and not any(texts(known.get(message.id, "")))], (
        "run: make messages"
    )


def test_no_sentence_is_kept_that_the_code_does_not_say(collected, kept):
    said = {message.id for message in collected}
    assert not [message.id for message in kept if message.id not in said], "run: make messages"


def test_a_translation_says_the_same_variables(kept):
    differing = [
        message.id
        for message in kept
        if message.id
        and len({tuple(sorted(_VARIABLES.findall(one))) for one in (*texts(message.id), *texts(message.string))}) != 1
    ]
    assert not differing


def test_what_reaches_the_formatter_has_no_stray_percent_sign(kept):
    stray = [
        text
        for message in kept
        if message.id and _VARIABLES.search(texts(message.id)[0])
        for text in (*texts(message.id), *texts(message.string))
        if "%" in _VARIABLES.sub("", text).replace("%%", "")
    ]
    assert not stray


def test_nothing_is_marked_as_a_guess(kept):
    assert not [message.id for message in kept if message.fuzzy and message.id]


def test_the_catalogue_is_written_as_the_tool_writes_it(collected):
    assert tool.as_po(tool.update(collected)) == tool.PO.read_bytes(), "run: make messages"


def test_the_compiled_catalogue_says_what_the_text_says(kept):
    with tool.MO.open("rb") as file:
        compiled = {texts(message.id): texts(message.string) for message in read_mo(file) if message.id}
    said = {texts(message.id): texts(message.string) for message in kept if message.id}
    assert compiled == said, "run: make messages"


def test_vietnamese_is_written_as_it_is_read(kept):
    """No exclamation marks, no sentence in capitals, the letter đ and not its look-alike."""
    wrong = [
        text
        for message in kept
        if message.id
        for text in texts(message.string)
        if "!" in text or "ð" in text.lower() or re.search(r"(?:[A-ZĐ]{4,} ){3}", text)
    ]
    assert not wrong


def test_every_refusal_is_known_to_the_tool():
    """A refusal's sentence is found only when its class is listed."""
    for module in pkgutil.walk_packages(intelhub.__path__, "intelhub."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    unknown = {
        found.__name__
        for found in _subclasses(IntelhubError)
        if "__init__" not in vars(found) and found.__module__.startswith("intelhub.") and not _says_itself(found)
    }
    assert unknown <= set(tool.REFUSALS)


def test_no_sentence_is_put_together_from_variables():
    """A message whose text is not written where it is made would never be translated."""
    found = []
    for path in sorted((ROOT / "intelhub").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, node in _calls(tree):
            first = node.args[0] if node.args else None
            if name in _CALLED and not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                around = _function_around(tree, node)
                if around not in _HANDED_ON and not _is_permission_sentence(path, around):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno} in {around}")
    assert not found


def _subclasses(parent: type) -> set[type]:
    return {one for child in parent.__subclasses__() for one in {child, *_subclasses(child)}}


def _says_itself(refusal: type) -> bool:
    """Whether a parent between this class and the root takes something else than a sentence."""
    return any("__init__" in vars(parent) for parent in refusal.__mro__[1:] if parent.__module__ != _ERRORS)


_ERRORS = "intelhub.platform.errors"


def _calls(tree: ast.AST) -> list[tuple[str, ast.Call]]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [(getattr(node.func, "id", getattr(node.func, "attr", "")), node) for node in calls]


def _function_around(tree: ast.AST, node: ast.Call) -> str:
    functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]
    around = [one for one in functions if one.lineno <= node.lineno <= (one.end_lineno or 0)]
    return max(around, key=lambda one: one.lineno).name if around else ""


def _is_permission_sentence(path: Path, function: str) -> bool:
    """The sentences of permissions, which the tool reads from the list itself."""
    return (path.name, function) in {("words.py", "explainable_acts"), ("audit_names.py", "permission_words")}
