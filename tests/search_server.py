"""A real Elasticsearch for the tests that need one, with TLS and the shipped roles; `.ci/elasticsearch` starts it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from intelhub.search.elastic import SearchServer, connect

FOLDER = "INTELHUB_TEST_ELASTICSEARCH"


@dataclass(frozen=True)
class TestServer:
    """The server as the product's processes speak to it, and as its administrator does."""

    __test__ = False
    searching: SearchServer
    indexing: SearchServer
    admin: Elasticsearch
    searcher: Elasticsearch
    indexer: Elasticsearch
    home: Path
    data: Path


@pytest.fixture
def search_server() -> Iterator[TestServer]:
    """Keys differ a test, and so do the names of its indices; they are gone after it."""
    folder = os.environ.get(FOLDER)
    if not folder:
        pytest.skip(f"no Elasticsearch: {FOLDER} names no folder (.ci/elasticsearch start FOLDER starts one)")
    known = json.loads(Path(folder, "server.json").read_text())
    clients = {user: connect(url, Path(known["ca"])) for user, url in known["users"].items()}
    indexing = SearchServer(clients["indexer"])
    yield TestServer(
        searching=SearchServer(clients["searcher"]),
        indexing=indexing,
        admin=clients["admin"],
        searcher=clients["searcher"],
        indexer=clients["indexer"],
        home=Path(known["home"]),
        data=Path(known["data"]),
    )
    for index in indexing.made:
        clients["admin"].indices.delete(index=index, ignore_unavailable=True)
    for client in clients.values():
        client.close()


@pytest.fixture
def house_server(search_server: TestServer) -> Iterator[TestServer]:
    """The same for a house, one test at a time: the houses of a run share their keys, and so the names of indices."""
    with Path(os.environ[FOLDER], "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield search_server
        for index in search_server.indexing.made:
            search_server.admin.indices.delete(index=index, ignore_unavailable=True)
