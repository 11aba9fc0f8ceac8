"""A real Elasticsearch for the tests that need one; `.ci/elasticsearch` starts it."""

from __future__ import annotations

import os

import pytest
from elasticsearch import Elasticsearch

from intelhub.search.elastic import SearchServer

ADDRESS = "INTELHUB_TEST_ELASTICSEARCH"


@pytest.fixture
def search_client():
    """A client of the server, for looking at what lies there."""
    address = os.environ.get(ADDRESS)
    if not address:
        pytest.skip(f"no Elasticsearch: {ADDRESS} names none (.ci/elasticsearch start FOLDER prints an address)")
    client = Elasticsearch(address)
    yield client
    client.close()


@pytest.fixture
def search_server(search_client):
    """The server as the product speaks to it; keys differ a test, and so do the names of its indices."""
    server = SearchServer(search_client)
    yield server
    for index in server.made:
        search_client.indices.delete(index=index, ignore_unavailable=True)
