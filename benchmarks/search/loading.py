"""Streams the documents into every variant's index: two processes make and send them, nothing is kept."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from elasticsearch import Elasticsearch

from benchmarks.search.documents import document
from benchmarks.search.node import Node
from benchmarks.search.stored import opened_store, put
from benchmarks.search.variants import COUNTED, VARIANTS, Variant, index_of, vault
from intelhub.search import SearchDocument
from intelhub.search.elastic.tokens import Tokens, Wall

PROCESSES = 2
_AT_ONCE = 500


@dataclass(slots=True)
class Spent:
    """Seconds of all processes together, by variant: making fields, and waiting for the server to take them."""

    documents: int = 0
    seconds: float = 0.0
    inventing: float = 0.0
    making: dict[str, float] = field(default_factory=dict)
    sending: dict[str, float] = field(default_factory=dict)

    def add(self, other: Spent) -> None:
        """Add another process's."""
        self.documents += other.documents
        self.inventing += other.inventing
        for mine, theirs in ((self.making, other.making), (self.sending, other.sending)):
            for name, seconds in theirs.items():
                mine[name] = mine.get(name, 0.0) + seconds

    def sent_a_second(self, variant: Variant) -> float:
        """Documents that the server takes a second from all processes together."""
        return self.documents * PROCESSES / self.sending[variant.name]

    def made_a_second(self, variant: Variant) -> float:
        """Documents that one process makes fields for a second."""
        return self.documents / self.making[variant.name]


def load(node: Node, folder: Path, begin: int, end: int, variants: Sequence[Variant] = VARIANTS) -> Spent:
    """Bring the documents from one number up to another into every index, and into the store beside them."""
    started_at, total = time.perf_counter(), Spent()
    for variant in variants:
        node.make(index_of(variant), variant.definition())
    context = multiprocessing.get_context("spawn")
    names = [variant.name for variant in variants]
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        waiting = [
            pool.submit(_load_share, node, folder, begin + share, end, names, share) for share in range(PROCESSES)
        ]
        for part in waiting:
            total.add(part.result())
    total.seconds = time.perf_counter() - started_at
    return total


def _load_share(node: Node, folder: Path, begin: int, end: int, names: Sequence[str], share: int) -> Spent:
    spent, client = Spent(), node.client()
    variants = [variant for variant in (*VARIANTS, COUNTED) if variant.name in names]
    with opened_store(folder, share) as store:
        for numbers in _in_batches(range(begin, end, PROCESSES)):
            at = time.perf_counter()
            batch = [document(number) for number in numbers]
            ids = [Tokens(vault(), Wall.of(one.partition)).document_id(one.record_id) for one in batch]
            spent.inventing += time.perf_counter() - at
            spent.documents += len(batch)
            put(store, zip(ids, batch, strict=True))
            for variant in variants:
                _send(node, client, variant, ids, batch, spent)
    return spent


def _send(
    node: Node,
    client: Elasticsearch,
    variant: Variant,
    ids: Sequence[UUID],
    batch: Sequence[SearchDocument],
    spent: Spent,
) -> None:
    begin = time.perf_counter()
    lines: list[object] = []
    for one_id, one in zip(ids, batch, strict=True):
        lines += [{"index": {"_id": one_id.hex, "version": one.row_version, "version_type": "external_gte"}}]
        lines += [variant.fields(one)]
    made = time.perf_counter()
    node.send(client, index_of(variant), lines)
    spent.making[variant.name] = spent.making.get(variant.name, 0.0) + made - begin
    spent.sending[variant.name] = spent.sending.get(variant.name, 0.0) + time.perf_counter() - made


def _in_batches(numbers: range) -> Iterator[range]:
    for start in range(0, len(numbers), _AT_ONCE):
        yield numbers[start : start + _AT_ONCE]
