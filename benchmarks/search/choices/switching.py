"""A new epoch by the switch of an alias, against one by a head that names its index."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.bench import Figure
from benchmarks.search.documents import document
from benchmarks.search.measures import median
from benchmarks.search.node import Node
from benchmarks.search.variants import vault
from intelhub.search.elastic.server import index_definition
from intelhub.search.elastic.tokens import Tokens, Wall, fields_of

PART = "switching"
_ALIAS = "ih-bench-alias"
_DOCUMENTS, _SWITCHES, _READERS = 500, 100, 2
_PAUSE_SECONDS = 0.05


class _Head(NamedTuple):
    """What a reader learns of a wall before it asks: where, and under which keys."""

    name: str
    token: str


@dataclass(slots=True)
class _Asked:
    """What readers saw while it changed over."""

    answers: int = 0
    wrong: int = 0
    seconds: list[float] = field(default_factory=list)


def figures(node: Node) -> Iterator[Figure]:
    """How many answers were wrong while a wall changed over a hundred times, each way."""
    heads = [_filled(node, epoch) for epoch in range(2)]
    try:
        for way in ("alias", "head"):
            found = _changed_over(node, heads, by_alias=way == "alias")
            said = {"alias": "by the switch of an alias", "head": "by a head that names the index"}[way]
            took = f"; a switch takes {median(found.seconds):.1f} ms" if found.seconds else ""
            yield Figure(
                part=PART, what=f"answers that found nothing, {said}", size=_DOCUMENTS,
                value=100 * found.wrong / found.answers, unit="%",
                words=f"{found.wrong} of {found.answers:,} while it changed {_SWITCHES} times{took}",
            )  # fmt: skip
    finally:
        for head in heads:
            node.drop(head.name)


def _filled(node: Node, epoch: int) -> _Head:
    """The same documents under the keys of an epoch; a head with the token that all of them carry."""
    index = f"ih-bench-epoch-{epoch}"
    node.drop(index)
    node.make(index, index_definition())
    first = document(0)
    tokens = Tokens(vault(), Wall.of(first.partition), salt=str(epoch))
    lines: list[object] = []
    for number in range(_DOCUMENTS):
        lines += [{"index": {"_id": f"{number:032x}"}}, fields_of(tokens, document(number))]
    node.send(node.client(), index, lines)
    node.client().indices.refresh(index=index)
    return _Head(index, tokens.of(first).partition)


def _changed_over(node: Node, heads: list[_Head], *, by_alias: bool) -> _Asked:
    """Change over beside readers; what they read of a head is of one moment, as a transaction gives it."""
    client, found = node.client(), _Asked()
    shown = [heads[0]._replace(name=_ALIAS) if by_alias else heads[0]]
    if by_alias:
        client.indices.put_alias(index=heads[0].name, name=_ALIAS)
    is_over, lock = threading.Event(), threading.Lock()
    readers = [threading.Thread(target=_reader(node, shown, is_over, lock, found)) for _ in range(_READERS)]
    for one in readers:
        one.start()
    for number in range(_SWITCHES):
        time.sleep(_PAUSE_SECONDS)
        old, new = heads[number % 2], heads[(number + 1) % 2]
        if by_alias:
            begin = time.perf_counter()
            actions = [{"remove": {"index": old.name, "alias": _ALIAS}}, {"add": {"index": new.name, "alias": _ALIAS}}]
            client.indices.update_aliases(actions=actions)
            found.seconds.append(time.perf_counter() - begin)
            new = new._replace(name=_ALIAS)
        shown[0] = new
    is_over.set()
    for one in readers:
        one.join()
    return found


def _reader(
    node: Node, shown: list[_Head], is_over: threading.Event, lock: threading.Lock, found: _Asked
) -> Callable[[], None]:
    def read() -> None:
        client = node.client()
        while not is_over.is_set():
            head = shown[0]
            answer = client.count(index=head.name, query={"term": {"p": head.token}})
            with lock:
                found.answers += 1
                found.wrong += answer["count"] != _DOCUMENTS

    return read
