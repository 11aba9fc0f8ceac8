"""The words of a wall with the number of documents each stands in: sealed in PostgreSQL, opened in memory.

Beginnings of words are looked up here and nowhere else; what is proposed here shows nothing before the access filter
and the row scope have said yes to a document.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect_left
from collections import Counter
from functools import cached_property
from itertools import islice, takewhile

from intelhub.crypto import Vault, lp, open_blob, seal_blob
from intelhub.search.elastic.tokens import Vocabulary, Wall


class Dictionary:
    """What a wall's documents are made of, at one version; never changed, only followed by another."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    @cached_property
    def _words(self) -> list[str]:
        return sorted(self._vocabulary.words)

    @cached_property
    def _identifiers(self) -> list[str]:
        return sorted(self._vocabulary.identifiers)

    @property
    def months(self) -> list[str]:
        """The months it has documents of, the newest first."""
        return sorted(self._vocabulary.months, reverse=True)

    def words_beginning(self, beginning: str, *, most: int) -> list[str]:
        """The words that begin so."""
        return _beginning(self._words, beginning, most)

    def identifiers_beginning(self, beginning: str, *, most: int) -> list[str]:
        """The identifiers that begin so."""
        return _beginning(self._identifiers, beginning, most)

    def with_changes(self, added: Vocabulary, gone: Vocabulary) -> Dictionary:
        """The next version: what nothing holds any more is dropped."""
        parts = (
            (self._vocabulary.words, added.words, gone.words),
            (self._vocabulary.identifiers, added.identifiers, gone.identifiers),
            (self._vocabulary.months, added.months, gone.months),
        )
        return Dictionary(Vocabulary(*(_summed(*part) for part in parts)))

    def sealed(self, vault: Vault, wall: Wall, version: int) -> bytes:
        """The dictionary as a blob bound to its wall and version."""
        known = self._vocabulary
        packed = zlib.compress(json.dumps([known.words, known.identifiers, known.months]).encode())
        return seal_blob(_key(vault, wall), packed, context=_context(wall, version))

    @classmethod
    def opened(cls, vault: Vault, sealed: bytes, wall: Wall, version: int) -> Dictionary:
        """Undo `sealed`; raises `Tampered`."""
        packed = open_blob(_key(vault, wall), sealed, context=_context(wall, version))
        return cls(Vocabulary(*map(Counter, json.loads(zlib.decompress(packed)))))


def _beginning(known: list[str], beginning: str, most: int) -> list[str]:
    behind = islice(known, bisect_left(known, beginning), None)
    return list(islice(takewhile(lambda one: one.startswith(beginning), behind), most))


def _summed(known: Counter[str], added: Counter[str], gone: Counter[str]) -> Counter[str]:
    total = Counter(known)
    total.update(added)
    total.subtract(gone)
    return +total


def _key(vault: Vault, wall: Wall) -> bytes:
    return vault.index_key(lp(b"intelhub/search/dictionary/v1", wall.framed()))


def _context(wall: Wall, version: int) -> bytes:
    return lp(b"search_dictionaries", wall.framed(), version.to_bytes(8, "big"))
