"""The words of a wall with the number of documents each stands in: sealed SQLite images, opened in memory.

A base and the changes since: the worker adds a small part at each move and folds them from time to time, so that a
process opens again only what is new. Beginnings of words are looked up here and nowhere else; what is proposed here
shows nothing before the access filter and the row scope have said yes to a document.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import weakref
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from uuid import UUID

from intelhub.crypto import Tampered, Vault, lp, open_blob, seal_blob
from intelhub.search.document import SearchDocument
from intelhub.search.elastic.tokens import Wall, day_of, identifiers_of, words_of
from intelhub.search.nearness import near, reach

BUDGET = 128 * 1024 * 1024
_SCHEMA = """
PRAGMA page_size = 1024;
CREATE TABLE terms (kind TEXT, word TEXT, exact TEXT, documents INTEGER NOT NULL, PRIMARY KEY (kind, word, exact))
WITHOUT ROWID;
"""
_LAST = "\U0010ffff"


class Kind(StrEnum):
    """What a term is: a word without diacritics, a word as it is spelt, an identifier, a day."""

    WORD = "w"
    SPELLING = "s"
    IDENTIFIER = "i"
    DAY = "d"


Entry = tuple[Kind, str, str]
"""A kind, a term, and how it is spelt where it is a spelling, or of which layer where it is a day."""
Vocabulary = Counter[Entry]


def vocabulary_of(document: SearchDocument) -> Vocabulary:
    """What one document adds to the dictionary of its wall."""
    found = {(word.folded, word.exact) for word in words_of(document)}
    entries = [(Kind.WORD, folded, "") for folded in {folded for folded, _ in found}]
    entries += [(Kind.SPELLING, folded, exact) for folded, exact in found]
    entries += [(Kind.IDENTIFIER, one, "") for one in identifiers_of(document)]
    entries.append((Kind.DAY, day_of(document.occurred_at), str(document.exposure)))
    return Counter(entries)


def image_of(vocabulary: Vocabulary) -> bytes:
    """A part of a dictionary: what was added to each number, or taken from it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.executescript(_SCHEMA)
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO terms VALUES (?, ?, ?, ?)",
            sorted((*entry, count) for entry, count in vocabulary.items() if count),
        )
        connection.execute("COMMIT")  # serialize() before the commit would lose everything without an error
        return connection.serialize()
    finally:
        connection.close()


def seal_part(vault: Vault, wall: Wall, part_id: UUID, image: bytes) -> bytes:
    """A part as a blob bound to its wall and place."""
    return seal_blob(_key(vault, wall), zlib.compress(image), context=_context(wall, part_id))


class Part:
    """An opened part, safe to share between threads; never changed."""

    def __init__(self, image: bytes) -> None:
        self.size = len(image)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        weakref.finalize(self, self._connection.close)
        self._connection.deserialize(image)

    @classmethod
    def opened(cls, vault: Vault, wall: Wall, part_id: UUID, sealed: bytes) -> Part:
        """Undo `seal_part`; raises `Tampered`."""
        packed = open_blob(_key(vault, wall), sealed, context=_context(wall, part_id))
        try:
            return cls(zlib.decompress(packed))
        except (zlib.error, sqlite3.DatabaseError):  # sealed by us and yet no image: nothing in it can be trusted
            raise Tampered("A part of the search index does not fit its seal.") from None

    def entries(self) -> Vocabulary:
        """Everything in it."""
        with self._lock:
            rows = self._connection.execute("SELECT kind, word, exact, documents FROM terms").fetchall()
        return Counter({(Kind(kind), word, exact): count for kind, word, exact, count in rows})

    def days(self, layer: int) -> list[tuple[str, int]]:
        """The days of a layer with the number of its documents of each."""
        return self._fetched("SELECT word, documents FROM terms WHERE kind = ? AND exact = ?", Kind.DAY, str(layer))

    def of_length(self, kind: Kind, least: int, most: int) -> list[tuple[str, int]]:
        """The terms of a kind with so many letters."""
        sql = "SELECT word, documents FROM terms WHERE kind = ? AND length(word) BETWEEN ? AND ?"
        return self._fetched(sql, kind, least, most)

    def beginning(self, kind: Kind, beginning: str) -> list[tuple[str, int]]:
        """The terms of a kind that begin so."""
        sql = "SELECT word, documents FROM terms WHERE kind = ? AND word >= ? AND word < ?"
        return self._fetched(sql, kind, beginning, beginning + _LAST)

    def spellings(self, word: str) -> list[tuple[str, int]]:
        """How a word without diacritics is spelt."""
        return self._fetched("SELECT exact, documents FROM terms WHERE kind = ? AND word = ?", Kind.SPELLING, word)

    def _fetched(self, sql: str, *parameters: object) -> list[tuple[str, int]]:
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()


class Dictionary:
    """What a wall's documents are made of, at one version: the sum of its parts."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts

    def days(self, layer: int) -> frozenset[str]:
        """The days on which there are documents of a layer."""
        return frozenset(map(sys.intern, _summed(part.days(layer) for part in self.parts)))

    def beginning(self, kind: Kind, beginning: str) -> list[str]:
        """The terms that begin so."""
        return sorted(_summed(part.beginning(kind, beginning) for part in self.parts))

    def near(self, kind: Kind, folded: str) -> list[str]:
        """The terms that may be meant by this one with a slip."""
        return near(folded, list(self._as_long_as(kind, folded)))

    def _as_long_as(self, kind: Kind, folded: str) -> dict[str, int]:
        least, most = len(folded) - reach(folded), len(folded) + reach(folded)
        return _summed(part.of_length(kind, least, most) for part in self.parts)

    def spellings(self, word: str) -> dict[str, int]:
        """How a word without diacritics is spelt, with the number of documents of each."""
        return _summed(part.spellings(word) for part in self.parts)


def _summed(parts: Iterable[Iterable[tuple[str, int]]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        for word, count in part:
            total[word] += count
    return {word: count for word, count in total.items() if count > 0}


def _key(vault: Vault, wall: Wall) -> bytes:
    return vault.index_key(lp(b"intelhub/search/dictionary/v2", wall.framed()))


def _context(wall: Wall, part_id: UUID) -> bytes:
    return lp(b"search_dictionary_parts", wall.framed(), part_id.bytes)
