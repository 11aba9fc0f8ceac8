"""Brings an index to rest: one segment, and nothing left of what the server keeps for other copies of itself.

With `_source` off the server keeps every document as it was sent (`_recovery_source`) until a merge drops it, and a
merge drops it only behind the shard's own retention lease, which follows within the half minute. An index that is one
segment already is not merged again; deleting what is not there makes a second segment.
"""

from __future__ import annotations

import time

from elasticsearch import Elasticsearch

from benchmarks.search.node import Node

_NOBODY = "0" * 32
_LEASE_SECONDS = 120.0
_FILES_SECONDS = 12.0  # sizes are ten seconds old at most


def settle(node: Node, index: str) -> float:
    """Merge to one segment without `_recovery_source`; the seconds of the merge. Raises `TimeoutError`."""
    client = node.client()
    _flush(client, index)
    deadline = time.monotonic() + _LEASE_SECONDS
    while not _is_released(client, index):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the retention lease of {index} does not move")
        time.sleep(0.5)
    node.send(client, index, [{"delete": {"_id": _NOBODY}}])
    _flush(client, index)
    begin = time.perf_counter()
    client.indices.forcemerge(index=index, max_num_segments=1)
    seconds = time.perf_counter() - begin
    client.indices.refresh(index=index)
    left = node.bytes_by_field(index).get("_recovery_source", 0)
    if left:
        raise RuntimeError(f"{index} keeps {left} bytes of _recovery_source")
    time.sleep(_FILES_SECONDS)
    return seconds


def _flush(client: Elasticsearch, index: str) -> None:
    client.indices.flush(index=index, force=True, wait_if_ongoing=True)


def _is_released(client: Elasticsearch, index: str) -> bool:
    stats = client.indices.stats(index=index, metric="docs", level="shards")
    (shard,) = stats["indices"][index]["shards"]["0"]
    leases = shard["retention_leases"]["leases"]
    return bool(min(one["retaining_seq_no"] for one in leases) > shard["seq_no"]["max_seq_no"])
