"""A real Elasticsearch for the tests that need one, with TLS and the shipped roles; `.ci/elasticsearch` starts it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from intelhub.search.elastic import SearchServer, connect, rebuilding, shelving

FOLDER = "INTELHUB_TEST_ELASTICSEARCH"
PROGRAM = Path(__file__).parents[1] / ".ci" / "elasticsearch"


@dataclass(frozen=True)
class TestServer:
    """The server as the product's processes speak to it, and as its administrator does."""

    __test__ = False
    searching: SearchServer
    indexing: SearchServer
    admin: Elasticsearch
    searcher: Elasticsearch
    indexer: Elasticsearch
    addresses: Mapping[str, Sequence[str]]
    ca: Path
    home: Path
    data: Path


@pytest.fixture
def search_server() -> Iterator[TestServer]:
    """Keys differ a test, and so do the names of its indices; they are gone after it."""
    yield from _served(Path(_folder()))


@pytest.fixture
def two_nodes() -> Iterator[TestServer]:
    """A server of two nodes of its own; ending one of them is the test's."""
    folder = Path(tempfile.mkdtemp(prefix="intelhub-nodes-"))
    home = Path(json.loads(Path(_folder(), "server.json").read_text())["home"])
    (folder / home.name).symlink_to(home)
    try:
        subprocess.run([PROGRAM, "start", folder, "2"], check=True, timeout=150)
        yield from _served(folder)
    finally:
        subprocess.run([PROGRAM, "stop", folder], check=True, timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> str:
    folder = os.environ.get(FOLDER)
    if not folder:
        pytest.skip(f"no Elasticsearch: {FOLDER} names no folder (.ci/elasticsearch start FOLDER starts one)")
    return folder


def _served(folder: Path) -> Iterator[TestServer]:
    known = json.loads((folder / "server.json").read_text())
    clients = {user: connect(",".join(urls), Path(known["ca"])) for user, urls in known["users"].items()}
    indexing = SearchServer(clients["indexer"])
    yield TestServer(
        searching=SearchServer(clients["searcher"]),
        indexing=indexing,
        admin=clients["admin"],
        searcher=clients["searcher"],
        indexer=clients["indexer"],
        addresses=known["users"],
        ca=Path(known["ca"]),
        home=Path(known["home"]),
        data=Path(known["data"]),
    )
    for index in indexing.made:
        clients["admin"].indices.delete(index=index, ignore_unavailable=True)
    for client in clients.values():
        client.close()


@pytest.fixture
def house_server(search_server: TestServer, monkeypatch: pytest.MonkeyPatch) -> TestServer:
    """The same for a house: houses of a run share their keys, so each begins with an epoch, and names, of its own."""
    epoch = 1 + secrets.randbelow(1 << 30)
    for module in (shelving, rebuilding):
        monkeypatch.setattr(module, "FIRST_EPOCH", epoch)
    return search_server
