"""Words become keyed tokens: 80 bits of HMAC-SHA256 under a key a layer and epoch, so that no statistic crosses one.

A wall is a level, a set of compartments and a department; its years share it, and a day is a token like any other.
Those of its records that have come up equally far are a layer: whoever reads what has come so far reads layers whole
and needs no other filter. What is kept here opens nothing: a token is compared and never read. Ids are the records'
own under a cipher of the wall, so that the server names a record to us and to nobody else, and one that comes further
up is one document still.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from uuid import UUID

from intelhub.crypto import Pseudonyms, Vault, lp
from intelhub.search.analysis import Word, folded_words, identifier_token, words
from intelhub.search.document import Partition, SearchDocument
from intelhub.search.fields import IDENTIFIER_FIELDS, NAME_FIELDS, told_of
from intelhub.search.matching import all_facets
from intelhub.search.query import facet

FIRST_EPOCH = 1
SCHEME = 4
"""Which tokens these are; whatever lies under those of another scheme is made anew."""
_LAYERS = 4  # as many as there are exposures
_BYTES = 10  # 80 bits: that two of a million words share a token has a probability of 4e-13
_FOLDED, _VALUE, _PARTITION = b"f", b"k", b"p"
_MOST_KEPT = 20_000  # a few words make most of a text: a token that was made is mostly made again soon


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """Documents that share keys: a partition of the sealed engine without its year."""

    level: int
    compartments: frozenset[UUID]
    department_id: UUID

    @classmethod
    def of(cls, partition: Partition) -> Wall:
        """The wall a partition stands behind."""
        return cls(level=partition.level, compartments=partition.compartments, department_id=partition.department_id)

    def framed(self) -> bytes:
        """The wall as unambiguous bytes, bound into its keys and its dictionary."""
        return lp(
            b"intelhub/search/wall/v2",
            self.level.to_bytes(2, "big"),
            lp(*sorted(compartment.bytes for compartment in self.compartments)),
            self.department_id.bytes,
        )

    @property
    def id(self) -> UUID:
        """A digest of its clear columns."""
        return UUID(bytes=sha256(self.framed()).digest()[:16])


def index_name(vault: Vault, level: int, epoch: int = FIRST_EPOCH, volume: int = 0) -> str:
    """The opaque name of the Elasticsearch index of a level, an epoch and a volume of it."""
    key = vault.index_key(lp(b"intelhub/search/index-name/v2"))
    return "ih-" + _short(key, lp(*(number.to_bytes(4, "big") for number in (level, epoch, volume))))


class Tokens:
    """Makes the ids of one wall in one epoch, and the tokens of its layers.

    `salt` is drawn for each: two states of a wall under the same keys would tell by their difference what changed.
    """

    def __init__(self, vault: Vault, wall: Wall, salt: str = "") -> None:
        bound = lp(wall.framed(), salt.encode())
        key = vault.index_key(lp(b"intelhub/search/tokens/v3", bound))
        self.layers = tuple(Layer(key, exposure) for exposure in range(_LAYERS))
        self._ids = Pseudonyms(vault.index_key(lp(b"intelhub/search/ids/v1", bound)))

    def of(self, document: SearchDocument) -> Layer:
        """What makes the tokens of a document."""
        return self.layers[document.exposure]

    def document_id(self, record_id: UUID) -> UUID:
        """Under which id a record lies on the server."""
        return self._ids.of(record_id)

    def records_of(self, ids: Sequence[UUID]) -> list[UUID]:
        """Whose ids these are; one that was made up there is an id of nothing."""
        return self._ids.opened(ids)


class Layer:
    """Makes the tokens of those records of a wall that have come up as far as `exposure`."""

    def __init__(self, key: bytes, exposure: int) -> None:
        self.exposure = exposure
        self._key = hmac.digest(key, lp(b"layer", exposure.to_bytes(1, "big")), sha256)
        self._of_word = lru_cache(_MOST_KEPT)(self._made)
        self._of_value = lru_cache(_MOST_KEPT)(self._made)

    @cached_property
    def partition(self) -> str:
        """The token by which the layer's documents lie together."""
        return _short(self._key, _PARTITION)

    def folded(self, word: str) -> str:
        """The token of a word without diacritics."""
        return self._of_word(_FOLDED, word)

    def value(self, kind: str, value: str) -> str:
        """The token of a value of a field: a facet, an identifier, a day, what the access filter asks."""
        return self._of_value(_VALUE, kind, value)

    def _made(self, *parts: bytes | str) -> str:
        return _short(self._key, lp(*(part if isinstance(part, bytes) else _utf8(part) for part in parts)))


def day_of(moment: datetime) -> str:
    """The day of a moment, `2026-03-14`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d")


def month_of_day(day: str) -> str:
    """The month of a day, `2026-03`."""
    return day[:7]


def words_of(document: SearchDocument) -> list[Word]:
    """The words of a document in the order of reading, the title first."""
    return [word for text in (document.title, *document.texts) for word in words(text)]


def fields_of(tokens: Tokens, document: SearchDocument) -> dict[str, object]:
    """A document as Elasticsearch gets it where nothing is flattened.

    The tokens of each field are sorted, or the translog would keep the order in which the text is read, and each stands
    there once: how often words stand is counted in what is opened, and would tell words to whoever has the index.
    """
    layer = tokens.of(document)
    folded = {word for text in (document.title, *document.texts) for word in folded_words(text)}
    return {
        "p": layer.partition,
        "f": " ".join(sorted(map(layer.folded, folded))),
        "k": sorted(value_tokens(layer, document)),
    }


def value_tokens(layer: Layer, document: SearchDocument) -> set[str]:
    """The tokens of everything a document is asked for that is no word of its text."""
    return {layer.value(kind, value) for kind, value in values_of(document)}


def values_of(document: SearchDocument) -> Iterator[tuple[str, str]]:
    """Everything a document is asked for that is no word of its text, nor the same in the whole layer.

    Identifiers are told as such and not of which kind they are: a second token of each would cost and tell more.
    """
    identifiers = identifiers_of(document)
    for name, values in all_facets(document).items():
        if name == "level":
            continue
        if name in NAME_FIELDS:
            yield from ((name_kind(name), word) for value in values for word in folded_words(value))
            continue
        for value in values:
            asked = facet(name, value).value
            if name not in IDENTIFIER_FIELDS or asked not in identifiers:
                yield facet_kind(name), told_of(name, asked)
    for identifier in identifiers:
        yield "identifier", identifier
    day = day_of(document.occurred_at)
    yield "day", day
    yield "month", month_of_day(day)
    yield "author", document.author_id.hex
    yield from (("recipient", unit.hex) for unit in document.recipient_unit_ids)


def identifiers_of(document: SearchDocument) -> set[str]:
    """The identifiers of a document in the one spelling of the index."""
    return set(filter(None, map(identifier_token, document.identifiers)))


def facet_kind(field: str) -> str:
    """Of what kind the values of a field are."""
    return f"facet:{field}"


def name_kind(field: str) -> str:
    """Of what kind the words of names are that a field asks for."""
    return f"name:{field}"


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _short(key: bytes, message: bytes) -> str:
    number = int.from_bytes(hmac.digest(key, message, sha256)[:_BYTES], "big")
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])


def any_token() -> str:
    """A token of nothing, of the shape of all others."""
    return _short(secrets.token_bytes(32), b"")


# RFC 4648's letters in lower case; the standard library's own way takes thrice as long, and a page needs hundreds.
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_SHIFTS = range(8 * _BYTES - 10, -1, -10)
