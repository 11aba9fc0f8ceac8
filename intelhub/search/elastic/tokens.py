"""Words become keyed tokens: 80 bits of HMAC-SHA256 under a key a wall, so that no statistic crosses a wall.

A wall is a level, a set of compartments, a department and an epoch; the years of a department share its wall, and a
year is a token like any other. What is kept here opens nothing: a token is compared and never read.
"""

from __future__ import annotations

import base64
import hmac
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from uuid import UUID

from intelhub.crypto import Vault, lp
from intelhub.search.analysis import folded_words, identifier_token, words
from intelhub.search.document import Partition, SearchDocument
from intelhub.search.matching import all_facets
from intelhub.search.query import facet

EPOCH = 1
_BYTES = 10  # 80 bits: that two of a million words share a token has a probability of 4e-13
_EXACT, _FOLDED, _VALUE, _WALL = b"x", b"f", b"k", b"p"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """Documents that share keys: a partition of the sealed engine without its year, in an epoch."""

    level: int
    compartments: frozenset[UUID]
    department_id: UUID
    epoch: int = EPOCH

    @classmethod
    def of(cls, partition: Partition) -> Wall:
        """The wall a partition stands behind."""
        return cls(level=partition.level, compartments=partition.compartments, department_id=partition.department_id)

    def framed(self) -> bytes:
        """The wall as unambiguous bytes, bound into its keys and its dictionary."""
        return lp(
            b"intelhub/search/wall/v1",
            self.level.to_bytes(2, "big"),
            lp(*sorted(compartment.bytes for compartment in self.compartments)),
            self.department_id.bytes,
            self.epoch.to_bytes(4, "big"),
        )

    @property
    def id(self) -> UUID:
        """A digest of its clear columns."""
        return UUID(bytes=sha256(self.framed()).digest()[:16])


def index_name(vault: Vault, level: int, epoch: int = EPOCH) -> str:
    """The opaque name of the Elasticsearch index of a level and epoch."""
    key = vault.index_key(lp(b"intelhub/search/index-name/v1"))
    return "ih-" + _short(key, lp(level.to_bytes(2, "big"), epoch.to_bytes(4, "big")))


def document_id(vault: Vault, partition: Partition, record_id: UUID) -> UUID:
    """Under which id a record of a partition lies on the search server: always the same, and nobody's name."""
    key = vault.index_key(lp(b"intelhub/search/document-id/v1", partition.framed()))
    return UUID(bytes=hmac.digest(key, record_id.bytes, sha256)[:16])


class Tokens:
    """Makes the tokens of one wall."""

    def __init__(self, vault: Vault, wall: Wall) -> None:
        self._key = vault.index_key(lp(b"intelhub/search/tokens/v1", wall.framed()))

    @cached_property
    def wall(self) -> str:
        """The token by which the wall's documents lie together."""
        return _short(self._key, _WALL)

    def exact(self, word: str) -> str:
        """The token of a word with its diacritics."""
        return _short(self._key, lp(_EXACT, _utf8(word)))

    def folded(self, word: str) -> str:
        """The token of a word without them."""
        return _short(self._key, lp(_FOLDED, _utf8(word)))

    def value(self, kind: str, value: str) -> str:
        """The token of a value of a field: a facet, an identifier, a month, what the access filter asks."""
        return _short(self._key, lp(_VALUE, _utf8(kind), _utf8(value)))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words and identifiers of documents, with the number of documents each stands in."""

    words: Counter[str] = field(default_factory=Counter)
    identifiers: Counter[str] = field(default_factory=Counter)
    months: Counter[str] = field(default_factory=Counter)

    def take(self, other: Vocabulary) -> None:
        """Add another's."""
        self.words.update(other.words)
        self.identifiers.update(other.identifiers)
        self.months.update(other.months)


def vocabulary_of(document: SearchDocument) -> Vocabulary:
    """What one document adds to the dictionary of its wall."""
    passages = (document.title, *document.texts)
    return Vocabulary(
        words=Counter({word for text in passages for word in folded_words(text)}),
        identifiers=Counter(set(filter(None, map(identifier_token, document.identifiers)))),
        months=Counter([month_of(document.occurred_at)]),
    )


def month_of(moment: datetime) -> str:
    """The month of a moment, `2026-03`."""
    return moment.astimezone(UTC).strftime("%Y-%m")


def fields_of(tokens: Tokens, document: SearchDocument) -> dict[str, object]:
    """A document as Elasticsearch gets it.

    The tokens of each field are sorted, or the translog would keep the order in which the text is read.
    """
    passages = (document.title, *document.texts)
    folded = (tokens.folded(word) for text in passages for word in folded_words(text))
    exact = (tokens.exact(word.exact) for text in passages for word in words(text))
    return {
        "p": tokens.wall,
        "x": " ".join(sorted(exact)),
        "f": " ".join(sorted(folded)),
        "k": sorted({tokens.value(kind, value) for kind, value in values_of(document)}),
    }


def values_of(document: SearchDocument) -> Iterator[tuple[str, str]]:
    """Everything a document is asked for that is no word of its text."""
    for name, values in all_facets(document).items():
        for value in values:
            asked = facet(name, value)
            yield f"facet:{asked.name}", asked.value
    for identifier in filter(None, map(identifier_token, document.identifiers)):
        yield "identifier", identifier
    yield "month", month_of(document.occurred_at)
    yield "author", document.author_id.hex
    for exposure in range(document.exposure + 1):
        yield "exposure", str(exposure)
        yield "unit", f"{document.unit_id.hex}/{exposure}"


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _short(key: bytes, message: bytes) -> str:
    return base64.b32encode(hmac.digest(key, message, sha256)[:_BYTES]).decode().lower()


def merged(parts: Iterable[Vocabulary]) -> Vocabulary:
    """The vocabularies of many documents together."""
    total = Vocabulary()
    for part in parts:
        total.take(part)
    return total
