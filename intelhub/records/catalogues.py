"""The lists an officer chooses from, read from one reviewed file; every word in it is public.

A raw search of the disk may find the words of these lists and of no record. Whoever adapts the lists edits the file:
a code that records use is never removed or given another meaning, it is retired.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

_SHIPPED = Path(__file__).parent / "data" / "catalogues.json"
_WORD = re.compile(r"\w+")


def _in_language(locale: str, vi: str, en: str) -> str:
    return en if locale.lower().startswith("en") else vi


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a list.

    `level` and the basis are those of a state-secret item, `hours` is the clock of an urgency, `colour` and the banner
    belong to a level, `conditions_required` to a handling code. An example says so in its words too. What each
    administration calls its tiers is left open as %(tier1)s to %(tier3)s; `with_tiers` fills it in.
    """

    code: str
    vi: str
    en: str
    meaning_vi: str = ""
    meaning_en: str = ""
    level: int | None = None
    basis_vi: str = ""
    basis_en: str = ""
    colour: str = ""
    banner_vi: str = ""
    banner_en: str = ""
    hours: int | None = None
    conditions_required: bool = False
    example: bool = False
    retired: bool = False

    def label(self, locale: str = "vi") -> str:
        """The words people choose by, in their language."""
        return _in_language(locale, self.vi, self.en)

    def meaning(self, locale: str = "vi") -> str:
        """What it means, in a sentence; empty where the label says it all."""
        return _in_language(locale, self.meaning_vi, self.meaning_en)

    def basis(self, locale: str = "vi") -> str:
        """The legal basis of a state-secret item."""
        return _in_language(locale, self.basis_vi, self.basis_en)

    def banner(self, locale: str = "vi") -> str:
        """The words at the top and bottom of a page of this level; empty for level 0."""
        return _in_language(locale, self.banner_vi, self.banner_en)

    def words(self) -> Iterator[str]:
        """Every text of this entry, in both languages."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str) and value:
                yield value


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A list with its name, in the order people meet it."""

    code: str
    vi: str
    en: str
    entries: tuple[Entry, ...]

    def label(self, locale: str = "vi") -> str:
        """The list's name, in a language."""
        return _in_language(locale, self.vi, self.en)


def read_catalogues(path: Path) -> Mapping[str, Catalogue]:
    """The lists of a file; raises `ValueError` where it names the wrong thing or a code stands twice."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType({code: _catalogue(code, row) for code, row in document.items()})


def _catalogue(code: str, row: Mapping[str, Any]) -> Catalogue:
    try:
        entries = tuple(Entry(**entry) for entry in row["entries"])
        found = Catalogue(code=code, vi=row["vi"], en=row["en"], entries=entries)
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"catalogue {code}: {wrong}") from wrong
    if len({entry.code for entry in entries}) != len(entries):
        raise ValueError(f"catalogue {code}: a code stands twice")
    return found


@cache
def catalogues() -> Mapping[str, Catalogue]:
    """Every shipped list by its code."""
    return read_catalogues(_SHIPPED)


def catalogue(code: str) -> tuple[Entry, ...]:
    """The entries of a list in their order; raises `KeyError`."""
    return catalogues()[code].entries


def entry(code: str, key: str) -> Entry:
    """One entry of a list; raises `KeyError`."""
    return _by_code()[code, key]


def find_entry(code: str, key: str | None) -> Entry | None:
    """One entry of a list, or None."""
    return _by_code().get((code, key or ""))


def label(code: str, key: str, locale: str = "vi") -> str:
    """The words of an entry, or the code itself where an older record carries one the list no longer has."""
    found = find_entry(code, key)
    return found.label(locale) if found else key


def with_tiers(words: str, names: Callable[[], Mapping[str, str]]) -> str:
    """Words of a list with the names of the tiers where they are left open; nearly all leave none open."""
    return words % names() if "%(" in words else words


@cache
def public_words() -> frozenset[str]:
    """Every word of every list, lower case and composed: all that may lie on the disk in clear."""
    texts = [text for each in catalogues().values() for line in each.entries for text in line.words()]
    texts += [text for each in catalogues().values() for text in (each.code, each.vi, each.en)]
    return frozenset(word for text in texts for word in _WORD.findall(unicodedata.normalize("NFC", text).lower()))


@cache
def _by_code() -> Mapping[tuple[str, str], Entry]:
    return {(code, line.code): line for code, each in catalogues().items() for line in each.entries}
