"""The one Elasticsearch node that everything is measured on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.exceptions import GeneralAvailabilityWarning

from intelhub.search import connect

_PROJECT = Path(__file__).parents[2]
_SCRIPT = _PROJECT / ".ci" / "elasticsearch"
_GIVEN = "INTELHUB_TEST_ELASTICSEARCH"
_HOURS = 3 * 3600.0


@dataclass(frozen=True, slots=True)
class Node:
    """Where it listens, and how its administrator signs in."""

    url: str
    ca_file: Path

    def client(self) -> Elasticsearch:
        """A client that may do everything and waits as long as a merge of a million documents takes."""
        return connect(self.url, self.ca_file).options(request_timeout=_HOURS, max_retries=0)

    def version(self) -> str:
        """Which Elasticsearch it is."""
        (node,) = self.client().nodes.info()["nodes"].values()  # the minimal build says it nowhere else
        return str(node["version"])

    def drop(self, index: str) -> None:
        """Take an index away, if it is there."""
        self.client().options(ignore_status=404).indices.delete(index=index)

    def make(self, index: str, definition: Mapping[str, Any]) -> None:
        """An index, unless it is there."""
        client = self.client()
        if not client.indices.exists(index=index):
            client.indices.create(index=index, settings=definition["settings"], mappings=definition["mappings"])

    def send(self, client: Elasticsearch, index: str, lines: Sequence[Any]) -> None:
        """Write documents; every one of them, or it raises."""
        answer = client.bulk(index=index, operations=lines)
        if answer["errors"]:
            raise RuntimeError(next(item for item in answer["items"] if item["index"]["status"] >= 300))

    def bytes_of(self, index: str) -> int:
        """What an index takes on the disk, without its translog."""
        stats = self.client().indices.stats(index=index, metric="store")
        return int(stats["_all"]["primaries"]["store"]["size_in_bytes"])

    def bytes_by_field(self, index: str) -> dict[str, int]:
        """What each field of an index takes."""
        with warnings.catch_warnings(action="ignore", category=GeneralAvailabilityWarning):
            usage = self.client().indices.disk_usage(index=index, run_expensive_tasks=True, flush=True)
        return {name: int(one["total_in_bytes"]) for name, one in usage[index]["fields"].items()}


@contextmanager
def running_node() -> Iterator[Node]:
    """The node named by the environment, or one of our own that goes away with the block."""
    given = os.environ.get(_GIVEN)
    if given:
        yield _known(Path(given))
        return
    folder = Path(tempfile.mkdtemp(prefix="intelhub-bench-search-"))
    folder.chmod(0o755)  # the server does not run as root
    try:
        subprocess.run([str(_SCRIPT), "start", str(folder)], check=True)  # noqa: S603 - our own script
        yield _known(folder)
    finally:
        subprocess.run([str(_SCRIPT), "stop", str(folder)], check=False)  # noqa: S603 - our own script
        shutil.rmtree(folder, ignore_errors=True)


def _known(folder: Path) -> Node:
    told = json.loads((folder / "server.json").read_text(encoding="utf-8"))
    return Node(told["users"]["admin"][0], Path(told["ca"]))
