"""What is put into each index: tokens of the product's own making, the same fields in clear, and what one would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from benchmarks.search.documents import DEPARTMENTS, SEED, SHARED_UP, house
from intelhub.crypto import RootKeys, Vault
from intelhub.search import Partition, SearchDocument
from intelhub.search.analysis import folded_words, identifier_token, words
from intelhub.search.elastic.server import index_definition
from intelhub.search.elastic.tokens import Layer, Tokens, Wall, fields_of
from intelhub.search.matching import all_facets

Fields = Mapping[str, Any]
_WHOLE_HOUSE = UUID(int=35)
_REMEMBERED = 200_000


def _key(name: str) -> bytes:
    """Keys that protect nothing: every process of a run needs the same."""
    return sha256(f"benchmarks/search/{SEED}/{name}".encode()).digest()


@cache
def vault() -> Vault:
    """Keys of the benchmark, the same in every process."""
    ids = UUID(int=SEED)
    keys = {name: _key(name) for name in ("data", "index", "label", "session", "audit_signing", "auditors_public")}
    return Vault(RootKeys(key_file_id=ids, is_demo=True, data_id=ids, retired_data={}, **keys))


class _Remembering(Tokens):
    """The product's tokens, each made once: what making them costs is measured by itself."""

    def __init__(self, wall: Wall) -> None:
        super().__init__(vault(), wall)
        for layer in self.layers:
            layer.folded = lru_cache(_REMEMBERED)(layer.folded)  # type: ignore[method-assign]
            layer.value = lru_cache(_REMEMBERED)(layer.value)  # type: ignore[method-assign]


class _ClearLayer(Layer):
    """The same fields with words in the place of tokens."""

    partition = "all"

    def folded(self, word: str) -> str:
        return word

    def value(self, kind: str, value: str) -> str:
        return f"{kind}:{value}"


class _Clear(Tokens):
    """Words in clear, all alike."""

    def __init__(self) -> None:
        super().__init__(vault(), _wall(_WHOLE_HOUSE))
        self.layers = (_ClearLayer(b"", SHARED_UP),) * len(self.layers)


def _wall(department_id: UUID) -> Wall:
    return Wall(level=0, compartments=frozenset(), department_id=department_id)


def _layer(department_id: UUID) -> Layer:
    return Tokens(vault(), _wall(department_id)).layers[SHARED_UP]


@cache
def _remembered(department_id: UUID) -> Tokens:
    return _Remembering(_wall(department_id))


def tokens_of(partition: Partition) -> Tokens:
    """A document's tokens as the product makes them."""
    return Tokens(vault(), Wall.of(partition))


@cache
def _in_clear() -> Tokens:
    return _Clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to index the documents."""

    name: str
    words: str
    layers: Callable[[], Sequence[Layer]]
    definition: Callable[[], Mapping[str, Any]]
    fields: Callable[[SearchDocument], Fields]


def _keyed(
    name: str, said: str, tokens: Callable[[Partition], Tokens], layers: Callable[[], Sequence[Layer]]
) -> Variant:
    return Variant(
        name=name,
        words=said,
        layers=layers,
        definition=index_definition,
        fields=lambda document: fields_of(tokens(document.partition), document),
    )


def _plain_definition() -> Mapping[str, Any]:
    text = {"type": "text", "analyzer": "whitespace", "index_options": "positions", "norms": True}
    keyword = {"type": "keyword"}
    names = (
        "identifier", "author", "owner", "exposure", "level", "state", "month",
        "topic", "channel", "grade", "method", "urgency", "unit", "place", "number",
    )  # fmt: skip
    return {
        "settings": {"number_of_shards": 1, "index.sort.field": "p", "index.refresh_interval": "5s"},
        "mappings": {
            "dynamic": "strict",
            "_source": {"enabled": False},
            "properties": {
                "p": keyword, "x": text, "f": text, "at": {"type": "date"}, **dict.fromkeys(names, keyword)
            },
        },
    }  # fmt: skip


def _counted_definition() -> Mapping[str, Any]:
    """The product's own, with what an aggregation needs: each document's values beside the documents of each value."""
    known = index_definition()
    fields = {**known["mappings"]["properties"], "k": {"type": "keyword"}}
    return {"settings": known["settings"], "mappings": {**known["mappings"], "properties": fields}}


def _plain_fields(document: SearchDocument) -> Fields:
    passages = (document.title, *document.texts)
    return {
        "p": document.partition.department_id.hex,
        "f": " ".join(word for text in passages for word in folded_words(text)),
        "x": " ".join(word.exact for text in passages for word in words(text)),
        "at": document.occurred_at.isoformat(),
        "month": f"{document.occurred_at:%Y-%m}",
        "author": document.author_id.hex,
        "owner": document.unit_id.hex,
        "exposure": str(document.exposure),
        "identifier": [identifier_token(one) for one in document.identifiers],
        **{name: list(values) for name, values in all_facets(document).items()},
    }


ONE_KEY = _keyed(
    "one-key",
    "tokens under one key",
    lambda _: _remembered(_WHOLE_HOUSE),
    lambda: [_layer(_WHOLE_HOUSE)],
)
CLEAR = _keyed("clear", "the same fields in clear", lambda _: _in_clear(), lambda: [_in_clear().layers[SHARED_UP]])
WALLS = _keyed(
    "walls",
    f"tokens under a key for each of {DEPARTMENTS} departments",
    lambda partition: _remembered(partition.department_id),
    lambda: [_layer(department.id) for department in house().departments],
)
PLAIN = Variant(
    name="plain",
    words="Elasticsearch with positions",
    layers=lambda: [_in_clear().layers[SHARED_UP]],
    definition=_plain_definition,
    fields=_plain_fields,
)
COUNTED = replace(
    WALLS, name="counted", words="the same, with values a server can count by", definition=_counted_definition
)
VARIANTS = (ONE_KEY, CLEAR, WALLS, PLAIN)
"""Those that are compared with each other; `COUNTED` belongs to the ways that were not taken."""


def index_of(variant: Variant) -> str:
    """The index a variant lies in."""
    return f"ih-bench-{variant.name}"
