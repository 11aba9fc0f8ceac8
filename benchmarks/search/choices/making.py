"""An index made from the reviewed file, against one made by a template that lies on the server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from elasticsearch import Elasticsearch

from benchmarks.bench import Figure
from benchmarks.search.measures import median
from benchmarks.search.node import Node
from intelhub.search.elastic.server import index_definition

PART = "making"
_TEMPLATE, _FOREIGN, _PATTERN = "ih-bench-made", "ih-bench-foreign", "ih-bench-made-*"
_INDICES = 20


def figures(node: Node) -> Iterator[Figure]:
    """What making takes each way, and whether it is as reviewed when somebody else's template is there."""
    client = node.client()
    _put(client, _TEMPLATE, index_definition(), priority=500)
    ways: dict[str, Callable[[str], object]] = {
        "from the file": lambda name: client.indices.create(index=name, **index_definition()),
        "by a template": lambda name: client.indices.create(index=name),
    }
    try:
        for said, make in ways.items():
            seconds = [_timed(make, f"ih-bench-made-{number}", node) for number in range(_INDICES)]
            yield Figure(part=PART, what=f"an index {said}", size=_INDICES, value=median(seconds), unit="ms")
        _put(client, _FOREIGN, _keeps_everything(), priority=501)
        for said, make in ways.items():
            make(made := "ih-bench-made-foreign")
            keeps, is_reviewed = _keeps_what_is_sent(client, made), _is_as_reviewed(client, made)
            node.drop(made)
            yield Figure(
                part=PART, what=f"an index {said}, beside another's template of a higher priority", size=1,
                value=float(is_reviewed), unit="x",
                words="keeps every document as it was sent" if keeps else "keeps no document as it was sent",
            )  # fmt: skip
    finally:
        for name in (_TEMPLATE, _FOREIGN):
            client.options(ignore_status=404).indices.delete_index_template(name=name)


def _put(client: Elasticsearch, name: str, definition: Mapping[str, Any], *, priority: int) -> None:
    client.indices.put_index_template(
        name=name, index_patterns=[_PATTERN], template=dict(definition), priority=priority
    )


def _keeps_everything() -> Mapping[str, Any]:
    """What the reviewed definition forbids: the source, and fields nobody named."""
    known = index_definition()
    loose = {**known["mappings"], "_source": {"enabled": True}, "dynamic": True}
    return {"settings": known["settings"], "mappings": loose}


def _is_as_reviewed(client: Elasticsearch, index: str) -> bool:
    """Whether its mapping is the reviewed one."""
    (made,) = client.indices.get_mapping(index=index).values()
    return bool(made["mappings"] == index_definition()["mappings"])


def _keeps_what_is_sent(client: Elasticsearch, index: str) -> bool:
    """Whether a document can be read there again as it was sent."""
    client.index(index=index, id="1", document={"p": "a", "f": "b"}, refresh=True)
    return "_source" in client.get(index=index, id="1")


def _timed(make: Callable[[str], object], name: str, node: Node) -> float:
    begin = time.perf_counter()
    make(name)
    seconds = time.perf_counter() - begin
    node.drop(name)
    return seconds
