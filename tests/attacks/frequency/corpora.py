"""Texts for the frequency attack: what an index is made of, and what an attacker has read."""

from __future__ import annotations

import ast
import pydoc_data.topics
import re
import sysconfig
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random

from babel.messages.pofile import read_po

from intelhub.demo.generator import generate_records

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = ROOT / "intelhub" / "translations" / "vi" / "LC_MESSAGES" / "messages.po"
GUIDE = ROOT / "docs" / "users" / "vi" / "phieu-tin.md"
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)
TODAY = datetime(2026, 11, 1, tzinfo=UTC)


@cache
def invented(count: int) -> tuple[str, ...]:
    """Vietnamese reports of the demo: put together from patterns, so that they share more than real reports would."""
    return tuple(_shuffled(record.content["text"] for record in generate_records(7, count, today=TODAY)))


@cache
def written() -> tuple[str, ...]:
    """Vietnamese without patterns: the sentences of the product's pages and of its guide. There are few."""
    with CATALOGUE.open("rb") as file:
        messages = [message.string for message in read_po(file) if message.id]
    sentences = [one for each in messages for one in (each if isinstance(each, tuple) else (each,))]
    return tuple(_shuffled(_prose([*sentences, *_paragraphs(GUIDE.read_text(encoding="utf-8"))], least=6)))


@cache
def technical() -> tuple[str, ...]:
    """English that people wrote: Python's own reference and the documentation strings of its library."""
    texts = list(pydoc_data.topics.topics.values())
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        nodes = ast.walk(ast.parse(path.read_bytes()))
        texts += (ast.get_docstring(one) or "" for one in nodes if isinstance(one, _DOCUMENTED))
    return tuple(_shuffled(_prose((part for text in texts for part in _paragraphs(text)), least=12)))


def _paragraphs(text: str) -> list[str]:
    return re.split(r"\n\s*\n", text)


def _prose(paragraphs, *, least: int) -> list[str]:
    return [one for one in dict.fromkeys(" ".join(part.split()) for part in paragraphs) if len(one.split()) >= least]


def _shuffled(texts) -> Iterator[str]:
    found = list(texts)
    Random(11).shuffle(found)  # noqa: S311 - the same halves each time
    return iter(found)
